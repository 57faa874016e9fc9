"""Offsets of a text and positions of the protocol: rows and columns from 0, columns in the units that were agreed on.

UTF-16 exists nowhere else: all below this package counts code points.
"""

from dataclasses import dataclass

from lsprotocol import types

from nnxlint.spans import LineIndex, Position, Span

_WIDEST = {types.PositionEncodingKind.Utf8: 4, types.PositionEncodingKind.Utf16: 2, types.PositionEncodingKind.Utf32: 1}


@dataclass(frozen=True, slots=True)
class Positions:
    """Converts the places of one text."""

    text: str
    lines: LineIndex
    encoding: types.PositionEncodingKind

    def position(self, offset: int) -> types.Position:
        """Give the position of an offset; one behind the text is its end."""
        offset = min(max(offset, 0), len(self.text))
        row = self.lines.position(offset).row
        start = self.lines.line_start(row)
        return types.Position(row - 1, _width(self.text[start:offset], self.encoding))

    def offset(self, position: types.Position) -> int:
        """Give the offset of a position; one behind its line is the line's end, one behind the text the text's."""
        if position.line >= self.lines.row_count:
            return len(self.text)
        line = self.lines.line_span(max(position.line, 0) + 1)
        column = _code_points(self.text[line.start : line.end], position.character, self.encoding)
        return self.lines.offset(Position(max(position.line, 0) + 1, column + 1))

    def range(self, span: Span) -> types.Range:
        """Give the range of a span."""
        return types.Range(self.position(span.start), self.position(span.end))

    def span(self, given: types.Range) -> Span:
        """Give the span of a range, whichever of its ends comes first."""
        start, end = sorted((self.offset(given.start), self.offset(given.end)))
        return Span(start, end)


def positions_of(text: str, encoding: types.PositionEncodingKind) -> Positions:
    """Make the converter of a text."""
    return Positions(text, LineIndex(text), encoding)


def _width(text: str, encoding: types.PositionEncodingKind) -> int:
    """Count the units that a text takes."""
    if text.isascii() or encoding is types.PositionEncodingKind.Utf32:
        return len(text)
    if encoding is types.PositionEncodingKind.Utf8:
        return len(text.encode("utf-8", "surrogatepass"))
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _code_points(line: str, units: int, encoding: types.PositionEncodingKind) -> int:
    """Count the characters that so many units of a line are; one that they cut in two counts as a whole."""
    if _WIDEST[encoding] == 1 or line.isascii():
        return min(max(units, 0), len(line))
    taken = 0
    for count, character in enumerate(line):
        if taken >= units:
            return count
        taken += _width(character, encoding)
    return len(line)
