"""The JSON format: a list of findings in the shape that ruff's readers know."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from nnxlint.diagnostic import Diagnostic, Related
from nnxlint.edits import Edit, Fix
from nnxlint.render.documents import json_document, json_line
from nnxlint.render.pages import page_address
from nnxlint.render.places import Place, locate, ordered
from nnxlint.render.view import View
from nnxlint.report import Report
from nnxlint.source import Source
from nnxlint.spans import Position


class Location(msgspec.Struct, frozen=True):
    """A row and a column, both from 1, the column in code points."""

    row: int
    column: int


class EditDocument(msgspec.Struct, frozen=True):
    """One replacement of text; the end is exclusive.

    `cell` is there only in notebooks, for an edit of another cell than the finding's.
    """

    content: str
    location: Location
    end_location: Location
    cell: int | msgspec.UnsetType = msgspec.UNSET


class FixDocument(msgspec.Struct, frozen=True):
    """A fix; its edits count in the file as it is."""

    applicability: str
    message: str
    edits: tuple[EditDocument, ...]


class RelatedDocument(msgspec.Struct, frozen=True):
    """Another place that explains the finding."""

    message: str
    filename: str
    location: Location
    end_location: Location
    cell: int | None


class VerifiedDocument(msgspec.Struct, frozen=True):
    """What running the code said of the fix, which was taken back."""

    verdict: str
    reason: str


class DiagnosticDocument(msgspec.Struct, frozen=True):
    """One finding; `verify` is there only where its fix was taken back."""

    code: str
    name: str
    message: str
    filename: str
    location: Location
    end_location: Location
    cell: int | None
    fix: FixDocument | None
    related: tuple[RelatedDocument, ...]
    url: str | None
    level: str
    verify: VerifiedDocument | msgspec.UnsetType = msgspec.UNSET


def json_report(view: View) -> str:
    """Give the document that lists every diagnostic."""
    return json_document(list(_documents(view)))


def json_lines_report(view: View) -> str:
    """Give a document a diagnostic, each on a line of its own."""
    return "".join(f"{json_line(each)}\n" for each in _documents(view))


def _documents(view: View) -> Iterator[DiagnosticDocument]:
    report, directory = view.report, view.directory
    return (_diagnostic(report, place, each, directory) for place, each in ordered(report, directory))


def _diagnostic(report: Report, place: Place, diagnostic: Diagnostic, directory: Path) -> DiagnosticDocument:
    verified = report.verdicts.get(diagnostic)
    return DiagnosticDocument(
        code=diagnostic.code,
        name=diagnostic.name,
        message=diagnostic.message,
        filename=place.filename,
        location=_location(place.start),
        end_location=_location(place.end),
        cell=place.cell,
        fix=_fix(report.sources.get(diagnostic.path), place.cell, diagnostic.fix),
        related=tuple(_related(report.sources, diagnostic.related, directory)),
        url=page_address(diagnostic.code, diagnostic.name),
        level=diagnostic.level.value,
        verify=VerifiedDocument(verified.verdict, verified.reason) if verified else msgspec.UNSET,
    )


def _location(position: Position) -> Location:
    return Location(position.row, position.column)


def _fix(source: Source | None, cell: int | None, fix: Fix | None) -> FixDocument | None:
    if fix is None or source is None:
        return None
    edits = tuple(_edit(source, cell, edit) for edit in sorted(fix.edits))
    return FixDocument(fix.applicability.value, fix.message, edits)


def _edit(source: Source, cell: int | None, edit: Edit) -> EditDocument:
    own, start = source.place(edit.span.start)
    _, end = source.place(edit.span.end)
    document = EditDocument(edit.content, _location(start), _location(end))
    return document if own is None or own == cell else msgspec.structs.replace(document, cell=own)


def _related(sources: Mapping[str, Source], related: Iterable[Related], directory: Path) -> Iterable[RelatedDocument]:
    for each in related:
        place = locate(sources, each.path, each.span, directory)
        yield RelatedDocument(each.message, place.filename, _location(place.start), _location(place.end), place.cell)
