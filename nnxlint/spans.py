r"""Spans of code points, and the only conversions between offsets, rows and columns.

A text's lines end at ``\n``, ``\r\n`` and ``\r`` only (`str.splitlines` knows more), because that is
what the Python parser does.
"""

import functools
import re
from bisect import bisect_right
from dataclasses import dataclass

_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open range of code points of a source's text, counted from 0."""

    start: int
    end: int

    def __contains__(self, other: "Span") -> bool:
        return self.start <= other.start and other.end <= self.end

    def overlaps(self, other: "Span") -> bool:
        """Whether the two share a code point, or both insert at the same place."""
        if self.start == self.end == other.start == other.end:
            return True
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a text: row and column from 1, the column in code points."""

    row: int
    column: int


class LineIndex:
    """Where the lines of a text start, found when it is first asked; converts offsets to positions and back."""

    def __init__(self, text: str) -> None:
        self._text = text

    @functools.cached_property
    def _starts(self) -> tuple[int, ...]:
        return (0, *(found.end() for found in _LINE_END.finditer(self._text)))

    @property
    def row_count(self) -> int:
        """The number of lines, the empty one after a final newline counted."""
        return len(self._starts)

    def line_start(self, row: int) -> int:
        """The offset of the first code point of the row (from 1)."""
        return self._starts[row - 1]

    def line_span(self, row: int) -> Span:
        """The span of the row (from 1) without its line end."""
        start = self._starts[row - 1]
        end = self._starts[row] if row < len(self._starts) else len(self._text)
        return Span(start, start + len(self._text[start:end].rstrip("\r\n")))

    def position(self, offset: int) -> Position:
        """The row and column of an offset."""
        row = bisect_right(self._starts, offset)
        return Position(row, offset - self._starts[row - 1] + 1)

    def offset(self, position: Position) -> int:
        """The offset of a row and column."""
        return self._starts[position.row - 1] + position.column - 1

    def offset_of_utf8(self, row: int, column: int) -> int:
        """The offset of a place as `ast` tells it: the row from 1, the column in UTF-8 bytes from 0."""
        start = self._starts[row - 1]
        line = self._text[start : start + column]
        if line.isascii():
            return start + column
        return start + len(line.encode("utf-8", "surrogatepass")[:column].decode("utf-8", "ignore"))
