"""Findings as the editor is told of them."""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from lsprotocol import types

from nnxlint.diagnostic import Diagnostic, Level, Related
from nnxlint.lsp.analysis import FileFindings
from nnxlint.lsp.client import Client
from nnxlint.lsp.documents import uri_of
from nnxlint.lsp.files import Files
from nnxlint.lsp.layout import Layout

SOURCE = "nnxlint"
_SEVERITIES = {Level.ERROR: types.DiagnosticSeverity.Error, Level.WARNING: types.DiagnosticSeverity.Warning}
_TOP = types.Range(types.Position(0, 0), types.Position(0, 0))
_UNNECESSARY = frozenset({"NNX901"})


@dataclass(frozen=True, slots=True)
class Shown:
    """The findings of one document, and a name for exactly these."""

    uri: str
    items: tuple[types.Diagnostic, ...]
    result_id: str


@dataclass(frozen=True, slots=True)
class Showing:
    """Makes what an editor shows. `page_of` gives the address of a rule's page by the rule's name."""

    files: Files
    client: Client
    page_of: Callable[[str], str]

    def documents(self, path: str, findings: FileFindings) -> tuple[Shown, ...]:
        """Give what each document of a file shows, those with nothing too."""
        layout = self.layout(findings)
        uri = self._uri(path)
        by_uri: dict[str, list[types.Diagnostic]] = {each: [] for each in (layout.uris if layout else (uri,))}
        for each in findings.failures:
            by_uri.setdefault(uri, []).append(_failure(each))
        for diagnostic in findings.shown if layout else ():
            place, item = self.item(diagnostic, findings)
            by_uri.setdefault(place, []).append(item)
        return tuple(Shown(place, tuple(items), _name(items)) for place, items in by_uri.items())

    def item(self, diagnostic: Diagnostic, findings: FileFindings) -> tuple[str, types.Diagnostic]:
        """Give one finding, and the document that it is in."""
        layout = self.layout(findings)
        if layout is None:
            return self._uri(diagnostic.path), _failure(diagnostic.message)
        place = layout.location(diagnostic.span)
        client = self.client
        page = self.page_of(diagnostic.name) if client.links_codes else ""
        return place.uri, types.Diagnostic(
            range=place.range,
            message=_message(diagnostic, layout),
            severity=_severity(diagnostic, findings),
            code=diagnostic.code,
            code_description=types.CodeDescription(page) if page else None,
            source=SOURCE,
            tags=[types.DiagnosticTag.Unnecessary] if client.tags and diagnostic.code in _UNNECESSARY else None,
            related_information=list(self._related(diagnostic.related, findings)) if client.relates else None,
        )

    def layout(self, findings: FileFindings) -> Layout | None:
        """Give where the places of a file are; None where its text is not known."""
        return None if findings.source is None else self.files.layout(findings.source, uri_of(findings.source.path))

    def _related(
        self, related: Sequence[Related], findings: FileFindings
    ) -> Iterator[types.DiagnosticRelatedInformation]:
        for each in related:
            source = findings.sources.get(each.path)
            if source is not None:
                place = self.files.layout(source, uri_of(each.path)).location(each.span)
                yield types.DiagnosticRelatedInformation(place, each.message)

    def _uri(self, path: str) -> str:
        file = self.files.by_path.get(path)
        return file.uri if file else uri_of(path)


def _severity(diagnostic: Diagnostic, findings: FileFindings) -> types.DiagnosticSeverity:
    return types.DiagnosticSeverity.Hint if diagnostic in findings.known else _SEVERITIES[diagnostic.level]


def _message(diagnostic: Diagnostic, layout: Layout) -> str:
    """Give the message with its reason; of a notebook that is not open, with the place, which no range tells."""
    said = f"{diagnostic.message}\n{diagnostic.reason}" if diagnostic.reason else diagnostic.message
    if layout.source.notebook is None or layout.cells:
        return said
    cell, position = layout.source.place(diagnostic.span.start)
    return f"cell {cell}, line {position.row}: {said}"


def _failure(line: str) -> types.Diagnostic:
    return types.Diagnostic(range=_TOP, message=line, severity=types.DiagnosticSeverity.Warning, source=SOURCE)


def _name(items: Sequence[types.Diagnostic]) -> str:
    """Name what is shown: the same name means the same findings at the same places."""
    told = json.dumps([_facts(each) for each in items]).encode()
    return hashlib.blake2b(told, digest_size=12).hexdigest()


def _facts(item: types.Diagnostic) -> list[object]:
    related = [
        [each.location.uri, _place(each.location.range), each.message] for each in item.related_information or ()
    ]
    return [_place(item.range), item.severity, item.code, item.message, related]


def _place(given: types.Range) -> list[int]:
    return [given.start.line, given.start.character, given.end.line, given.end.character]
