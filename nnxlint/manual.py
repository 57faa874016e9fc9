"""Commands whose `--help` reads like a manual page: options under headings, examples, exit statuses, environment."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import click
from click.shell_completion import CompletionItem

Rows = Sequence[tuple[str, str]]

_SENTENCE = 200


class Section(NamedTuple):
    """Options that belong together, under one heading."""

    heading: str
    options: tuple[click.Option, ...]


class Page(NamedTuple):
    """What stands below the options: commands that may be typed, exit statuses, and variables that are heeded."""

    examples: Rows = ()
    statuses: Rows = ()
    environment: Rows = ()


class OptionalValue(click.Option):
    """An option whose value, if it is given one, follows a `=`: the next word is a path, and stays one.

    Only a word that ends like `endings` is taken for the value. Without one, the value is empty.
    """

    def __init__(self, names: Sequence[str], *, metavar: str, help: str, endings: tuple[str, ...] = ()) -> None:  # noqa: A002 - click's name
        super().__init__(names, is_flag=False, flag_value="", metavar=metavar, help=help)
        self.endings = endings

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[str]]:
        """Offer files: the next word is a path."""
        del ctx
        return [CompletionItem(incomplete, type="file")]


class ManualCommand(click.Command):
    """A command whose options come in sections, with a page below them."""

    sections: tuple[Section, ...] = ()
    page = Page()

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the words, those after an option with an optional value in their own right."""
        optional = {name: each for each in self.params if isinstance(each, OptionalValue) for name in each.opts}
        return super().parse_args(ctx, [*_joined(args, optional)])

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write each section, and under a heading of its own what belongs to none."""
        placed = [option for section in self.sections for option in section.options]
        others = [each for each in self.get_params(ctx) if isinstance(each, click.Option) and each not in placed]
        for heading, options in (*self.sections, ("Help", others)):
            rows = [row for each in options if (row := each.get_help_record(ctx)) is not None]
            _write_rows(formatter, heading, rows)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what stands below the options."""
        super().format_epilog(ctx, formatter)
        write_page(self.page, formatter)


class ManualGroup(click.Group):
    """A group of such commands, with a page of its own below them."""

    command_class = ManualCommand
    page = Page()

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what each command is for, in a whole sentence."""
        rows = [(name, self.commands[name].get_short_help_str(_SENTENCE)) for name in self.list_commands(ctx)]
        _write_rows(formatter, "Commands", rows)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what stands below the commands."""
        super().format_epilog(ctx, formatter)
        write_page(self.page, formatter)


def documented(sections: Iterable[Section], page: Page) -> Callable[[click.Command], click.Command]:
    """Give a command its options, in sections, and the page of its help."""

    def document(command: click.Command) -> click.Command:
        if not isinstance(command, ManualCommand):
            raise TypeError(command)
        command.sections = tuple(sections)
        command.page = page
        command.params += [option for section in command.sections for option in section.options]
        return command

    return document


def write_page(page: Page, formatter: click.HelpFormatter) -> None:
    """Write examples one above the other, for they may be long, and the rest in two columns."""
    if page.examples:
        with formatter.section("Examples"):
            for command, meaning in page.examples:
                formatter.write(f"{'':{formatter.current_indent}}{command}\n")
                formatter.indent()
                formatter.write_text(meaning)
                formatter.dedent()
    _write_rows(formatter, "Exit status", page.statuses)
    _write_rows(formatter, "Environment", page.environment)


def _joined(words: Sequence[str], optional: Mapping[str, OptionalValue]) -> Iterator[str]:
    waiting = deque(words)
    while waiting:
        word = waiting.popleft()
        if word == "--":
            yield from (word, *waiting)
            return
        if word not in optional:
            yield word
        elif waiting and optional[word].endings and waiting[0].endswith(optional[word].endings):
            yield f"{word}={waiting.popleft()}"
        else:
            yield f"{word}="


def _write_rows(formatter: click.HelpFormatter, heading: str, rows: Rows) -> None:
    if rows:
        with formatter.section(heading):
            formatter.write_dl(rows)
