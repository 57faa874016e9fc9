"""All that is open in the editor, by document and by file."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from lsprotocol import types

from nnxlint.lsp.documents import Document, changed, content_of, opened, path_of
from nnxlint.lsp.layout import Layout
from nnxlint.lsp.notebooks import OpenNotebook, opened_notebook, rearranged
from nnxlint.source import NOTEBOOK_SUFFIX, Source

_PYTHON = ("python", "")


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A file that is open, and the revision of its last change."""

    path: str
    uri: str
    revision: int
    content: bytes = field(repr=False)


@dataclass(slots=True)
class Files:
    """What is open. Each change of a file gets a revision, counted over all files."""

    encoding: types.PositionEncodingKind = types.PositionEncodingKind.Utf16
    folder: Path = field(default_factory=Path)
    revision: int = 0
    documents: dict[str, Document] = field(default_factory=dict)
    notebooks: dict[str, OpenNotebook] = field(default_factory=dict)
    by_path: dict[str, OpenFile] = field(default_factory=dict)

    def open(self, item: types.TextDocumentItem) -> OpenFile | None:
        """Take what was opened; None where it is nothing to lint."""
        self.documents[item.uri] = opened(item, self.encoding)
        return self._renewed(item.uri)

    def change(self, params: types.DidChangeTextDocumentParams) -> OpenFile | None:
        """Take changes of a document; None where it is none that was opened."""
        uri = params.text_document.uri
        if uri not in self.documents:
            return None
        self.documents[uri] = changed(self.documents[uri], params.text_document.version, params.content_changes)
        return self._renewed(uri)

    def close(self, uri: str) -> str | None:
        """Forget a document; its path, where it was a file to lint."""
        self.documents.pop(uri, None)
        return self._forgotten(uri)

    def open_notebook(self, params: types.DidOpenNotebookDocumentParams) -> OpenFile | None:
        """Take a notebook with its cells."""
        notebook = opened_notebook(params.notebook_document)
        self.documents |= {each.uri: opened(each, self.encoding) for each in params.cell_text_documents}
        return self._with_notebook(notebook)

    def change_notebook(self, params: types.DidChangeNotebookDocumentParams) -> OpenFile | None:
        """Take changes of a notebook: of its order and of the texts of its cells."""
        notebook = self.notebooks.get(params.notebook_document.uri)
        if notebook is None:
            return None
        cells = params.change.cells
        if cells is not None and cells.structure is not None:
            self.documents |= {each.uri: opened(each, self.encoding) for each in cells.structure.did_open or ()}
            for gone in cells.structure.did_close or ():
                self.documents.pop(gone.uri, None)
        for text in (cells.text_content or ()) if cells is not None else ():
            known = self.documents.get(text.document.uri)
            if known is not None:
                self.documents[known.uri] = changed(known, text.document.version, text.changes)
        return self._with_notebook(rearranged(notebook, params.notebook_document.version, params.change))

    def close_notebook(self, params: types.DidCloseNotebookDocumentParams) -> str | None:
        """Forget a notebook; its path."""
        notebook = self.notebooks.pop(params.notebook_document.uri, None)
        for uri in notebook.cells if notebook else ():
            self.documents.pop(uri, None)
        return self._forgotten(params.notebook_document.uri)

    def file_of(self, uri: str) -> OpenFile | None:
        """Give the file that a document belongs to: itself, or the notebook of a cell."""
        notebook = next((each for each in self.notebooks.values() if uri in each.cells), None)
        path = path_of(notebook.uri if notebook else uri, self.folder)
        return self.by_path.get(path)

    def layout(self, source: Source, uri: str) -> Layout:
        """Give where the places of a source are; `uri` is what a file is called that is not open."""
        file = self.by_path.get(source.path)
        notebook = self.notebooks.get(file.uri) if file else None
        cells = dict(enumerate(notebook.cells, start=1)) if notebook else {}
        return Layout(source, file.uri if file else uri, self.encoding, cells)

    def versions(self) -> dict[str, int | None]:
        """Give the versions of all documents."""
        return {uri: document.version for uri, document in self.documents.items()}

    def all_open(self) -> Iterator[OpenFile]:
        """Give the open files."""
        yield from self.by_path.values()

    def _with_notebook(self, notebook: OpenNotebook) -> OpenFile | None:
        self.notebooks[notebook.uri] = notebook
        has_path = path_of(notebook.uri, self.folder)
        return self._kept(notebook.uri, notebook.content(self.documents)) if has_path else None

    def _renewed(self, uri: str) -> OpenFile | None:
        document = self.documents[uri]
        path = path_of(uri, self.folder)
        if path.endswith(NOTEBOOK_SUFFIX):
            return self._kept(uri, document.text.encode("utf-8", "replace"))
        if not path or (document.language not in _PYTHON and not path.endswith(".py")):
            return None
        return self._kept(uri, content_of(document.text))

    def _kept(self, uri: str, content: bytes) -> OpenFile:
        self.revision += 1
        file = OpenFile(path_of(uri, self.folder), uri, self.revision, content)
        self.by_path[file.path] = file
        return file

    def _forgotten(self, uri: str) -> str | None:
        path = path_of(uri, self.folder)
        return path if self.by_path.pop(path, None) else None
