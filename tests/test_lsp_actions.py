"""What can be done about a finding."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from tests.lsp_client import BAD, GOOD, PUSHED, Editor, edited, editing, project

pytestmark = pytest.mark.asyncio

HERE = types.Range(types.Position(13, 14), types.Position(13, 14))
TWICE = f"{BAD}again = nnx.Optimizer(net, optax.sgd(1e-3))\n"
# Evaluating in training mode: NNX102, with an unsafe fix.
UNSAFE = """\
import jax.numpy as jnp
from flax import nnx


class Net(nnx.Module):
    def __init__(self, *, rngs: nnx.Rngs):
        self.norm = nnx.BatchNorm(2, rngs=rngs)

    def __call__(self, x):
        return self.norm(x)


def evaluate(net, batch):
    out = net(batch)
    return out


net = Net(rngs=nnx.Rngs(0))
evaluate(net, jnp.ones((2, 2)))
"""


def _titled(actions: Sequence[types.CodeAction], start: str) -> types.CodeAction:
    found = [each for each in actions if each.title.startswith(start)]
    assert found, [each.title for each in actions]
    return found[0]


async def _made(editor: Editor, action: types.CodeAction, name: str, text: str) -> str:
    """Give the text of a file with the edits of an action, which must name the file's version."""
    assert action.edit is None
    resolved = await editor.resolved(action)
    assert resolved.edit is not None
    [change] = resolved.edit.document_changes or ()
    assert isinstance(change, types.TextDocumentEdit)
    assert change.text_document.uri == editor.uri(name)
    assert change.text_document.version == editor.versions[editor.uri(name)]
    return edited(text, change.edits)


async def test_a_finding_is_fixed_silenced_and_explained(tmp_path: Path) -> None:
    async with editing(project(tmp_path, train=BAD)) as editor:
        uri = editor.open("train.py")
        actions = await editor.actions(uri, HERE)
        fix, *_ = actions
        fixed = await _made(editor, fix, "train.py", BAD)
        line = await _made(editor, _titled(actions, "Silence NNX206 (optimizer-missing-wrt) on"), "train.py", BAD)
        file = await _made(editor, _titled(actions, "Silence NNX206 (optimizer-missing-wrt) in"), "train.py", BAD)
        page = _titled(actions, "Open the page")
        assert page.command is not None
        await editor.client.workspace_execute_command_async(
            types.ExecuteCommandParams(page.command.command, page.command.arguments)
        )
        [shown] = editor.client.shown_documents

    assert fix.kind == types.CodeActionKind.QuickFix
    assert fix.is_preferred
    assert fix.diagnostics
    assert fix.diagnostics[0].code == "NNX206"
    assert fixed == GOOD
    assert line == BAD.replace("1e-3))\n", "1e-3))  # nnxlint: ignore[NNX206]\n")
    assert file == f"# nnxlint: ignore-file[NNX206]\n{BAD}"
    assert shown.uri.endswith("optimizer-missing-wrt.md")


async def test_all_findings_of_a_rule_and_all_safe_ones_are_fixed_together(tmp_path: Path) -> None:
    async with editing(project(tmp_path, train=TWICE)) as editor:
        uri = editor.open("train.py")
        actions = await editor.actions(uri, HERE)
        whole = types.Range(types.Position(0, 0), types.Position(0, 0))
        rule = await _made(editor, _titled(actions, "Fix all 2 findings of NNX206"), "train.py", TWICE)
        [every] = await editor.actions(uri, whole, ["source.fixAll"])
        all_fixed = await _made(editor, every, "train.py", TWICE)
        assert await editor.actions(uri, whole, ["refactor"]) == []
        assert await editor.actions(uri, whole, ["quickfix"]) == []
        editor.change("train.py", GOOD)
        assert await editor.actions(uri, whole, ["source.fixAll.nnxlint"]) == []

    assert rule == all_fixed == TWICE.replace("1e-3))", "1e-3), wrt=nnx.Param)")
    assert every.kind == "source.fixAll.nnxlint"


async def test_what_changes_behaviour_is_marked_and_left_out_of_fixing_all(tmp_path: Path) -> None:
    async with editing(project(tmp_path, train=UNSAFE)) as editor:
        uri = editor.open("train.py")
        [found] = await editor.shows(uri, ["NNX102"])
        place = found.range
        fix = next(each for each in await editor.actions(uri, place) if "(unsafe)" in each.title)
        assert await editor.actions(uri, place, ["source.fixAll"]) == []
    options = {"unsafeFixes": True}
    async with editing(tmp_path, options=options) as editor:
        editor.open("train.py")
        [every] = await editor.actions(uri, place, ["source.fixAll"])
        assert "net.eval()" in await _made(editor, every, "train.py", UNSAFE)

    assert not fix.is_preferred


async def test_an_action_of_an_older_text_is_refused(tmp_path: Path) -> None:
    async with editing(project(tmp_path, train=BAD)) as editor:
        uri = editor.open("train.py")
        fix, *_ = await editor.actions(uri, HERE)
        editor.change("train.py", f"\n{BAD}")
        with pytest.raises(JsonRpcException, match="has changed"):
            await editor.resolved(fix)
        moved = types.Range(types.Position(14, 14), types.Position(14, 14))
        fix, *_ = await editor.actions(uri, moved)
        assert await _made(editor, fix, "train.py", f"\n{BAD}") == f"\n{GOOD}"


async def test_an_editor_that_can_do_less_gets_edits_at_once_and_by_document(tmp_path: Path) -> None:
    plain = types.ClientCapabilities(
        text_document=types.TextDocumentClientCapabilities(code_action=types.CodeActionClientCapabilities())
    )
    async with editing(project(tmp_path, train=BAD), plain) as editor:
        uri = editor.open("train.py")
        fix, *_ = await editor.actions(uri, HERE)

    assert fix.edit is not None
    assert fix.edit.changes is not None
    assert edited(BAD, fix.edit.changes[uri]) == GOOD


async def test_a_rule_is_added_to_the_comment_that_is_there(tmp_path: Path) -> None:
    text = BAD.replace("1e-3))\n", "1e-3))  # nnxlint: ignore[NNX101]\n")
    async with editing(project(tmp_path, train=text), PUSHED) as editor:
        uri = editor.open("train.py")
        actions = await editor.actions(uri, HERE)
        line = await _made(editor, _titled(actions, "Silence NNX206 (optimizer-missing-wrt) on"), "train.py", text)

    assert line == text.replace("NNX101]", "NNX101, NNX206]")


async def test_a_request_is_cancelled(tmp_path: Path) -> None:
    async with editing(project(tmp_path, train=BAD)) as editor:
        uri = editor.open("train.py")
        params = types.CodeActionParams(types.TextDocumentIdentifier(uri), HERE, types.CodeActionContext([]))
        future = editor.client.protocol.send_request(types.TEXT_DOCUMENT_CODE_ACTION, params, msg_id="first")
        editor.client.protocol.notify(types.CANCEL_REQUEST, types.CancelParams("first"))
        with pytest.raises(Exception, match="cancel"):
            await asyncio.wait_for(asyncio.wrap_future(future), 20)
        assert await editor.actions(uri, HERE)
