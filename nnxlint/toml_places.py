"""On which line of a TOML file a key stands, so that a mistake can be shown there."""

import re
from collections.abc import Iterator, Sequence

_HEADER = re.compile(r"[ \t]*\[{1,2}(?P<path>[^\[\]]+)\]{1,2}[ \t]*(?:#.*)?$")
_ASSIGNED = re.compile(
    r"[ \t]*(?P<path>(?:[\w-]+|\"[^\"]*\"|'[^']*')(?:[ \t]*\.[ \t]*(?:[\w-]+|\"[^\"]*\"|'[^']*'))*)[ \t]*="
)
_PART = re.compile(r"\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)'|(?P<bare>[\w-]+)")


def row_of(text: str, path: Sequence[str], least: int) -> int | None:
    """Find the first line that comes nearest to the key of this path; it must share at least so many parts of it.

    A key inside an inline table is found at the table.
    """
    best, row = least - 1, None
    for number, written in _written(text):
        shared = _shared(written, path)
        if shared > best and shared == min(len(written), len(path)):
            best, row = shared, number
    return row


def _written(text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Give each line that starts a table or sets a key, with the whole path of it."""
    table: tuple[str, ...] = ()
    for row, line in enumerate(text.splitlines(), start=1):
        header = _HEADER.match(line)
        if header:
            table = _parts(header["path"])
            yield row, table
        elif assigned := _ASSIGNED.match(line):
            yield row, (*table, *_parts(assigned["path"]))


def _parts(path: str) -> tuple[str, ...]:
    return tuple(next(part for part in found.groups() if part is not None) for found in _PART.finditer(path))


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    count = 0
    for mine, yours in zip(one, other, strict=False):
        if mine != yours:
            break
        count += 1
    return count
