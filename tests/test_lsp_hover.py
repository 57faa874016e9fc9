"""What is shown where the pointer rests, and within the code."""

from pathlib import Path

import pytest
from lsprotocol import types

from tests.lsp_client import BAD, GOOD, PUSHED, Editor, editing, project, with_pulling

pytestmark = pytest.mark.asyncio


async def _hover(editor: Editor, uri: str, line: int, column: int) -> types.Hover | None:
    params = types.HoverParams(types.TextDocumentIdentifier(uri), types.Position(line, column))
    return await editor.client.text_document_hover_async(params)


def _text(hover: types.Hover | None) -> str:
    assert hover is not None
    assert isinstance(hover.contents, types.MarkupContent)
    assert hover.contents.kind is types.MarkupKind.Markdown
    return hover.contents.value


async def test_a_finding_shows_the_page_of_its_rule(tmp_path: Path) -> None:
    text = GOOD + "x = 1  # nnxlint: ignore[optimizer-missing-wrt]\n"
    async with editing(project(tmp_path, train=BAD, silent=text)) as editor:
        uri = editor.open("train.py")
        found = await _hover(editor, uri, 13, 14)
        nothing = await _hover(editor, uri, 4, 0)
        in_comment = await _hover(editor, editor.open("silent.py"), 14, 28)

    assert "# optimizer-missing-wrt (NNX206)" in _text(found)
    assert found is not None
    assert found.range == types.Range(types.Position(13, 12), types.Position(13, 48))
    assert nothing is None
    assert "# optimizer-missing-wrt (NNX206)" in _text(in_comment)


async def test_a_class_an_object_and_an_attribute_show_their_state(tmp_path: Path) -> None:
    async with editing(project(tmp_path, train=GOOD)) as editor:
        uri = editor.open("train.py")
        cls = _text(await _hover(editor, uri, 4, 7))
        thing = _text(await _hover(editor, uri, 12, 1))
        attribute = _text(await _hover(editor, uri, 9, 22))
        editor.change("train.py", f"{GOOD}(")
        broken = await _hover(editor, uri, 4, 7)

    assert "Net" in cls
    assert "Param" in cls
    assert "`net`: `Net`" in thing
    assert "`layer`" in attribute
    assert "Linear" in attribute
    assert broken is None


async def test_hints_are_shown_where_they_are_wanted(tmp_path: Path) -> None:
    text = GOOD.replace("self.layer(x)", "self.norm(self.layer(x))").replace(
        "        self.layer =", "        self.norm = nnx.BatchNorm(2, rngs=rngs)\n        self.layer ="
    )
    text += "net.eval()\nout = net(nnx.Linear)\n"
    whole = types.Range(types.Position(0, 0), types.Position(99, 0))
    async with editing(project(tmp_path, train=text), with_pulling(PUSHED)) as editor:
        uri = editor.open("train.py")
        params = types.InlayHintParams(types.TextDocumentIdentifier(uri), whole)
        assert await editor.client.text_document_inlay_hint_async(params) == ()
        settings = {"nnxlint": {"inlayHints": True}}
        editor.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings))
        hints = await editor.client.text_document_inlay_hint_async(params)
        first = types.InlayHintParams(params.text_document, types.Range(types.Position(0, 0), types.Position(3, 0)))
        assert await editor.client.text_document_inlay_hint_async(first) == ()

    by_line = {each.position.line: each.label for each in hints or ()}
    assert by_line[6].startswith("BatchNorm")
    assert by_line[7].startswith("Linear")
    assert by_line[16] == "evaluation"
