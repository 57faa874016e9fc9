"""Annotations of GitHub Actions: workflow commands, which the runner shows beside the changed lines."""

from collections.abc import Iterator, Mapping

from nnxlint.render.stored import Finding, findings
from nnxlint.render.view import View

# What the runner takes for the end of a command or of a property.
_IN_MESSAGES = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_IN_PROPERTIES = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})


def github_report(view: View) -> str:
    """Give a command for each finding, and for each thing that could not be done."""
    return "".join(f"{line}\n" for line in _commands(view))


def _commands(view: View) -> Iterator[str]:
    for each in findings(view.report, view.root):
        diagnostic = each.diagnostic
        properties = {"title": f"nnxlint {diagnostic.code} {diagnostic.name}", **_place(each)}
        # The log shows the message alone, so it starts with the place.
        message = "\n".join(each.lines)
        yield _command(diagnostic.level.value, properties, f"{each.shown}: {diagnostic.code} {message}")
    for failure in view.report.failures:
        yield _command("error", {"title": "nnxlint"}, failure)


def _place(finding: Finding) -> Mapping[str, str]:
    """Give the lines; columns only within one line, where alone the runner allows them."""
    start, end = finding.stored.start, finding.stored.end
    place = {"file": finding.stored.filename, "line": str(start.row), "endLine": str(end.row)}
    if start.row == end.row:
        place |= {"col": str(start.column), "endColumn": str(end.column)}
    return place


def _command(name: str, properties: Mapping[str, str], message: str) -> str:
    written = ",".join(f"{key}={value.translate(_IN_PROPERTIES)}" for key, value in properties.items())
    return f"::{name} {written}::{message.translate(_IN_MESSAGES)}"
