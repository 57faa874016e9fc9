"""Where a report goes, in which formats: one to standard output, any others to files."""

import difflib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from nnxlint.commands.output import write_document as write_to_stream
from nnxlint.commands.output import write_notes, write_text
from nnxlint.errors import NnxlintError
from nnxlint.render.console import wants_colour
from nnxlint.render.formats import FORMATS, Format
from nnxlint.render.summary import summary
from nnxlint.render.view import View
from nnxlint.report import Report
from nnxlint.request import CheckRequest
from nnxlint.writing import write_document

if TYPE_CHECKING:  # rules bring the whole semantic layer along
    from nnxlint.rule import Rule

_STDOUT = Path("-")

# Where the services that show files beside a repository say that its root is.
ROOT_VARIABLES = ("GITHUB_WORKSPACE", "CI_PROJECT_DIR", "BUILD_SOURCESDIRECTORY")


@dataclass(frozen=True, slots=True)
class Destination:
    """A format and the file that it goes to; None is standard output."""

    format: Format
    path: Path | None = None


def read_destinations(asked: Sequence[str], file: Path | None) -> tuple[Destination, ...]:
    """Read `FORMAT` and `FORMAT:FILE` as they were typed; `file` is where the one without a file goes."""
    found = tuple(map(_destination, asked or ("text",)))
    bare = [each for each in found if each.path is None]
    if len(bare) > 1:
        names = " and ".join(each.format.name for each in bare)
        message = f"{names} cannot both go to standard output: write --output-format {bare[0].format.name}:FILE"
        raise NnxlintError(message)
    if file is not None:
        if not bare:
            message = "--output-file takes the format that names no file, and every --output-format names one"
            raise NnxlintError(message)
        if file != _STDOUT:
            found = tuple(replace(each, path=file) if each.path is None else each for each in found)
    _refuse_useless_paths([each.path for each in found if each.path is not None])
    return found


def write_reports(view: View, destinations: Sequence[Destination], stream: TextIO) -> None:
    """Write every format; no file is touched before all of them are made."""
    coloured = wants_colour(stream)
    made = [(each, each.format.render(replace(view, coloured=coloured and each.path is None))) for each in destinations]
    for each, text in made:
        if each.path is not None:
            write_document(each.path, text)
        elif each.format.for_people:
            write_text(text, stream)
        else:
            write_to_stream(text, stream)
    if not view.quiet and all(each.path is not None for each in destinations):
        write_notes([summary(view.report)])


def root_of(directory: Path, environment: Mapping[str, str] = os.environ) -> Path:
    """Give the root of the checkout that a directory is in: where a CI service says it is, else the directory."""
    told = (Path(environment[name]) for name in ROOT_VARIABLES if environment.get(name))
    return next((root for root in told if directory.is_relative_to(root)), directory)


def rules_of_report(report: Report, request: CheckRequest) -> "Sequence[Rule]":
    """Give the rules that there are where the report found something."""
    found = (*report.diagnostics, *(report.known or ()))
    folders = sorted({Path(each.path).parent for each in found})
    return request.known_rules(*map(request.settings_of, folders))


def printed_format(destinations: Sequence[Destination]) -> Format | None:
    """Give the format that goes to standard output; None where every one goes to a file."""
    return next((each.format for each in destinations if each.path is None), None)


def _destination(typed: str) -> Destination:
    name, colon, path = typed.partition(":")
    known = {each.name: each for each in FORMATS}
    if name not in known:
        message = f"`{name}` is no output format: {_hint(name, known)}"
        raise NnxlintError(message)
    if colon and not path:
        message = f"--output-format {typed} names no file after the colon"
        raise NnxlintError(message)
    return Destination(known[name], Path(path) if path and Path(path) != _STDOUT else None)


def _hint(name: str, known: Iterable[str]) -> str:
    if "," in name:
        return "write an --output-format for each"
    near = difflib.get_close_matches(name.lower(), known, n=1)
    return f"did you mean `{near[0]}`?" if near else f"it is one of {', '.join(known)}"


def _refuse_useless_paths(paths: Sequence[Path]) -> None:
    """Raise `NnxlintError` before any work is done for a file that could not be written, or would be twice."""
    for path in paths:
        if path.is_dir():
            message = f"{path} is a folder: name a file to write to"
            raise NnxlintError(message)
    twice = next(_repeated([path.resolve() for path in paths if not path.exists() or path.is_file()]), None)
    if twice is not None:
        message = f"two formats cannot go to the same file, {twice}"
        raise NnxlintError(message)


def _repeated(paths: Sequence[Path]) -> Iterator[Path]:
    return (path for index, path in enumerate(paths) if path in paths[:index])
