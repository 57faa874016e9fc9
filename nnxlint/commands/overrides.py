"""What options say about settings."""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from nnxlint.errors import NnxlintError
from nnxlint.settings import Overrides

_ASSIGNMENT = re.compile(r"\s*[\w.\"'-]+\s*=")


class SettingsOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The options that change settings, as click gives them; commands have some or all of them."""

    config: tuple[str, ...] = ()
    isolated: bool = False
    flax_version: str | None = None
    select: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    fixable: tuple[str, ...] = ()
    unfixable: tuple[str, ...] = ()
    per_file_ignores: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    extend_exclude: tuple[str, ...] = ()
    force_exclude: bool = False
    baseline: Path | None = None
    no_baseline: bool = False
    cache_dir: Path | None = None


def overrides_of(options: SettingsOptions) -> Overrides:
    """Give what the options say; `NnxlintError` for options that contradict each other."""
    files = [text for text in options.config if not _is_assignment(text)]
    if len(files) > 1:
        message = "--config names one file, and any number of `key = value`"
        raise NnxlintError(message)
    if files and options.isolated:
        message = "--isolated reads no settings file and --config names one: choose one of them"
        raise NnxlintError(message)
    return Overrides(
        flax_version=options.flax_version,
        select=split_selectors(options.select) or None,
        extend_select=split_selectors(options.extend_select),
        ignore=split_selectors(options.ignore),
        fixable=split_selectors(options.fixable) or None,
        unfixable=split_selectors(options.unfixable),
        per_file_ignores=tuple(_per_file_ignores(options.per_file_ignores)),
        exclude=_split(options.exclude) or None,
        extend_exclude=_split(options.extend_exclude),
        force_exclude=options.force_exclude,
        baseline=options.baseline,
        no_baseline=options.no_baseline,
        cache_dir=options.cache_dir,
        config_file=Path(files[0]) if files else None,
        isolated=options.isolated,
        typed=tuple(text for text in options.config if _is_assignment(text)),
    )


def split_selectors(values: Iterable[str]) -> tuple[str, ...]:
    """Split what an option was given, which may be repeated and may hold commas, into selectors."""
    return tuple(part for value in values for part in re.split(r"[\s,]+", value) if part)


def _is_assignment(text: str) -> bool:
    return _ASSIGNMENT.match(text) is not None and not Path(text).is_file()


def _split(values: Sequence[str]) -> tuple[str, ...]:
    """Split at commas only: a path may hold blanks."""
    return tuple(part.strip() for value in values for part in value.split(",") if part.strip())


def _per_file_ignores(values: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Read `tests/*:NNX101,NNX102`; what has no colon belongs to the pattern before it."""
    read: dict[str, tuple[str, ...]] = {}
    pattern = ""
    for part in _split(values):
        before, colon, selector = part.rpartition(":")
        pattern = before if colon else pattern
        if not pattern or not selector:
            message = f"--per-file-ignores: `{part}` is not PATTERN:RULE, such as `tests/*:NNX101`"
            raise NnxlintError(message)
        read[pattern] = (*read.get(pattern, ()), selector)
    yield from read.items()
