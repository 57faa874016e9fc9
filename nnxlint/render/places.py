"""Where things are, as a reader is told: a file name relative to the working directory, rows and columns."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nnxlint.diagnostic import Diagnostic
from nnxlint.naming import relative_name
from nnxlint.report import Report
from nnxlint.source import Source
from nnxlint.spans import Position, Span


@dataclass(frozen=True, slots=True)
class Place:
    """A span as it is shown: rows and columns from 1, the end exclusive; `cell` is for notebooks."""

    filename: str
    cell: int | None
    start: Position
    end: Position

    def __str__(self) -> str:
        cell = "" if self.cell is None else f"cell {self.cell}:"
        return f"{one_line(self.filename)}:{cell}{self.start.row}:{self.start.column}"


def locate(sources: Mapping[str, Source], path: str, span: Span, directory: Path) -> Place:
    """Give the place of a span; the file's start when the file is not among the sources."""
    source = sources.get(path)
    name = relative_name(path, directory)
    if source is None:
        return Place(name, None, Position(1, 1), Position(1, 1))
    cell, start = source.place(span.start)
    return Place(name, cell, start, source.place(span.end)[1])


def ordered(report: Report, directory: Path) -> tuple[tuple[Place, Diagnostic], ...]:
    """Give the diagnostics with their places in the order that every format shows."""
    placed = ((locate(report.sources, each.path, each.span, directory), each) for each in report.diagnostics)
    return tuple(sorted(placed, key=_order))


def one_line(text: str) -> str:
    """Give the text without line ends and other control characters, for formats of one line a finding."""
    return "".join(each if each.isprintable() else _escaped(each) for each in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode()


def _order(placed: tuple[Place, Diagnostic]) -> tuple[str, int, Position, str, Position, str]:
    place, diagnostic = placed
    return place.filename, place.cell or 0, place.start, diagnostic.code, place.end, diagnostic.message
