"""Reviewdog's diagnostic format. Columns count bytes of UTF-8 from 1; the end of a range is exclusive."""

import itertools
from collections.abc import Iterator, Sequence

import msgspec

from nnxlint.diagnostic import Diagnostic, Level
from nnxlint.render.documents import json_document
from nnxlint.render.pages import page_address
from nnxlint.render.places import Place
from nnxlint.render.stored import Finding, StoredEdit, findings, locate_stored, stored_edits, stored_lines
from nnxlint.render.view import View
from nnxlint.source import Source
from nnxlint.spans import Position

_SEVERITIES = {Level.ERROR: "ERROR", Level.WARNING: "WARNING"}


class PositionDocument(msgspec.Struct, frozen=True):
    """A line, and a column of it in bytes."""

    line: int
    column: int


class RangeDocument(msgspec.Struct, frozen=True):
    """A part of a file."""

    start: PositionDocument
    end: PositionDocument


class LocationDocument(msgspec.Struct, frozen=True):
    """A part of a file that is named."""

    path: str
    range: RangeDocument


class Suggestion(msgspec.Struct, frozen=True):
    """What to put in the place of a range."""

    range: RangeDocument
    text: str


class RelatedLocation(msgspec.Struct, frozen=True):
    """Another place that explains the finding."""

    message: str
    location: LocationDocument


class Code(msgspec.Struct, frozen=True, omit_defaults=True):
    """The rule, and the address of its page."""

    value: str
    url: str | None = None


class DiagnosticDocument(msgspec.Struct, frozen=True):
    """One finding."""

    message: str
    location: LocationDocument
    severity: str
    code: Code
    suggestions: tuple[Suggestion, ...]
    related_locations: tuple[RelatedLocation, ...]


class ToolName(msgspec.Struct, frozen=True):
    """Who reports."""

    name: str


class ResultDocument(msgspec.Struct, frozen=True):
    """All findings."""

    source: ToolName
    diagnostics: tuple[DiagnosticDocument, ...]


def rdjson_report(view: View) -> str:
    """Give one document with all findings."""
    documents = tuple(_diagnostic(view, each) for each in findings(view.report, view.directory))
    return json_document(ResultDocument(ToolName("nnxlint"), documents))


def _diagnostic(view: View, finding: Finding) -> DiagnosticDocument:
    diagnostic = finding.diagnostic
    source = view.report.sources.get(diagnostic.path)
    return DiagnosticDocument(
        message="\n".join(finding.lines),
        location=_location(source, finding.stored),
        severity=_SEVERITIES[diagnostic.level],
        code=Code(diagnostic.code, page_address(diagnostic.code, diagnostic.name)),
        suggestions=tuple(_suggestions(source, diagnostic)) if source else (),
        related_locations=tuple(_related(view, diagnostic)),
    )


def _related(view: View, diagnostic: Diagnostic) -> Iterator[RelatedLocation]:
    for each in diagnostic.related:
        place = locate_stored(view.report.sources, each.path, each.span, view.directory)
        yield RelatedLocation(each.message, _location(view.report.sources.get(each.path), place))


def _suggestions(source: Source, diagnostic: Diagnostic) -> Iterator[Suggestion]:
    """Give the fix; its edits on the same lines are one suggestion, because each is shown as changed lines."""
    edits = stored_edits(source, diagnostic.fix.edits) if diagnostic.fix else ()
    for group in _groups(edits):
        yield Suggestion(_range(source, group[0].start, group[-1].end), _replacement(source, group))


def _groups(edits: Sequence[StoredEdit]) -> Iterator[tuple[StoredEdit, ...]]:
    group: tuple[StoredEdit, ...] = ()
    for edit in edits:
        if group and edit.start.row > group[-1].end.row:
            yield group
            group = ()
        group = (*group, edit)
    if group:
        yield group


def _replacement(source: Source, edits: Sequence[StoredEdit]) -> str:
    lines, text = stored_lines(source), edits[0].content
    for before, edit in itertools.pairwise(edits):
        text += source.content[lines.offset(before.end) : lines.offset(edit.start)] + edit.content
    return text


def _location(source: Source | None, place: Place) -> LocationDocument:
    return LocationDocument(place.filename, _range(source, place.start, place.end))


def _range(source: Source | None, start: Position, end: Position) -> RangeDocument:
    return RangeDocument(_position(source, start), _position(source, end))


def _position(source: Source | None, position: Position) -> PositionDocument:
    if source is None:
        return PositionDocument(position.row, position.column)
    start = stored_lines(source).line_start(position.row)
    before = source.content[start : start + position.column - 1]
    return PositionDocument(position.row, len(before.encode("utf-8", "surrogatepass")) + 1)
