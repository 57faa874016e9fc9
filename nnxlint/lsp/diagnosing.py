"""Findings told: pushed to editors that wait for them, answered to those that ask."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from lsprotocol import types

from nnxlint.lsp.documents import path_of
from nnxlint.lsp.records import Record
from nnxlint.lsp.session import Session
from nnxlint.lsp.showing import Shown

_BATCH = 50


@dataclass(frozen=True, slots=True)
class _Told:
    """What the editor was told last of a document, and the revision that its file had."""

    result_id: str
    revision: int


class Diagnosing:
    """Tells the editor what is found."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._told: dict[str, _Told] = {}

    def take(self, records: Sequence[Record]) -> None:
        """Push what is new in the records, to an editor that does not ask."""
        if self._session.client.pulls:
            return
        for record in records:
            if self._session.is_outdated(record):
                continue
            for shown in self._documents(record):
                self._push(shown)

    def take_note(self) -> None:
        """Have an editor that asks do so again where what it was told is no longer true."""
        session = self._session
        if not (session.client.pulls and session.client.refreshes_diagnostics):
            return
        if any(self._is_stale(record) for record in session.records.by_path.values()):
            self._told.clear()
            session.server.workspace_diagnostic_refresh(None)

    def forget(self, path: str, uris: Sequence[str]) -> None:
        """Show nothing any more of a file that was closed, unless all files are shown."""
        for uri in uris:
            if self._session.client.pulls:
                self._told.pop(uri, None)
            elif path not in self._session.records.by_path and uri in self._told:
                self._push(Shown(uri, (), ""))

    async def document(self, params: types.DocumentDiagnosticParams) -> types.DocumentDiagnosticReport:
        """Answer what is found in a document, as its text is now."""
        uri = params.text_document.uri
        record = await self._session.current(uri)
        shown = next((each for each in self._documents(record) if each.uri == uri), None) if record else None
        if record is None or shown is None:
            return types.RelatedFullDocumentDiagnosticReport(items=[])
        self._told[uri] = _Told(shown.result_id, self._session.revision_of(record.path))
        if params.previous_result_id == shown.result_id:
            return types.RelatedUnchangedDocumentDiagnosticReport(result_id=shown.result_id)
        return types.RelatedFullDocumentDiagnosticReport(items=list(shown.items), result_id=shown.result_id)

    async def workspace(self, params: types.WorkspaceDiagnosticParams) -> types.WorkspaceDiagnosticReport:
        """Answer what is found in all files: bit by bit, where the editor takes it so."""
        session = self._session
        before = {each.uri: each.value for each in params.previous_result_ids}
        async with session.progress(params.work_done_token, "nnxlint: looking at the workspace"):
            await session.looked_at_all()
        reports = list(self._reports(before))
        if params.partial_result_token is None:
            return types.WorkspaceDiagnosticReport(items=reports)
        for start in range(0, len(reports), _BATCH):
            part = types.WorkspaceDiagnosticReportPartialResult(items=reports[start : start + _BATCH])
            session.server.protocol.notify(types.PROGRESS, types.ProgressParams(params.partial_result_token, part))
        return types.WorkspaceDiagnosticReport(items=[])

    def _reports(self, before: dict[str, str]) -> Iterator[types.WorkspaceDocumentDiagnosticReport]:
        """Give a report for each document with findings, and for each that the editor believes to have some."""
        session = self._session
        versions = session.files.versions()
        for record in session.records.by_path.values():
            for shown in self._documents(record):
                uri, version = shown.uri, versions.get(shown.uri)
                known = before.pop(uri, None)
                if known == shown.result_id:
                    yield types.WorkspaceUnchangedDocumentDiagnosticReport(uri, shown.result_id, version)
                elif known is not None or shown.items:
                    yield types.WorkspaceFullDocumentDiagnosticReport(
                        uri, list(shown.items), version, result_id=shown.result_id
                    )
        for uri in before:
            yield types.WorkspaceFullDocumentDiagnosticReport(uri, [], versions.get(uri))

    def _documents(self, record: Record) -> tuple[Shown, ...]:
        session = self._session
        is_open = record.path in session.files.by_path
        shows = session.preferences.enable and (is_open or session.preferences.diagnostic_mode == "workspace")
        findings = record.shown if shows else replace(record.shown, diagnostics=(), known=(), failures=())
        return session.showing.documents(record.path, findings)

    def _push(self, shown: Shown) -> None:
        known = self._told.get(shown.uri)
        if known is None and not shown.items and shown.uri not in self._session.files.documents:
            return
        revision = self._session.revision_of(path_of(shown.uri, self._session.files.folder))
        if known == _Told(shown.result_id, revision):
            return
        self._told[shown.uri] = _Told(shown.result_id, revision)
        version = self._session.files.versions().get(shown.uri)
        self._session.server.text_document_publish_diagnostics(
            types.PublishDiagnosticsParams(shown.uri, list(shown.items), version)
        )

    def _is_stale(self, record: Record) -> bool:
        """Whether the editor was told something else of a file that did not change since."""
        revision = self._session.revision_of(record.path)
        if record.path not in self._session.files.by_path or self._session.is_outdated(record):
            return False
        told = ((shown, self._told.get(shown.uri)) for shown in self._documents(record))
        return any(
            each is not None and each.revision == revision and each.result_id != shown.result_id for shown, each in told
        )
