"""Findings are pushed to an editor that waits for them."""

from pathlib import Path

import pytest
from lsprotocol import types

from tests.lsp_client import BAD, GOOD, PUSHED, codes_of, editing, project, until, with_encoding

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


@pytest.mark.parametrize(("encoding", "column"), [("utf-8", 20), ("utf-16", 18), ("utf-32", 17)])
async def test_columns_are_counted_as_the_editor_wants(tmp_path: Path, encoding: str, column: int) -> None:
    text = BAD.replace("optimizer = nnx", '"\N{SNAKE}"; optimizer = nnx')
    async with editing(project(tmp_path, train=text), with_encoding(PUSHED, "utf-7", encoding)) as editor:
        uri = editor.open("train.py")
        [found] = await editor.shows(uri, ["NNX206"])
        place = types.Range(types.Position(13, column + 5), types.Position(13, column + 5))
        fix, *_ = await editor.actions(uri, place)
        resolved = await editor.resolved(fix)
        start = types.Position(13, column - len("optimizer = "))
        editor.change("train.py", types.TextDocumentContentChangePartial(types.Range(start, start), "x = "))
        [moved] = await editor.pushed(uri, lambda items: items[0].range.start.character == column + 4)

    assert editor.result.capabilities.position_encoding == encoding
    assert found.range.start == types.Position(13, column)
    assert moved.code == "NNX206"
    assert resolved.edit is not None
    [change] = resolved.edit.document_changes or ()
    assert isinstance(change, types.TextDocumentEdit)
    assert change.edits[0].range.start == types.Position(13, column + len("nnx.Optimizer(net, optax.adam(1e-3)"))


async def test_findings_of_an_unused_comment_are_unnecessary(tmp_path: Path) -> None:
    async with editing(project(tmp_path, train=GOOD + "x = 1  # nnxlint: ignore[NNX206]\n")) as editor:
        [found] = await editor.shows(editor.open("train.py"), ["NNX901"])
        fix, *_ = [await editor.resolved(each) for each in await editor.actions(editor.uri("train.py"), found.range)]

    assert found.tags == (types.DiagnosticTag.Unnecessary,)
    assert fix.is_preferred


async def test_the_first_look_at_all_files_is_shown(tmp_path: Path) -> None:
    async with editing(project(tmp_path, train=BAD, other=BAD)) as editor:
        await editor.shows(editor.uri("train.py"), ["NNX206"])
        title = "nnxlint: looking at the workspace"
        await until(lambda: bool(editor.progress(title)) and editor.progress(title)[-1]["kind"] == "end")
        kinds = [each["kind"] for each in editor.progress(title)]

    assert kinds == ["begin", *["report"] * (len(kinds) - 2), "end"]
    assert editor.progress(title)[-2]["percentage"] == 100
