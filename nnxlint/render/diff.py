"""The diff format: what the fixes would change."""

from collections.abc import Iterator
from pathlib import Path

import click

from nnxlint.naming import relative_name
from nnxlint.report import Report
from nnxlint.writing import diff_lines

_COLOURS = {"-": "red", "+": "green", "@": "cyan"}


def render_diff(report: Report, directory: Path, *, coloured: bool) -> str:
    """Give a unified diff of all changes, sorted by name; its lines are as in the files."""
    named = {relative_name(each.before.path, directory): each for each in report.changes}
    lines = (line for name, change in sorted(named.items()) for line in diff_lines(change.before, change.after, name))
    return "".join(_painted(lines) if coloured else lines)


def _painted(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        body = line.rstrip("\r\n")
        bold = line.startswith(("--- ", "+++ "))
        colour = None if bold else _COLOURS.get(line[:1])
        yield click.style(body, fg=colour, bold=bold or None) + line[len(body) :]
