"""An editor that asks gets answers about its newest text, and hears that nothing changed."""

import asyncio
import json
from pathlib import Path

import pytest
from lsprotocol import types

from tests.lsp_client import BAD, GOOD, PATIENCE, PUSHED, Editor, codes_of, editing, project, until, with_pulling

pytestmark = pytest.mark.asyncio

PART, WORK = "part", "work"
PULLED = with_pulling(PUSHED)
MODEL = GOOD.replace(
    "net = Net(rngs=nnx.Rngs(0))\noptimizer = nnx.Optimizer(net, optax.adam(1e-3), wrt=nnx.Param)\n", ""
)
EVALUATED = """\
import jax.numpy as jnp
from flax import nnx

from model import Net


def evaluate(net, batch):
    return net(batch)


evaluate(Net(rngs=nnx.Rngs(0)), jnp.ones((2, 2)))
"""
WITH_DROPOUT = MODEL.replace("return self.layer(x)", "return self.drop(self.layer(x))").replace(
    "        self.layer", "        self.drop = nnx.Dropout(0.5, rngs=rngs)\n        self.layer", 1
)


async def _workspace(
    editor: Editor, before: list[types.PreviousResultId] | None = None, **tokens: str
) -> types.WorkspaceDiagnosticReport:
    params = types.WorkspaceDiagnosticParams(before or [], **tokens)
    return await asyncio.wait_for(editor.client.workspace_diagnostic_async(params), PATIENCE)


async def test_a_document_is_asked_for_and_then_unchanged(tmp_path: Path) -> None:
    async with editing(project(tmp_path, train=BAD), PULLED) as editor:
        uri = editor.open("train.py")
        first = await editor.pull(uri)
        assert isinstance(first, types.RelatedFullDocumentDiagnosticReport)
        second = await editor.pull(uri, first.result_id)
        editor.change("train.py", GOOD)
        third = await editor.pull(uri, first.result_id)
        editor.open("pyproject.toml")
        editor.close("pyproject.toml")
        fourth = await editor.pull(uri)
        assert editor.client.diagnostics == {}

    assert codes_of(first.items) == ["NNX206"]
    assert isinstance(second, types.RelatedUnchangedDocumentDiagnosticReport)
    assert second.result_id == first.result_id
    assert isinstance(third, types.RelatedFullDocumentDiagnosticReport)
    assert third.items == fourth.items == ()


async def test_a_change_in_one_file_renews_what_is_found_in_another(tmp_path: Path) -> None:
    async with editing(project(tmp_path, model=MODEL, evaluate=EVALUATED), PULLED) as editor:
        uri = editor.open("evaluate.py")
        editor.open("model.py")
        assert (await editor.pull(uri)).items == ()
        editor.change("model.py", WITH_DROPOUT)
        await until(lambda: editor.client.diagnostic_refresh_count > 0)
        found = await editor.pull(uri)
        assert codes_of(found.items) == ["NNX102"]

    [item] = found.items
    assert {place.location.uri for place in item.related_information} == {uri, editor.uri("model.py")}


async def test_the_workspace_is_asked_for_bit_by_bit(tmp_path: Path) -> None:
    async with editing(project(tmp_path, train=BAD, other=BAD, good=GOOD), PULLED) as editor:
        uri = editor.open("other.py")
        first = await _workspace(editor)
        found = {each.uri: each for each in first.items}
        known = [types.PreviousResultId(each.uri, each.result_id or "") for each in first.items]
        second = await _workspace(editor, known)
        editor.change("other.py", GOOD)
        third = await _workspace(editor, known, partial_result_token=PART, work_done_token=WORK)
        await until(lambda: any(each.token == PART for each in editor.partial))
        [part] = [each for each in editor.partial if each.token == PART]
        kinds = [each.value["kind"] for each in editor.partial if each.token == WORK]

    assert found.keys() == {uri, editor.uri("train.py")}
    assert found[uri].version == 1
    assert found[editor.uri("train.py")].version is None
    assert [each.kind for each in second.items] == ["unchanged", "unchanged"]
    assert third.items == ()
    assert {each["uri"]: (each["kind"], len(each.get("items", ()))) for each in part.value["items"]} == {
        uri: ("full", 0),
        editor.uri("train.py"): ("unchanged", 0),
    }
    assert kinds[0] == "begin"
    assert kinds[-1] == "end"


async def test_a_request_for_the_workspace_is_cancelled(tmp_path: Path) -> None:
    async with editing(project(tmp_path, train=BAD), PULLED) as editor:
        params = types.WorkspaceDiagnosticParams([])
        future = editor.client.protocol.send_request(types.WORKSPACE_DIAGNOSTIC, params, msg_id=7)
        editor.client.protocol.notify(types.CANCEL_REQUEST, types.CancelParams(7))
        with pytest.raises(Exception, match="cancel"):
            await asyncio.wait_for(asyncio.wrap_future(future), PATIENCE)


async def test_findings_of_a_baseline_are_hints(tmp_path: Path) -> None:
    from nnxlint.cli import main  # noqa: PLC0415 - it writes the file

    folder = project(tmp_path, train=BAD)
    baseline = folder / "known.json"
    main(["check", "--quiet", "--exit-zero", "--write-baseline", str(baseline), str(folder)])
    assert len(json.loads(baseline.read_text())["findings"]) == 1
    settings = (folder / "pyproject.toml").read_text()
    (folder / "pyproject.toml").write_text(f'{settings}baseline = "known.json"\n')
    async with editing(folder, PULLED) as editor:
        uri = editor.open("train.py", f"\n{BAD}")
        [item] = (await editor.pull(uri)).items
        [fix, *_] = await editor.actions(uri, item.range)

    assert item.severity is types.DiagnosticSeverity.Hint
    assert "NNX206" in fix.title
