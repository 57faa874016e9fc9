"""What is in `editors/` fits the server: its command, and its settings with their defaults."""

import json
import shutil
import subprocess
import tomllib
from pathlib import Path

import msgspec
import pytest

from nnxlint.cli import cli
from nnxlint.lsp.preferences import Preferences, read_preferences
from tests.fixture_cases import ROOT

EDITORS = ROOT / "editors"
PACKAGE = json.loads((EDITORS / "vscode" / "package.json").read_text())
OF_THE_EXTENSION = {"nnxlint.path", "nnxlint.args", "nnxlint.trace.server"}
SETTINGS = {
    key.removeprefix("nnxlint."): each
    for key, each in PACKAGE["contributes"]["configuration"]["properties"].items()
    if key not in OF_THE_EXTENSION
}


def test_the_settings_of_vs_code_are_those_of_the_server() -> None:
    defaults = msgspec.to_builtins(Preferences())

    assert {key: each["default"] for key, each in SETTINGS.items()} == {
        key: list(value) if isinstance(value, tuple) else value for key, value in defaults.items()
    }


def test_the_server_takes_what_vs_code_sends() -> None:
    sent = {key: each["default"] for key, each in SETTINGS.items()} | {
        "path": "",
        "args": [],
        "trace": {"server": "off"},
    }

    read = read_preferences({"nnxlint": sent})

    assert read.mistakes == ()
    assert read.preferences == Preferences()


def test_the_extension_hands_all_settings_on() -> None:
    source = (EDITORS / "vscode" / "src" / "extension.ts").read_text()

    assert [key for key in SETTINGS if f'"{key}"' not in source] == []
    for command in PACKAGE["contributes"]["commands"]:
        assert f'registerCommand("{command["command"]}"' in source


def test_the_extension_has_the_version_of_nnxlint_and_its_licence() -> None:
    version = (ROOT / "nnxlint" / "__init__.py").read_text().partition('"')[2].rpartition('"')[0].rpartition('"')[2]

    assert PACKAGE["version"] == version
    assert (EDITORS / "vscode" / "LICENSE").read_text() == (ROOT / "LICENSE").read_text()


@pytest.mark.parametrize("name", ["neovim", "helix", "emacs", "zed", "pycharm", "vscode"])
def test_every_editor_has_a_page_that_the_index_names(name: str) -> None:
    assert (EDITORS / name / "README.md").is_file()
    assert f"]({name})" in (EDITORS / "README.md").read_text()


def test_what_they_start_is_a_command() -> None:
    assert "server" in cli.commands
    helix = tomllib.loads((EDITORS / "helix" / "languages.toml").read_text())
    pycharm = json.loads((EDITORS / "pycharm" / "lsp4ij" / "template.json").read_text())

    assert helix["language-server"]["nnxlint"] == {"command": "nnxlint", "args": ["server"]}
    assert pycharm["programArgs"]["default"] == "nnxlint server"


@pytest.mark.parametrize("path", ["pycharm/lsp4ij/initializationOptions.json", "zed/settings.json"])
def test_the_server_takes_what_other_editors_send(path: str) -> None:
    written = json.loads((EDITORS / path).read_text())
    options = written.get("lsp", {}).get("nnxlint", {}).get("initialization_options", written)

    assert read_preferences(options).mistakes == ()


@pytest.mark.skipif(shutil.which("nvim") is None, reason="Neovim is not installed")
@pytest.mark.parametrize("path", sorted((EDITORS / "neovim").glob("*.lua")), ids=lambda path: path.name)
def test_the_files_of_neovim_are_lua(path: Path) -> None:
    command = f"lua local found, problem = loadfile('{path}'); if problem then print(problem); vim.cmd('cquit') end"

    program = shutil.which("nvim") or "nvim"
    arguments = [program, "--headless", "-u", "NONE", "-c", command, "-c", "qall"]
    done = subprocess.run(arguments, capture_output=True, check=False)

    assert done.returncode == 0, done.stderr
