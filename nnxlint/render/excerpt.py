"""A piece of a source with its row numbers and a mark under a span."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

from nnxlint.source import Source
from nnxlint.spans import Span

GUTTER = "blue"

_TAB = 4
_LONGEST_SPAN = 8
_HEAD, _TAIL = 4, 2
_WIDEST = 160
_LEAD = 60
_CONTROL_PICTURES = 0x2400
_DELETE = 0x7F


@dataclass(frozen=True, slots=True)
class Mark:
    """How a span is marked: the character under it, its style, and how many rows around it are shown."""

    character: str
    style: str
    context: int


@dataclass(frozen=True, slots=True)
class _Frame:
    """What one excerpt is drawn from."""

    source: Source
    mark: Mark
    width: int
    first: int

    def line(self, rail: str, text: str, row: int | None = None) -> Text:
        """Draw one line: the gutter, what belongs to the mark, and the text; rows count in their cell."""
        row = None if row is None else row - self.first + 1
        gutter = f"{'' if row is None else row:>{self.width}} | "
        return Text.assemble((gutter, GUTTER), (rail, self.mark.style), text)


def excerpt(source: Source, span: Span, mark: Mark, width: int) -> Iterator[Text]:
    """Give the rows around the span, the span marked; `width` is that of the row numbers."""
    top, _ = source.rows_around(span.start)
    frame = _Frame(source, mark, width, top)
    first = source.lines.position(span.start).row
    last = max(first, source.lines.position(max(span.start, span.end - 1)).row)
    before, after = _context(source, first, last, mark.context)
    rail = "  " if last > first else ""
    yield from (_row(frame, row, rail) for row in before)
    yield from _spanning(frame, span, first, last) if last > first else _within(frame, span, first)
    yield from (_row(frame, row, rail) for row in after)


def last_row(source: Source, span: Span, context: int) -> int:
    """Give the last row that an excerpt can show, as it is numbered there."""
    top, bottom = source.rows_around(span.start)
    return min(source.lines.position(span.end).row + context, bottom) - top + 1


def visible(text: str) -> str:
    """Make text fit to be shown: tabs to columns of four, and nothing that would steer the terminal."""
    if text.isascii() and text.isprintable():
        return text
    shown = ""
    for character in text:
        shown += " " * (_TAB - cell_len(shown) % _TAB) if character == "\t" else _printable(character)
    return shown


def bar(width: int) -> Text:
    """Give the empty row of the gutter."""
    return Text(f"{'':>{width}} |", GUTTER)


def _printable(character: str) -> str:
    if ord(character) < ord(" "):
        return chr(_CONTROL_PICTURES + ord(character))
    if ord(character) == _DELETE or unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp"):
        return "\N{REPLACEMENT CHARACTER}"
    return character


def _context(source: Source, first: int, last: int, count: int) -> tuple[range, range]:
    """Give the rows to show before and after, blank ones at the edges left out."""
    top, bottom = source.rows_around(source.lines.line_start(first))
    start, stop = max(top, first - count), min(bottom, last + count)
    while start < first and not _line(source, start).strip():
        start += 1
    while stop > last and not _line(source, stop).strip():
        stop -= 1
    return range(start, first), range(last + 1, stop + 1)


def _line(source: Source, row: int) -> str:
    span = source.lines.line_span(row)
    return source.shown[span.start : span.end]


def _row(frame: _Frame, row: int, rail: str) -> Text:
    text = visible(_line(frame.source, row))
    return frame.line(rail, f"{text[:_WIDEST]}…" if len(text) > _WIDEST else text, row)


def _within(frame: _Frame, span: Span, row: int) -> Iterator[Text]:
    """Draw a span on one row: the row, and the mark under it; of a very wide row, the part with the span."""
    line = frame.source.lines.line_span(row)
    whole = visible(_line(frame.source, row))
    start = len(visible(frame.source.shown[line.start : min(span.start, line.end)]))
    end = len(visible(frame.source.shown[line.start : min(span.end, line.end)]))
    cut = max(0, start - _LEAD) if len(whole) > _WIDEST else 0
    lead, tail = "…" if cut else "", "…" if cut + _WIDEST < len(whole) else ""
    yield frame.line("", f"{lead}{whole[cut : cut + _WIDEST]}{tail}", row)
    indent = cell_len(lead + whole[cut:start])
    length = cell_len(whole[start : min(end, cut + _WIDEST)])
    yield frame.line(" " * indent + frame.mark.character * max(1, length), "")


def _spanning(frame: _Frame, span: Span, first: int, last: int) -> Iterator[Text]:
    """Draw a span over several rows as a bracket at its left, the middle of a long one left out."""
    many = last - first + 1 > _LONGEST_SPAN
    head, tail = (first + _HEAD, last - _TAIL + 1) if many else (last + 1, last + 1)
    yield _row(frame, first, "  ")
    yield _arm(frame, " ", span.start, first)
    yield from (_row(frame, row, "| ") for row in range(first + 1, head))
    if many:
        yield Text.assemble((f"{'...':<{frame.width + 2}} ", GUTTER), ("|", frame.mark.style))
    yield from (_row(frame, row, "| ") for row in range(tail, last + 1))
    yield _arm(frame, "|", span.end - 1, last)


def _arm(frame: _Frame, rail: str, offset: int, row: int) -> Text:
    """Draw the line from the bracket to one end of the span."""
    start = frame.source.lines.line_start(row)
    length = min(cell_len(visible(frame.source.shown[start:offset])), _WIDEST)
    return frame.line(f"{rail}{'_' * (length + 1)}{frame.mark.character}", "")
