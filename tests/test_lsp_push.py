"""Findings are pushed to an editor that waits for them."""

from pathlib import Path

import pytest
from lsprotocol import types

from tests.lsp_client import BAD, GOOD, codes_of, editing, project

pytestmark = pytest.mark.asyncio


async def test_an_opened_file_shows_what_is_found(tmp_path: Path) -> None:
    async with editing(project(tmp_path, train=BAD)) as editor:
        uri = editor.open("train.py")
        [found] = await editor.shows(uri, ["NNX206"])

    assert found.source == "nnxlint"
    assert found.severity is types.DiagnosticSeverity.Error
    assert found.range.start == types.Position(13, 12)
    assert found.code_description is not None
    assert found.code_description.href.endswith("optimizer-missing-wrt.md")


async def test_the_text_in_the_editor_wins_over_the_one_on_disk(tmp_path: Path) -> None:
    async with editing(project(tmp_path, train=BAD)) as editor:
        uri = editor.open("train.py", GOOD)
        await editor.shows(uri, [])
        editor.change("train.py", BAD)
        await editor.shows(uri, ["NNX206"])
        editor.change("train.py", GOOD)
        await editor.shows(uri, [])
        editor.close("train.py")
        await editor.shows(uri, ["NNX206"])


async def test_files_that_are_not_open_are_shown_too(tmp_path: Path) -> None:
    async with editing(project(tmp_path, train=BAD, other=GOOD)) as editor:
        editor.open("other.py")
        await editor.shows(editor.uri("train.py"), ["NNX206"])


async def test_only_open_files_are_shown_where_that_is_wanted(tmp_path: Path) -> None:
    options = {"diagnosticMode": "openFilesOnly"}
    async with editing(project(tmp_path, train=BAD, other=BAD), options=options) as editor:
        uri = editor.open("other.py")
        await editor.shows(uri, ["NNX206"])
        assert editor.uri("train.py") not in editor.client.diagnostics
        editor.close("other.py")
        await editor.shows(uri, [])


async def test_edits_by_ranges_are_followed(tmp_path: Path) -> None:
    async with editing(project(tmp_path, train=BAD)) as editor:
        uri = editor.open("train.py")
        await editor.shows(uri, ["NNX206"])
        place = types.Position(13, 47)
        editor.change("train.py", types.TextDocumentContentChangePartial(types.Range(place, place), ", wrt=nnx.Param"))
        await editor.shows(uri, [])
        place = types.Position(0, 0)
        editor.change("train.py", types.TextDocumentContentChangePartial(types.Range(place, place), "\f\n# \u2028 x\n"))
        place = types.Position(15, 47)
        gone = types.Range(place, types.Position(15, 62))
        editor.change("train.py", types.TextDocumentContentChangePartial(gone, ""))
        found = await editor.shows(uri, ["NNX206"])
        assert codes_of(found) == ["NNX206"]
