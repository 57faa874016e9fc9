"""What stays shown while a text does not parse: the last good findings, at the places to which they moved."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from nnxlint.diagnostic import Diagnostic
from nnxlint.lsp.analysis import FileFindings
from nnxlint.lsp.moving import mover
from nnxlint.source import Source
from nnxlint.spans import Span


@dataclass(frozen=True, slots=True)
class Held:
    """What is shown of a file, and its last findings for which all of it parsed."""

    shown: FileFindings
    good: FileFindings | None = None


def held(before: Held | None, found: FileFindings) -> Held:
    """Take new findings. What is kept of the last good ones has no fix: nobody knows what it would make now."""
    if found.parsed:
        return Held(found, found)
    good = before.good if before else None
    if good is None or good.source is None or found.source is None:
        return Held(found, good)
    kept = tuple(_kept(good.diagnostics, good.source, found.source))
    known = tuple(_kept(good.known, good.source, found.source))
    shown = replace(
        found,
        diagnostics=(*kept, *found.diagnostics),
        known=(*known, *found.known),
        sources={**good.sources, **found.sources},
    )
    return Held(shown, good)


def _kept(diagnostics: Iterable[Diagnostic], before: Source, after: Source) -> Iterator[Diagnostic]:
    moved = mover(before.shown, after.shown)
    for each in diagnostics:
        span = moved(each.span)
        if span is not None and _is_broken(after, span):
            yield replace(each, span=span, fix=None)


def _is_broken(source: Source, span: Span) -> bool:
    """Whether the place is in what does not parse: all of a file, or a cell of a notebook."""
    if source.notebook is None:
        return True
    cell = source.notebook.cell_at(span.start)
    return any(each.cell == cell for each in source.notebook.broken)
