"""A real editor, without a screen: Neovim drives the server."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fixture_cases import ROOT
from tests.lsp_client import BAD, GOOD, project

SESSION = ROOT / "tests" / "nvim_session.lua"
NVIM = shutil.which("nvim")


@pytest.mark.skipif(NVIM is None, reason="Neovim is not installed")
def test_neovim_shows_fixes_and_ends(tmp_path: Path) -> None:
    home, out = tmp_path / "home", tmp_path / "seen.json"
    home.mkdir()
    folder = tmp_path / "project"
    folder.mkdir()
    project(folder, train=BAD)
    given = {"NNXLINT_FOLDER": str(folder), "NNXLINT_PYTHON": sys.executable, "NNXLINT_OUT": str(out)}
    environment = {**os.environ, **given, "HOME": str(home), "XDG_STATE_HOME": str(home)}
    done = subprocess.run(
        [str(NVIM), "--headless", "--clean", "-i", "NONE", "-n", "-c", f"luafile {SESSION}", "-c", "qa!"],
        env=environment,
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )

    assert out.is_file(), done.stderr
    seen = json.loads(out.read_text())
    assert "missed" not in seen, seen
    assert (seen["diagnostic"]["line"], seen["diagnostic"]["column"]) == (13, 12)
    assert seen["diagnostic"]["source"] == "nnxlint"
    assert "# optimizer-missing-wrt (NNX206)" in seen["hover"]
    assert any(title.startswith("Silence NNX206") for title in seen["titles"])
    assert seen["text"] == GOOD
