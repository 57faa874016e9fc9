"""What a shell offers where the user presses the tabulator: rules, formats, settings, and the script that asks."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import MappingProxyType

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
    add_completion_class,
)

import nnxlint
from nnxlint.render.formats import FORMATS

PROGRAM = "nnxlint"
VARIABLE = "_NNXLINT_COMPLETE"

_FILE = re.compile(r"(?P<code>[a-z]+\d+)_(?P<name>\w+)")
_EVERYTHING = ("ALL", "every rule")


def complete_rule(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Offer a rule, by its code or its name."""
    return [*_matching(_rules(), incomplete)]


def complete_rules(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Offer rules, `ALL` too, behind those that stand there already."""
    before, comma, last = incomplete.rpartition(",")
    found = _matching((_EVERYTHING, *_rules()), last)
    return [CompletionItem(f"{before}{comma}{each.value}", help=each.help) for each in found]


def complete_format(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Offer an output format."""
    return [*_matching(((each.name, each.meaning) for each in FORMATS), incomplete)]


def complete_key(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Offer a setting."""
    from nnxlint.config import FIELDS, describe  # noqa: PLC0415 - only who asks for settings needs it

    return [*_matching(((key, describe(key)) for key in FIELDS), incomplete)]


def complete_path(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Leave it to the shell to offer files."""
    return [CompletionItem(incomplete, type="file")]


def script(shell: str, cli: click.Command) -> str:
    """Give the script that makes a shell ask for completions."""
    return _SHELLS[shell](cli, {}, PROGRAM, VARIABLE).source()


def register() -> None:
    """Let the shells ask in a way that knows `nnxlint PATH` too."""
    for name, asked in _SHELLS.items():
        add_completion_class(asked, name)


def _rules() -> Iterator[tuple[str, str]]:
    """Give the codes and names of the rules, which their files are named after: to import them would take too long."""
    folder = Path(nnxlint.__file__).with_name("rules")
    found = [_FILE.fullmatch(each.stem) for each in sorted(folder.glob("*.py"))]
    named = [(each["code"].upper(), each["name"].replace("_", "-")) for each in found if each]
    yield from named
    yield from ((name, code) for code, name in named)


def _matching(offered: Iterable[tuple[str, str]], incomplete: str) -> Iterator[CompletionItem[str]]:
    for value, meaning in offered:
        if value.lower().startswith(incomplete.lower()):
            yield CompletionItem(value, help=meaning)


class _ShortForm(ShellComplete):
    """What all shells are given: without a command, words are those of `check`."""

    def get_completion_args(self) -> tuple[list[str], str]:
        args, incomplete = super().get_completion_args()
        # Some shells take `--option=value` for three words.
        args = [word for place, word in enumerate(args) if word != "=" or not args[place - 1].startswith("--")]
        named = isinstance(self.cli, click.Group) and args and args[0] in self.cli.commands
        return ([*args] if named or not args else ["check", *args]), incomplete

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem[str]]:
        found = super().get_completions(args, incomplete)
        # Of the first word nobody knows yet whether it is a command or a path.
        return found if args or found else [CompletionItem(incomplete, type="file")]


class _Bash(_ShortForm, BashComplete):
    """Completion in bash."""


class _Zsh(_ShortForm, ZshComplete):
    """Completion in zsh."""


class _Fish(_ShortForm, FishComplete):
    """Completion in fish."""


_SHELLS = MappingProxyType[str, type[ShellComplete]]({"bash": _Bash, "zsh": _Zsh, "fish": _Fish})
SHELLS = tuple(_SHELLS)
