"""Notebooks that are open in the editor: an order of cells, each of which is a text of its own."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from lsprotocol import types

from nnxlint.lsp.documents import Document

_FORMAT = {"nbformat": 4, "nbformat_minor": 5}


@dataclass(frozen=True, slots=True)
class OpenNotebook:
    """A notebook: the URIs of its cells in their order, and which of them hold code."""

    uri: str
    version: int
    cells: tuple[str, ...]
    code: frozenset[str]

    def content(self, documents: Mapping[str, Document]) -> bytes:
        """Give the bytes that the notebook would have on disk, as far as they matter."""
        cells = [self._cell(documents.get(uri), is_code=uri in self.code) for uri in self.cells]
        return json.dumps({"cells": cells, "metadata": {}, **_FORMAT}).encode()

    def cell_uri(self, number: int) -> str | None:
        """Give the URI of the cell of a number, counted from 1 among all cells."""
        return self.cells[number - 1] if 1 <= number <= len(self.cells) else None

    def number_of(self, uri: str) -> int | None:
        """Give the number of a cell."""
        return self.cells.index(uri) + 1 if uri in self.cells else None

    def _cell(self, document: Document | None, *, is_code: bool) -> dict[str, object]:
        if document is None or not is_code:
            return {"cell_type": "markdown", "metadata": {}, "source": ""}
        # A cell may be in another language, which the document of a notebook tells like this.
        metadata = {} if document.language == "python" else {"vscode": {"languageId": document.language}}
        return {
            "cell_type": "code",
            "metadata": metadata,
            "source": document.text,
            "outputs": [],
            "execution_count": None,
        }


def opened_notebook(given: types.NotebookDocument) -> OpenNotebook:
    """Make a notebook of what was opened."""
    return OpenNotebook(given.uri, given.version, tuple(each.document for each in given.cells), _code(given.cells))


def rearranged(notebook: OpenNotebook, version: int, change: types.NotebookDocumentChangeEvent) -> OpenNotebook:
    """Give the notebook with its cells as a change leaves them; the texts of cells are documents of their own."""
    notebook = replace(notebook, version=version)
    if change.cells is None:
        return notebook
    if change.cells.structure is not None:
        array = change.cells.structure.array
        cells = list(notebook.cells)
        cells[array.start : array.start + array.delete_count] = [each.document for each in array.cells or ()]
        code = notebook.code | _code(array.cells or ())
        notebook = replace(notebook, cells=tuple(cells), code=code & frozenset(cells))
    data = change.cells.data or ()
    code = (notebook.code - {each.document for each in data}) | _code(data)
    return replace(notebook, code=code)


def _code(cells: Sequence[types.NotebookCell]) -> frozenset[str]:
    return frozenset(each.document for each in cells if each.kind is types.NotebookCellKind.Code)
