"""Notebooks: found by cells, edited in cells, followed as cells come and go."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from lsprotocol import types

from tests.lsp_client import BAD, PATIENCE, PUSHED, Editor, codes_of, edited, editing, project

pytestmark = pytest.mark.asyncio

HEAD, _, TAIL = BAD.partition("net = ")
CELLS = (f"%matplotlib inline\n{HEAD}", "Some \N{SNAKE} words", f"net = {TAIL.rstrip()}")
KINDS = (types.NotebookCellKind.Code, types.NotebookCellKind.Markup, types.NotebookCellKind.Code)
NAME = "train.ipynb"


def _cell_uri(editor: Editor, number: int) -> str:
    return editor.uri(NAME).replace("file://", "vscode-notebook-cell://") + f"#W{number}"


def _open(editor: Editor, texts: Sequence[str] = CELLS) -> list[str]:
    uris = [_cell_uri(editor, number) for number in range(len(texts))]
    cells = [types.NotebookCell(kind, uri) for kind, uri in zip(KINDS, uris, strict=True)]
    notebook = types.NotebookDocument(editor.uri(NAME), "jupyter-notebook", 1, cells)
    items = [
        types.TextDocumentItem(uri, "python" if kind is KINDS[0] else "markdown", 1, text)
        for kind, uri, text in zip(KINDS, uris, texts, strict=True)
    ]
    editor.client.notebook_document_did_open(types.DidOpenNotebookDocumentParams(notebook, items))
    return uris


def _change(editor: Editor, version: int, change: types.NotebookDocumentCellChanges) -> None:
    identity = types.VersionedNotebookDocumentIdentifier(version=version, uri=editor.uri(NAME))
    event = types.NotebookDocumentChangeEvent(cells=change)
    editor.client.notebook_document_did_change(types.DidChangeNotebookDocumentParams(identity, event))


async def test_findings_and_edits_are_in_cells(tmp_path: Path) -> None:
    async with editing(project(tmp_path), PUSHED) as editor:
        first, _, last = _open(editor)
        [item] = await editor.shows(last, ["NNX206"])
        actions = await editor.actions(last, item.range)
        [fix, line, file, *_] = [await editor.resolved(each) for each in actions if each.data]
        assert codes_of(editor.client.diagnostics.get(first, ())) == []

    assert item.range == types.Range(types.Position(1, 12), types.Position(1, 48))
    for action, expected in (
        (fix, CELLS[2].replace("1e-3))", "1e-3), wrt=nnx.Param)")),
        (line, f"{CELLS[2]}  # nnxlint: ignore[NNX206]"),
        (file, f"# nnxlint: ignore-file[NNX206]\n{CELLS[2]}"),
    ):
        assert action.edit is not None
        [change] = action.edit.document_changes or ()
        assert isinstance(change, types.TextDocumentEdit)
        assert change.text_document.uri == last
        assert change.text_document.version == 1
        assert edited(CELLS[2], change.edits) == expected, action.title


async def test_cells_are_changed_moved_and_deleted(tmp_path: Path) -> None:
    async with editing(project(tmp_path)) as editor:
        first, words, last = _open(editor)
        await editor.shows(last, ["NNX206"])
        place = types.Position(1, 47)
        partial = types.TextDocumentContentChangePartial(types.Range(place, place), ", wrt=nnx.Param")
        document = types.VersionedTextDocumentIdentifier(version=2, uri=last)
        _change(
            editor,
            2,
            types.NotebookDocumentCellChanges(
                text_content=[types.NotebookDocumentCellContentChanges(document, [partial])]
            ),
        )
        await editor.shows(last, [])
        new = _cell_uri(editor, 9)
        cell = types.NotebookCell(types.NotebookCellKind.Code, new)
        item = types.TextDocumentItem(new, "python", 1, "again = nnx.Optimizer(net, optax.sgd(0.1))")
        array = types.NotebookCellArrayChange(start=3, delete_count=0, cells=[cell])
        structure = types.NotebookDocumentCellChangeStructure(array, did_open=[item])
        _change(editor, 3, types.NotebookDocumentCellChanges(structure=structure))
        [found] = await editor.shows(new, ["NNX206"])
        array = types.NotebookCellArrayChange(start=1, delete_count=1)
        structure = types.NotebookDocumentCellChangeStructure(array, did_close=[types.TextDocumentIdentifier(words)])
        _change(editor, 4, types.NotebookDocumentCellChanges(structure=structure))
        actions = await editor.actions(new, found.range)
        assert any("wrt" in each.title for each in actions)
        identity = types.NotebookDocumentIdentifier(editor.uri(NAME))
        cells = [types.TextDocumentIdentifier(uri) for uri in (first, last, new)]
        editor.client.notebook_document_did_close(types.DidCloseNotebookDocumentParams(identity, cells))
        await editor.shows(new, [])


async def test_a_broken_cell_keeps_its_findings_and_the_others_theirs(tmp_path: Path) -> None:
    async with editing(project(tmp_path)) as editor:
        _, _, last = _open(editor)
        await editor.shows(last, ["NNX206"])
        start = types.Position(0, 0)
        partial = types.TextDocumentContentChangePartial(types.Range(start, start), "(\n")
        document = types.VersionedTextDocumentIdentifier(version=2, uri=last)
        text = [types.NotebookDocumentCellContentChanges(document, [partial])]
        _change(editor, 2, types.NotebookDocumentCellChanges(text_content=text))
        found = await editor.pushed(last, lambda items: set(codes_of(items)) == {"NNX206", "NNX900"})

    [kept] = [each for each in found if each.code == "NNX206"]
    assert kept.range.start == types.Position(2, 12)


async def test_a_notebook_that_is_not_open_is_shown_by_its_file(tmp_path: Path) -> None:
    folder = project(tmp_path, other="")
    cells = [
        {"cell_type": "code", "source": text, "metadata": {}, "outputs": [], "execution_count": None}
        for text in (CELLS[0], CELLS[2])
    ]
    (folder / NAME).write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    async with editing(folder) as editor:
        [item] = await editor.shows(editor.uri(NAME), ["NNX206"])
        uris = _open(editor)
        await editor.shows(uris[2], ["NNX206"])
        await asyncio.wait_for(editor.pushed(editor.uri(NAME), lambda items: not items), PATIENCE)

    assert item.message.startswith("cell 2, line 2: ")
