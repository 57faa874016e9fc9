"""What the editor opens, changes and closes."""

from lsprotocol import types

from nnxlint.lsp.diagnosing import Diagnosing
from nnxlint.lsp.session import Session


class Editing:
    """What is opened, changed and closed."""

    def __init__(self, session: Session, diagnosing: Diagnosing) -> None:
        self._session = session
        self._diagnosing = diagnosing

    def opened(self, params: types.DidOpenTextDocumentParams) -> None:
        """Take a document."""
        self._session.changed(self._session.files.open(params.text_document))

    def changed(self, params: types.DidChangeTextDocumentParams) -> None:
        """Take changes of a document."""
        self._session.changed(self._session.files.change(params))

    def closed(self, params: types.DidCloseTextDocumentParams) -> None:
        """Let a document go."""
        self._let_go(self._session.files.close(params.text_document.uri), [params.text_document.uri])

    def opened_notebook(self, params: types.DidOpenNotebookDocumentParams) -> None:
        """Take a notebook."""
        self._session.changed(self._session.files.open_notebook(params))

    def changed_notebook(self, params: types.DidChangeNotebookDocumentParams) -> None:
        """Take changes of a notebook."""
        self._session.changed(self._session.files.change_notebook(params))

    def closed_notebook(self, params: types.DidCloseNotebookDocumentParams) -> None:
        """Let a notebook go."""
        cells = [each.uri for each in params.cell_text_documents]
        self._let_go(self._session.files.close_notebook(params), cells)

    def _let_go(self, path: str | None, uris: list[str]) -> None:
        if path is not None:
            self._session.records.forget(path)
            self._session.on_disk(path)
            self._diagnosing.forget(path, uris)
