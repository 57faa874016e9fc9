"""The grouped text format: the findings of each file below its name."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.console import Console
from rich.text import Text

from nnxlint.diagnostic import Diagnostic
from nnxlint.render.console import printed
from nnxlint.render.places import Place, one_line, ordered
from nnxlint.render.summary import summary
from nnxlint.render.text import LEVEL_STYLES
from nnxlint.render.view import View

_Row = tuple[Place, Diagnostic]


def grouped_report(view: View) -> str:
    """Give every file's findings below its name, and the summary."""
    return printed(lambda console: _render(view, console), coloured=view.coloured)


def _render(view: View, console: Console) -> None:
    for filename, rows in groupby(ordered(view.report, view.directory), key=lambda row: row[0].filename):
        for line in _lines(one_line(filename), tuple(rows)):
            console.print(line)
        console.print()
    if not view.quiet:
        console.print(Text(summary(view.report), "bold"))


def _lines(filename: str, rows: Sequence[_Row]) -> Iterator[Text]:
    yield Text(f"{filename}:", "bold")
    width = max(len(_within(place)) for place, _ in rows)
    for place, each in rows:
        fix = f" [{each.fix.applicability.value} fix]" if each.fix else ""
        yield Text.assemble(
            f"  {_within(place):<{width}}  ",
            (each.code, LEVEL_STYLES[each.level]),
            f" {each.level.value}: {each.message}",
            (fix, "cyan"),
        )


def _within(place: Place) -> str:
    """Give the place without the file's name."""
    cell = "" if place.cell is None else f"cell {place.cell}:"
    return f"{cell}{place.start.row}:{place.start.column}"
