"""Rules that a project defines itself, in the editor."""

import shutil
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest
from lsprotocol import types

from tests.fixture_cases import ROOT
from tests.lsp_client import editing, project

pytestmark = pytest.mark.asyncio

RULE = ROOT / "docs" / "examples" / "acme-nnx-rules" / "acme_nnx_rules" / "batch_norm_implicit_momentum.py"
CODE = "from flax import nnx\n\nnorm = nnx.BatchNorm(8, rngs=nnx.Rngs(0))\n"
HERE = types.Range(types.Position(2, 10), types.Position(2, 10))


async def test_they_report_explain_and_fix(tmp_path: Path) -> None:
    folder = project(tmp_path, code=CODE)
    (folder / "lint_rules").mkdir()
    shutil.copy(RULE, folder / "lint_rules")
    settings = (folder / "pyproject.toml").read_text()
    (folder / "nnxlint.toml").write_text('rules-path = ["lint_rules"]\nflax-version = "0.12.0"\n')
    assert "rules-path" not in settings

    async with editing(folder) as editor:
        uri = editor.open("code.py")
        await editor.shows(uri, ["ACME101"])
        hover = await editor.client.text_document_hover_async(
            types.HoverParams(types.TextDocumentIdentifier(uri), HERE.start)
        )
        actions = await editor.actions(uri, HERE)
        page = next(each for each in actions if each.title.startswith("Open the page"))
        assert page.command is not None
        await editor.client.workspace_execute_command_async(
            types.ExecuteCommandParams(page.command.command, page.command.arguments)
        )
        [shown] = editor.client.shown_documents
        text = _read(shown.uri)

    assert hover is not None
    assert "batch-norm-implicit-momentum (ACME101)" in str(hover.contents)
    assert actions[0].title == "Pass `momentum=0.99` (ACME101)"
    assert text.startswith("# batch-norm-implicit-momentum (ACME101)")


def _read(uri: str) -> str:
    return Path(unquote(urlparse(uri).path)).read_text(encoding="utf-8")
