"""Logging commands of Azure Pipelines: the agent shows them as issues of the run."""

import os
from collections.abc import Iterator, Mapping

from nnxlint.render.stored import findings
from nnxlint.render.view import View

# What the agent takes for the end of a command or of a property; `%` itself has a name of its own.
_IN_MESSAGES = str.maketrans({"%": "%AZP25", "\r": "%0D", "\n": "%0A"})
_IN_PROPERTIES = str.maketrans({"%": "%AZP25", "\r": "%0D", "\n": "%0A", ";": "%3B", "]": "%5D"})


def azure_report(view: View) -> str:
    """Give a command for each finding, and for each thing that could not be done."""
    return "".join(f"{line}\n" for line in _commands(view))


def _commands(view: View) -> Iterator[str]:
    for each in findings(view.report, view.directory):
        diagnostic, start = each.diagnostic, each.stored.start
        properties = {
            # The agent makes paths relative to the checkout itself, and demands absolute ones for that.
            "sourcepath": os.path.normpath(view.directory / each.stored.filename),
            "linenumber": str(start.row),
            "columnnumber": str(start.column),
            "code": diagnostic.code,
        }
        yield _command(diagnostic.level.value, properties, "\n".join(each.lines))
    for failure in view.report.failures:
        yield _command("error", {}, failure)


def _command(level: str, properties: Mapping[str, str], message: str) -> str:
    written = "".join(
        f"{key}={value.translate(_IN_PROPERTIES)};" for key, value in {"type": level, **properties}.items()
    )
    return f"##vso[task.logissue {written}]{message.translate(_IN_MESSAGES)}"
