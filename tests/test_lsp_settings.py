"""Settings of the server and of projects, folders, and files that change under the editor."""

import copy
from pathlib import Path

import pytest
from lsprotocol import types

from nnxlint.lsp.preferences import Preferences, read_preferences
from tests.lsp_client import BAD, GOOD, PUSHED, SETTINGS, codes_of, editing, project, until
from tests.test_lsp_pull import EVALUATED, MODEL, WITH_DROPOUT

OLD_FLAX = SETTINGS.replace("0.12.0", "0.10.7")  # there the optimizer needs no `wrt`


@pytest.mark.asyncio
async def test_settings_files_are_read_anew(tmp_path: Path) -> None:
    async with editing(project(tmp_path, train=BAD)) as editor:
        uri = editor.open("train.py")
        await editor.shows(uri, ["NNX206"])
        watched = [each for each in editor.registered if each.method == "workspace/didChangeWatchedFiles"]
        editor.write("pyproject.toml", OLD_FLAX)
        editor.watched("pyproject.toml")
        await editor.shows(uri, [])
        editor.write("pyproject.toml", '[tool.nnxlint]\nselect = ["NNX000"]\n')
        editor.watched("pyproject.toml")
        await until(lambda: any("NNX000" in each.message for each in editor.client.messages))
        editor.watched("pyproject.toml")
        editor.write("pyproject.toml", SETTINGS)
        editor.watched("pyproject.toml")
        await editor.shows(uri, ["NNX206"])

    patterns = str([each.register_options for each in watched])
    assert all(name in patterns for name in ("pyproject.toml", "nnxlint.toml", "uv.lock", "*.{py,ipynb}"))
    assert len([each for each in editor.client.messages if "NNX000" in each.message]) == 1


@pytest.mark.asyncio
async def test_files_that_change_on_disk_are_read_anew(tmp_path: Path) -> None:
    async with editing(project(tmp_path, model=MODEL, evaluate=EVALUATED)) as editor:
        uri = editor.open("evaluate.py")
        await editor.shows(uri, [])
        editor.write("model.py", WITH_DROPOUT)
        editor.watched("model.py")
        await editor.shows(uri, ["NNX102"])
        editor.write("new.py", BAD)
        editor.watched("new.py", kind=types.FileChangeType.Created)
        await editor.shows(editor.uri("new.py"), ["NNX206"])
        (tmp_path / "new.py").unlink()
        editor.watched("new.py", kind=types.FileChangeType.Deleted)
        await editor.shows(editor.uri("new.py"), [])
        editor.write("evaluate.py", "")
        editor.watched("evaluate.py")  # the text in the editor holds
        editor.watched("pyproject.toml")
        await editor.shows(uri, ["NNX102"])


@pytest.mark.asyncio
async def test_settings_of_the_server_come_with_the_start_and_later(tmp_path: Path) -> None:
    folder = project(tmp_path, train=BAD)
    async with editing(folder, options={"ignore": ["NNX206"], "colour": 1, "enable": 3}) as editor:
        uri = editor.open("train.py")
        await editor.shows(uri, [])
        told = [each.message for each in editor.client.log_messages]
        for settings, codes in (({}, ["NNX206"]), ({"enable": False}, []), ({"flaxVersion": "0.12.4"}, ["NNX206"])):
            params = types.DidChangeConfigurationParams({"nnxlint": settings})
            editor.client.workspace_did_change_configuration(params)
            await editor.shows(uri, codes)

    assert any("unknown setting `colour`" in each for each in told)
    assert any("setting `enable`: expected `bool`" in each for each in told)


@pytest.mark.asyncio
async def test_an_editor_that_gives_settings_is_asked(tmp_path: Path) -> None:
    capabilities = copy.deepcopy(PUSHED)
    assert capabilities.workspace is not None
    capabilities.workspace.configuration = True
    async with editing(project(tmp_path, train=BAD), capabilities) as editor:
        editor.client.set_configuration({"nnxlint": {"ignore": ["NNX206"]}})
        uri = editor.open("train.py")
        await editor.pushed(uri)
        editor.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(None))
        await editor.shows(uri, [])
        editor.client.set_configuration({"nnxlint": {"extendSelect": ["ALL"]}})
        editor.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(None))
        await editor.shows(uri, ["NNX206"])


@pytest.mark.asyncio
async def test_several_folders_each_with_settings_of_its_own(tmp_path: Path) -> None:
    new, old = tmp_path / "new", tmp_path / "old"
    for folder in (new, old):
        folder.mkdir()
    project(new, train=BAD)
    project(old, train=BAD)
    (old / "pyproject.toml").write_text(OLD_FLAX)
    async with editing(tmp_path, folders=[new, old]) as editor:
        await editor.shows(editor.uri("new/train.py"), ["NNX206"])
        editor.open("old/train.py")
        await editor.shows(editor.uri("old/train.py"), [])
        other = tmp_path / "other"
        other.mkdir()
        project(other, train=BAD, good=GOOD)
        gone, come = types.WorkspaceFolder(new.as_uri(), "new"), types.WorkspaceFolder(other.as_uri(), "other")
        event = types.WorkspaceFoldersChangeEvent([come], [gone])
        editor.client.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(event))
        await editor.shows(editor.uri("other/train.py"), ["NNX206"])
        await editor.shows(editor.uri("new/train.py"), [])
        assert codes_of(editor.client.diagnostics[editor.uri("old/train.py")]) == []


def test_preferences_are_found_wherever_they_are_sent() -> None:
    wanted = Preferences(unsafe_fixes=True)

    for sent in ({"unsafeFixes": True}, {"nnxlint": {"unsafeFixes": True}}, {"settings": {"unsafeFixes": True}}):
        assert read_preferences(sent).preferences == wanted
    for sent in (None, [], "x", {"nnxlint": None}, {"trace": {"server": "off"}}, {"unsafeFixes": None}):
        assert read_preferences(sent).preferences == Preferences()


def test_a_wrong_preference_is_told_and_the_others_count() -> None:
    sent = {"unsafeFix": True, "verifyTimeout": 0, "flaxVersion": "new", "diagnosticMode": "all", "ignore": ["NNX1"]}
    read = read_preferences(sent)

    assert read.preferences == Preferences(ignore=("NNX1",))
    assert len(read.mistakes) == 4
    assert read.mistakes[0] == "unknown setting `unsafeFix`, did you mean `unsafeFixes`?"
