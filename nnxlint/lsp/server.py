"""The server put together: each feature with the method of the protocol that asks for it."""

import asyncio
import functools
from collections.abc import Callable

from lsprotocol import types

from nnxlint import __version__
from nnxlint.lsp.acting import KINDS, OPEN_PAGE, Acting
from nnxlint.lsp.analysis import Analysis
from nnxlint.lsp.diagnosing import Diagnosing
from nnxlint.lsp.editing import Editing
from nnxlint.lsp.hearing import Hearing
from nnxlint.lsp.hinting import Hinting
from nnxlint.lsp.hovering import Hovering
from nnxlint.lsp.lifecycle import Lifecycle
from nnxlint.lsp.opening import OpeningPages
from nnxlint.lsp.pages import Pages
from nnxlint.lsp.protocol import Conversation
from nnxlint.lsp.session import Server, Session
from nnxlint.lsp.verifying import VERIFY, Verdicts, Verifying
from nnxlint.lsp.worker import Worker


def make_server(make_analysis: Callable[[], Analysis], loop: asyncio.AbstractEventLoop) -> Session:
    """Make a server with all its features; it speaks once its protocol has a writer."""
    server = Server(
        "nnxlint",
        __version__,
        notebook_document_sync=types.NotebookDocumentSyncOptions(
            [types.NotebookDocumentFilterWithNotebook("*", cells=[types.NotebookCellLanguage("python")])]
        ),
        protocol_cls=Conversation,
    )
    hearing = Hearing(loop)
    pages = Pages()

    def at_rest(analysis: Analysis) -> None:
        pages.write(analysis.pages())
        analysis.prepare()

    worker = Worker(make_analysis, hearing, at_rest)
    session = Session(server, worker, pages)
    diagnosing = Diagnosing(session)
    hearing.session, hearing.diagnosing = session, diagnosing
    server.report = session.report_crash
    _add_lifecycle(server, Lifecycle(session))
    _add_documents(server, Editing(session, diagnosing))
    _add_diagnostics(server, diagnosing)
    verdicts = Verdicts()
    verifying = Verifying(session, verdicts)
    session.at_end.append(verifying.end)
    _add_actions(server, Acting(session, verdicts))
    server.command(VERIFY)(functools.partial(verifying.verify))
    server.command(OPEN_PAGE)(functools.partial(OpeningPages(session).open))
    _add(server, types.TEXT_DOCUMENT_HOVER, Hovering(session).hover)
    _add(server, types.TEXT_DOCUMENT_INLAY_HINT, Hinting(session).hints)
    return session


def _add_lifecycle(server: Server, lifecycle: Lifecycle) -> None:
    _add(server, types.INITIALIZE, lifecycle.initialize)
    _add(server, types.INITIALIZED, lifecycle.initialized)
    _add(server, types.WORKSPACE_DID_CHANGE_CONFIGURATION, lifecycle.configure)
    _add(server, types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS, lifecycle.change_folders)
    _add(server, types.WORKSPACE_DID_CHANGE_WATCHED_FILES, lifecycle.watched)
    _add(server, types.TEXT_DOCUMENT_DID_SAVE, lifecycle.saved)


def _add_documents(server: Server, editing: Editing) -> None:
    _add(server, types.TEXT_DOCUMENT_DID_OPEN, editing.opened)
    _add(server, types.TEXT_DOCUMENT_DID_CHANGE, editing.changed)
    _add(server, types.TEXT_DOCUMENT_DID_CLOSE, editing.closed)
    _add(server, types.NOTEBOOK_DOCUMENT_DID_OPEN, editing.opened_notebook)
    _add(server, types.NOTEBOOK_DOCUMENT_DID_CHANGE, editing.changed_notebook)
    _add(server, types.NOTEBOOK_DOCUMENT_DID_CLOSE, editing.closed_notebook)


def _add_diagnostics(server: Server, diagnosing: Diagnosing) -> None:
    options = types.DiagnosticOptions(inter_file_dependencies=True, workspace_diagnostics=True, identifier="nnxlint")
    _add(server, types.TEXT_DOCUMENT_DIAGNOSTIC, diagnosing.document, options)
    _add(server, types.WORKSPACE_DIAGNOSTIC, diagnosing.workspace)


def _add_actions(server: Server, acting: Acting) -> None:
    options = types.CodeActionOptions(code_action_kinds=list(KINDS), resolve_provider=True)
    _add(server, types.TEXT_DOCUMENT_CODE_ACTION, acting.offer, options)
    _add(server, types.CODE_ACTION_RESOLVE, acting.resolve)


def _add(server: Server, method: str, feature: Callable[..., object], options: object = None) -> None:
    """Have a feature answer a method. pygls writes notes onto what it is given, and a bound method takes none."""
    server.feature(method, options)(functools.partial(feature))
