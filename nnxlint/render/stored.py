"""Findings by their place in the file as it is stored, for programs that show files by themselves and know no cells."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from nnxlint.diagnostic import Diagnostic
from nnxlint.edits import Edit
from nnxlint.fingerprint import fingerprints
from nnxlint.render.places import Place, locate, ordered
from nnxlint.report import Report
from nnxlint.source import Source
from nnxlint.spans import LineIndex, Position, Span


@dataclass(frozen=True, slots=True)
class Finding:
    """A diagnostic, where it is shown to people, and where it is stored: in a notebook, a row of its JSON."""

    diagnostic: Diagnostic
    shown: Place
    stored: Place

    @property
    def title(self) -> str:
        """The message, and of a notebook the cell and the line there."""
        cell = f" (cell {self.shown.cell}, line {self.shown.start.row})" if self.shown.cell is not None else ""
        return f"{self.diagnostic.message}{cell}"

    @property
    def lines(self) -> Iterator[str]:
        """The title, the reason and what the fix would do, a line each."""
        yield self.title
        if self.diagnostic.reason:
            yield f"why: {self.diagnostic.reason}"
        if self.diagnostic.fix:
            yield f"{self.diagnostic.fix.applicability.value} fix: {self.diagnostic.fix.message}"


@dataclass(frozen=True, slots=True)
class StoredEdit:
    """An edit of the file as it is stored."""

    start: Position
    end: Position
    content: str


def findings(report: Report, directory: Path, *, known: bool = False) -> Iterator[Finding]:
    """Give the diagnostics in the order that every format shows; with `known`, those that a baseline holds too."""
    every = replace(report, diagnostics=(*report.diagnostics, *(report.known or ()))) if known else report
    for shown, each in ordered(every, directory):
        yield Finding(each, shown, locate_stored(report.sources, each.path, each.span, directory))


def named_findings(report: Report, root: Path) -> Mapping[Diagnostic, str]:
    """Give the fingerprints of what is reported, the same whatever is left out or known."""
    every = (*report.diagnostics, *(report.known or ()), *report.left_out)
    return fingerprints(every, report.sources, root)


def locate_stored(sources: Mapping[str, Source], path: str, span: Span, directory: Path) -> Place:
    """Give the place of a span in the file as it is stored; `cell` still names its cell."""
    shown = locate(sources, path, span, directory)
    source = sources.get(path)
    return shown if source is None else Place(shown.filename, shown.cell, *source.stored_place(span))


def stored_edits(source: Source, edits: Iterable[Edit]) -> tuple[StoredEdit, ...]:
    """Give edits as they are made in the file; in a notebook, all of them are one edit of its JSON.

    There are none where a notebook cannot hold them.
    """
    if source.notebook is None:
        return tuple(StoredEdit(*source.stored_place(each.span), each.content) for each in sorted(edits))
    fitted = source.notebook.fitted(edits)
    if not fitted:
        return ()
    before, after = source.notebook.document, source.notebook.edited(fitted)
    shorter = min(len(before), len(after))
    start = _longest(shorter, lambda length: before.startswith(after[:length]))
    tail = _longest(shorter - start, lambda length: before.endswith(after[len(after) - length :]))
    lines = source.notebook.lines
    end = lines.position(len(before) - tail)
    return (StoredEdit(lines.position(start), end, after[start : len(after) - tail]),)


def stored_lines(source: Source) -> LineIndex:
    """Give the lines of the file as it is stored."""
    return source.lines if source.notebook is None else source.notebook.lines


def _longest(most: int, fits: Callable[[int], bool]) -> int:
    """Find the greatest length that fits, where all shorter ones do; documents may be large."""
    return bisect_left(range(1, most + 1), True, key=lambda length: not fits(length))  # noqa: FBT003 - what is sought
