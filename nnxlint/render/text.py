"""The full text format: every finding with its source, the places that explain it, and its fix."""

from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.text import Text

from nnxlint.diagnostic import Diagnostic, Level, Related
from nnxlint.edits import Fix
from nnxlint.render.console import printed
from nnxlint.render.excerpt import GUTTER, Mark, bar, excerpt, last_row
from nnxlint.render.fixes import fix_preview
from nnxlint.render.places import Place, locate, ordered
from nnxlint.render.summary import summary
from nnxlint.render.view import View
from nnxlint.report import Report
from nnxlint.source import Source

LEVEL_STYLES = {Level.ERROR: "bold red", Level.WARNING: "bold yellow"}

_CONTEXT = 2


def text_report(view: View) -> str:
    """Give every diagnostic in full, and the summary."""
    report, directory = view.report, view.directory
    return printed(lambda console: render_text(report, console, directory, quiet=view.quiet), coloured=view.coloured)


def render_text(report: Report, console: Console, directory: Path, *, quiet: bool = False) -> None:
    """Write every diagnostic in full and the summary; only the diagnostics when quiet."""
    for place, diagnostic in ordered(report, directory):
        for line in _lines(report, place, diagnostic, directory):
            console.print(line)
        console.print()
    if not quiet:
        console.print(Text(summary(report), "bold"))


def _lines(report: Report, place: Place, diagnostic: Diagnostic, directory: Path) -> Iterator[Text]:
    style = LEVEL_STYLES[diagnostic.level]
    yield Text.assemble((f"{place}: ", "bold"), (diagnostic.code, style), f" {diagnostic.name}")
    yield Text.assemble("  ", (f"{diagnostic.level.value}: ", style), (diagnostic.message, "bold"))
    source = report.sources.get(diagnostic.path)
    width = _width(report, diagnostic)
    if source is not None and source.text:
        yield from _framed(source, diagnostic, Mark("^", style, _CONTEXT), width)
    if diagnostic.reason:
        yield _note(width, "why", diagnostic.reason)
    for related in diagnostic.related:
        yield from _related(report, related, width, directory)
    if diagnostic.fix is not None:
        yield from _fix(source, diagnostic.fix, width)


def _framed(source: Source, anchor: Diagnostic | Related, mark: Mark, width: int) -> Iterator[Text]:
    yield bar(width)
    yield from excerpt(source, anchor.span, mark, width)
    yield bar(width)


def _note(width: int, label: str, message: str) -> Text:
    return Text.assemble((f"{'':>{width}} = ", GUTTER), (f"{label}: ", "bold"), message)


def _related(report: Report, related: Related, width: int, directory: Path) -> Iterator[Text]:
    place = locate(report.sources, related.path, related.span, directory)
    yield _note(width, str(place), related.message)
    source = report.sources.get(related.path)
    if source is not None and source.text:
        yield from _framed(source, related, Mark("-", "bold blue", 0), width)


def _fix(source: Source | None, fix: Fix, width: int) -> Iterator[Text]:
    yield _note(width, f"{fix.applicability.value} fix", fix.message)
    if source is not None and fix.edits:
        yield from fix_preview(source, fix, width)


def _width(report: Report, diagnostic: Diagnostic) -> int:
    """Give the width of the row numbers: one for all of a diagnostic, so that the bars stand in one line."""
    anchors = ((diagnostic.path, diagnostic.span), *((each.path, each.span) for each in diagnostic.related))
    known = ((report.sources[path], span) for path, span in anchors if path in report.sources)
    return max((len(str(last_row(source, span, _CONTEXT))) for source, span in known), default=1)
