"""*Verify this fix*: the code is run, the verdict is shown with the fix, and all of it can be cancelled."""

import asyncio
from pathlib import Path

import pytest
from lsprotocol import types

from nnxlint.verify.processes import below, running
from tests.lsp_client import BAD, Editor, editing, project, until

pytestmark = [pytest.mark.asyncio, pytest.mark.runtime]

HERE = types.Range(types.Position(14, 14), types.Position(14, 14))
IN_FUNCTION = BAD.replace("net = Net", "def train():\n    net = Net").replace("optimizer = nnx", "    return nnx")
LONG = 300.0


async def _verifying(editor: Editor, uri: str) -> types.Command:
    actions = await editor.actions(uri, HERE)
    [found] = [each.command for each in actions if each.command and each.command.command == "nnxlint.verifyFix"]
    return found


def _below(pid: int) -> set[int]:
    return {*below(pid, running())}


async def test_the_verdict_is_shown_with_the_fix(tmp_path: Path) -> None:
    async with editing(project(tmp_path, train="x = 1\n")) as editor:
        uri = editor.open("train.py", IN_FUNCTION)
        command = await _verifying(editor, uri)
        params = types.ExecuteCommandParams(command.command, command.arguments)
        result = await asyncio.wait_for(editor.client.workspace_execute_command_async(params), LONG)
        fix, *_ = await editor.actions(uri, HERE)
        editor.change("train.py", f"{IN_FUNCTION}\n")
        later, *_ = await editor.actions(uri, HERE)
        kinds = [each["kind"] for each in editor.progress("nnxlint: verifying")]

    assert result["verdict"] == "REVIVED", result
    assert fix.title.endswith(f": {result['verdict']}")
    assert not later.title.endswith(result["verdict"])
    assert any(result["verdict"] in each.message for each in editor.client.messages)
    assert kinds == ["begin", *["report"] * (len(kinds) - 2), "end"]
    assert len(kinds) > 2


async def test_it_is_cancelled_with_all_that_it_started(tmp_path: Path) -> None:
    async with editing(project(tmp_path, train=IN_FUNCTION)) as editor:
        uri = editor.open("train.py")
        command = await _verifying(editor, uri)
        server = editor.client._server
        assert server is not None
        params = types.ExecuteCommandParams(command.command, command.arguments)
        before = _below(server.pid)  # the analysis
        waiting = asyncio.ensure_future(editor.client.workspace_execute_command_async(params))
        await until(lambda: bool(editor.progress("nnxlint: verifying")) and bool(_below(server.pid) - before))
        started = _below(server.pid)
        [token] = [each.token for each in editor.partial if "verifying" in each.value.get("title", "")]
        editor.client.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams(token))
        assert await asyncio.wait_for(waiting, 30) is None
        await until(lambda: _below(server.pid) == before)
        waiting = asyncio.ensure_future(editor.client.workspace_execute_command_async(params))
        await until(lambda: bool(_below(server.pid) - before))
        started |= _below(server.pid)

    await until(lambda: not running().keys() & started)
