"""The concise text format: one line a finding, as editors and `grep` read them."""

from pathlib import Path

from rich.console import Console
from rich.text import Text

from nnxlint.diagnostic import Diagnostic
from nnxlint.render.console import printed
from nnxlint.render.places import Place, ordered
from nnxlint.render.summary import summary
from nnxlint.render.text import LEVEL_STYLES
from nnxlint.render.view import View
from nnxlint.report import Report


def concise_report(view: View) -> str:
    """Give one line a diagnostic, and the summary."""
    report, directory = view.report, view.directory
    return printed(lambda console: render_concise(report, console, directory, quiet=view.quiet), coloured=view.coloured)


def render_concise(report: Report, console: Console, directory: Path, *, quiet: bool = False) -> None:
    """Write one line a diagnostic and the summary; only the diagnostics when quiet."""
    for place, diagnostic in ordered(report, directory):
        console.print(_line(place, diagnostic))
    if not quiet:
        console.print(Text(summary(report), "bold"))


def _line(place: Place, diagnostic: Diagnostic) -> Text:
    style = LEVEL_STYLES[diagnostic.level]
    fix = f" [{diagnostic.fix.applicability.value} fix]" if diagnostic.fix else ""
    return Text.assemble(
        (f"{place}: ", "bold"),
        (diagnostic.code, style),
        f" {diagnostic.level.value}: {diagnostic.message}",
        (fix, "cyan"),
    )
