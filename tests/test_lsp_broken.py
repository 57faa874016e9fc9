"""While a text does not parse, the last findings stay."""

from pathlib import Path

import pytest
from lsprotocol import types

from tests.lsp_client import BAD, GOOD, codes_of, editing, project
from tests.test_lsp_pull import EVALUATED, MODEL, PULLED, WITH_DROPOUT

pytestmark = pytest.mark.asyncio


async def test_the_last_findings_stay_where_they_moved_to(tmp_path: Path) -> None:
    async with editing(project(tmp_path, train=BAD), PULLED) as editor:
        uri = editor.open("train.py")
        await editor.pull(uri)
        editor.change("train.py", f"import os\n\n{BAD}def (:\n")
        broken = (await editor.pull(uri)).items
        assert codes_of(broken) == ["NNX206", "NNX900"]
        actions = await editor.actions(uri, broken[0].range)
        assert not any(each.title.startswith(("Pass", "Verify")) for each in actions)
        editor.change("train.py", f"{GOOD}def (:\n")
        gone = (await editor.pull(uri)).items
        editor.change("train.py", GOOD)
        assert (await editor.pull(uri)).items == ()

    assert broken[0].range.start == types.Position(15, 12)
    assert broken[1].range.start.line == 16
    assert codes_of(gone) == ["NNX206", "NNX900"]  # nobody knows yet


async def test_a_file_that_never_parsed_shows_that(tmp_path: Path) -> None:
    async with editing(project(tmp_path, train=f"{BAD}(", other="x = (")) as editor:
        await editor.shows(editor.open("train.py"), ["NNX900"])
        await editor.shows(editor.open("other.py"), [])


async def test_what_is_found_in_other_files_stays(tmp_path: Path) -> None:
    async with editing(project(tmp_path, model=WITH_DROPOUT, evaluate=EVALUATED), PULLED) as editor:
        uri = editor.open("evaluate.py")
        model = editor.open("model.py")
        assert codes_of((await editor.pull(uri)).items) == ["NNX102"]
        editor.change("model.py", f"{WITH_DROPOUT}class (")
        assert codes_of((await editor.pull(model)).items) == ["NNX900"]
        assert codes_of((await editor.pull(uri)).items) == ["NNX102"]
        editor.change("model.py", MODEL)
        assert codes_of((await editor.pull(uri)).items) == []


async def test_a_text_that_is_none_is_told(tmp_path: Path) -> None:
    async with editing(project(tmp_path, train=BAD), PULLED) as editor:
        uri = editor.open("train.py", f"{BAD}\0")
        [item] = (await editor.pull(uri)).items

    assert "null byte" in item.message
    assert item.range.start == types.Position(0, 0)
