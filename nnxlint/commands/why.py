"""`nnxlint why`: what the model knows about a line."""

import re
from pathlib import Path

from rich.console import Console
from rich.text import Text

from nnxlint.commands.output import rendered, write_text
from nnxlint.commands.overrides import SettingsOptions, overrides_of
from nnxlint.errors import NnxlintError
from nnxlint.project import CheckRequest, Explanation, explain
from nnxlint.render.text import render_text
from nnxlint.settings import settings_loader

# A column, as it is copied from a finding, says nothing that the row does not.
_PLACE = re.compile(r"(?P<file>.+?):(?:cell (?P<cell>\d+):)?(?P<row>\d+)(?::\d+)?:?")


def run_why(place: str, options: SettingsOptions) -> int:
    """Show what is known about the objects on the line, and the findings there."""
    path, cell, row = _parse(place)
    settings_of = settings_loader(overrides_of(options))
    explanation = explain(path, row, CheckRequest((path,), settings_of), cell)
    write_text(rendered(lambda console: _render(explanation, console)))
    return 0


def _parse(place: str) -> tuple[Path, int | None, int]:
    found = _PLACE.fullmatch(place)
    if found is None:
        message = f"`{place}` names no line: write FILE:LINE, such as train.py:12"
        raise NnxlintError(message)
    return Path(found["file"]), int(found["cell"]) if found["cell"] else None, int(found["row"])


def _render(explanation: Explanation, console: Console) -> None:
    for line in explanation.lines or ("nothing is known about this line",):
        console.print(Text(line))
    if explanation.report.diagnostics:
        console.print()
        render_text(explanation.report, console, Path.cwd(), quiet=True)
