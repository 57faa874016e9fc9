"""Code actions: what can be done about the findings at a place."""

from collections.abc import Iterator, Sequence

import msgspec
from lsprotocol import types
from pygls.exceptions import JsonRpcContentModified, JsonRpcInvalidParams

from nnxlint.diagnostic import Diagnostic
from nnxlint.edits import Applicability, Edit
from nnxlint.fixer import allowed_applicabilities, fixable, in_newlines_of
from nnxlint.lsp.analysis import FileFindings
from nnxlint.lsp.files import OpenFile
from nnxlint.lsp.fixing import Wanted, settled_edits
from nnxlint.lsp.records import Record
from nnxlint.lsp.session import Session
from nnxlint.lsp.suppressing import can_be_silenced, file_edits, line_edits
from nnxlint.lsp.verifying import VERIFY, Verdicts
from nnxlint.source import Source
from nnxlint.spans import Span

FIX_ALL = "source.fixAll.nnxlint"
FIX_NOTEBOOK = "notebook.source.fixAll.nnxlint"
QUICK = types.CodeActionKind.QuickFix.value
OPEN_PAGE = "nnxlint.openRule"
KINDS = (QUICK, FIX_ALL, FIX_NOTEBOOK)
ANY_FIX = allowed_applicabilities(unsafe=True)


class Ticket(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an action does, such that its edits can be made later; `start` and `end` are the span of its finding."""

    what: str
    uri: str
    revision: int
    code: str = ""
    start: int = 0
    end: int = 0


class Acting:
    """Offers actions, and makes the edits of those that are chosen."""

    def __init__(self, session: Session, verdicts: Verdicts) -> None:
        self._session = session
        self._verdicts = verdicts

    async def offer(self, params: types.CodeActionParams) -> list[types.CodeAction]:
        """Give the actions for a range."""
        uri = params.text_document.uri
        record = await self._session.current(uri)
        file = self._session.files.file_of(uri)
        if record is None or file is None or not self._session.preferences.enable:
            return []
        only = params.context.only
        offered = list(self._at_place(params, record, file)) if _asked(QUICK, only) else []
        offered += self._for_file(uri, record, file, only)
        if not self._session.client.resolves_edits:
            for action in offered:
                await self._complete(action)
        return [each for each in offered if each.edit or each.command or each.data]

    async def resolve(self, action: types.CodeAction) -> types.CodeAction:
        """Make the edits of an action; an error where the text has changed since it was offered."""
        await self._complete(action)
        return action

    def _at_place(self, params: types.CodeActionParams, record: Record, file: OpenFile) -> Iterator[types.CodeAction]:
        findings, uri = record.shown, params.text_document.uri
        here = self._findings_at(params, findings)
        fixes = [action for diagnostic in here for action in self._fixes(diagnostic, findings, uri, file)]
        yield from sorted(fixes, key=lambda action: not action.is_preferred)  # the safe ones first
        for diagnostic in here:
            yield from self._others(diagnostic, findings, uri, file)

    def _fixes(
        self, diagnostic: Diagnostic, findings: FileFindings, uri: str, file: OpenFile
    ) -> Iterator[types.CodeAction]:
        fix = fixable(diagnostic, ANY_FIX)
        if fix is None:
            return
        ticket = _ticket("fix", uri, file, diagnostic)
        is_safe = fix.applicability is Applicability.SAFE
        verdict = self._verdicts.of(diagnostic, findings)
        title = f"{_capital(fix.message)} ({diagnostic.code}){_mark(fix.applicability)}"
        yield self._action(f"{title}: {verdict}" if verdict else title, ticket, diagnostic, findings, preferred=is_safe)
        alike = [each for each in findings.diagnostics if each.code == diagnostic.code and fixable(each, ANY_FIX)]
        if len(alike) > 1:
            title = f"Fix all {len(alike)} findings of {diagnostic.code} in this file{_mark(fix.applicability)}"
            yield self._action(title, _ticket("rule", uri, file, diagnostic), diagnostic, findings)

    def _others(
        self, diagnostic: Diagnostic, findings: FileFindings, uri: str, file: OpenFile
    ) -> Iterator[types.CodeAction]:
        if fixable(diagnostic, ANY_FIX):
            again = "Verify this fix again" if self._verdicts.of(diagnostic, findings) else "Verify this fix"
            arguments = [uri, diagnostic.code, diagnostic.span.start, diagnostic.span.end]
            yield self._command(f"{again} ({diagnostic.code}; runs the code)", VERIFY, arguments, diagnostic, findings)
        if can_be_silenced(diagnostic):
            for what, where in (("line", "on this line"), ("file", "in this file")):
                title = f"Silence {diagnostic.code} ({diagnostic.name}) {where}"
                yield self._action(title, _ticket(what, uri, file, diagnostic), diagnostic, findings)
        title = f"Open the page of {diagnostic.code} ({diagnostic.name})"
        yield self._command(title, OPEN_PAGE, [diagnostic.name], diagnostic, findings)

    def _for_file(
        self, uri: str, record: Record, file: OpenFile, only: Sequence[types.CodeActionKind | str] | None
    ) -> Iterator[types.CodeAction]:
        kind = FIX_NOTEBOOK if only and _asked(FIX_NOTEBOOK, only) and uri != file.uri else FIX_ALL
        wanted = Wanted(allowed_applicabilities(unsafe=self._session.preferences.unsafe_fixes))
        if _asked(kind, only) and wanted.any_in(record.shown):
            which = "all" if self._session.preferences.unsafe_fixes else "all safe"
            title = f"Make {which} fixes of nnxlint in this file"
            data: object = msgspec.to_builtins(Ticket("all", uri, file.revision))
            yield types.CodeAction(title, kind=kind, data=data)

    async def _complete(self, action: types.CodeAction) -> None:
        if action.data is None or action.edit is not None:
            return
        ticket = _read(action.data)
        file = self._session.files.file_of(ticket.uri)
        record = self._session.records.by_path.get(file.path) if file else None
        if file is None or record is None or not file.revision == ticket.revision <= record.revision:
            message = "the text has changed since"
            raise JsonRpcContentModified(message)
        edits = await self._edits(ticket, record)
        action.data = None
        layout = self._session.showing.layout(record.shown)
        if edits and layout is not None:
            action.edit = self._workspace_edit(layout.text_edits(edits))

    async def _edits(self, ticket: Ticket, record: Record) -> tuple[Edit, ...]:
        findings, source = record.shown, record.shown.source
        if source is None:
            return ()
        if ticket.what == "all":
            allowed = allowed_applicabilities(unsafe=self._session.preferences.unsafe_fixes)
            return await self._settled(record, Wanted(allowed))
        if ticket.what == "rule":
            return await self._settled(record, Wanted(ANY_FIX, (ticket.code,)))
        span = Span(ticket.start, ticket.end)
        found = [each for each in findings.shown if each.code == ticket.code and each.span == span]
        return _edits_at(ticket.what, source, found[0]) if found else ()

    async def _settled(self, record: Record, wanted: Wanted) -> tuple[Edit, ...]:
        path, findings = record.path, record.shown
        return await self._session.ask(lambda analysis: settled_edits(analysis, path, findings, wanted))

    def _workspace_edit(self, edits: dict[str, list[types.TextEdit]]) -> types.WorkspaceEdit:
        """Give the edits with the versions that they are for, where the editor minds."""
        if not self._session.client.versions_edits:
            return types.WorkspaceEdit(changes=edits)
        versions = self._session.files.versions()
        named = {uri: types.OptionalVersionedTextDocumentIdentifier(uri, versions.get(uri)) for uri in edits}
        changes = [types.TextDocumentEdit(named[uri], list(some)) for uri, some in edits.items()]
        return types.WorkspaceEdit(document_changes=list(changes))

    def _findings_at(self, params: types.CodeActionParams, findings: FileFindings) -> list[Diagnostic]:
        """Give the findings that the range touches, and those that the editor names."""
        layout = self._session.showing.layout(findings)
        span = layout.span(params.text_document.uri, params.range) if layout else None
        named = {(each.code, _key(each.range)) for each in params.context.diagnostics}
        found = []
        for each in findings.shown if span else ():
            uri, item = self._session.showing.item(each, findings)
            touches = each.span.start <= span.end and span.start <= each.span.end if span else False
            if uri == params.text_document.uri and (touches or (item.code, _key(item.range)) in named):
                found.append(each)
        return found

    def _action(
        self, title: str, ticket: Ticket, diagnostic: Diagnostic, findings: FileFindings, *, preferred: bool = False
    ) -> types.CodeAction:
        return types.CodeAction(
            title,
            kind=QUICK,
            diagnostics=[self._session.showing.item(diagnostic, findings)[1]],
            is_preferred=preferred or None,
            data=msgspec.to_builtins(ticket),
        )

    def _command(
        self, title: str, command: str, arguments: list[object], diagnostic: Diagnostic, findings: FileFindings
    ) -> types.CodeAction:
        item = self._session.showing.item(diagnostic, findings)[1]
        return types.CodeAction(
            title, kind=QUICK, diagnostics=[item], command=types.Command(title, command, arguments=arguments)
        )


def _read(data: object) -> Ticket:
    try:
        return msgspec.convert(data, Ticket)
    except msgspec.ValidationError as error:
        message = f"the action is none of ours: {error}"
        raise JsonRpcInvalidParams(message) from error


def _edits_at(what: str, source: Source, diagnostic: Diagnostic) -> tuple[Edit, ...]:
    if what == "line":
        return line_edits(source, diagnostic)
    if what == "file":
        return file_edits(source, diagnostic)
    return tuple(in_newlines_of(source, edit) for edit in diagnostic.fix.edits) if diagnostic.fix else ()


def _ticket(what: str, uri: str, file: OpenFile, diagnostic: Diagnostic) -> Ticket:
    return Ticket(what, uri, file.revision, diagnostic.code, diagnostic.span.start, diagnostic.span.end)


def _asked(kind: str, only: Sequence[types.CodeActionKind | str] | None) -> bool:
    """Tell whether an action of the kind is wanted: a wanted kind stands for all below it."""
    wanted = [each.value if isinstance(each, types.CodeActionKind) else each for each in only or ()]
    return only is None or any(not each or kind == each or kind.startswith(f"{each}.") for each in wanted)


def _mark(applicability: Applicability) -> str:
    return " (unsafe)" if applicability is Applicability.UNSAFE else ""


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _key(given: types.Range) -> tuple[int, int, int, int]:
    return given.start.line, given.start.character, given.end.line, given.end.character
