"""Reports in files: several formats in one run, whole or not at all, and nobody surprised."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from nnxlint.cli import main
from nnxlint.commands.destinations import ROOT_VARIABLES, root_of
from nnxlint.errors import NnxlintError
from nnxlint.render.formats import FORMATS
from nnxlint.writing import write_document

BAD = """\
import optax
from flax import nnx

optimizer = nnx.Optimizer(nnx.Linear(1, 1, rngs=nnx.Rngs(0)), optax.sgd(0.1))
"""
GOOD = "from flax import nnx\n"

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Give what runs the command in a folder with a program that has one finding."""
    (tmp_path / "pyproject.toml").write_text('[tool.nnxlint]\nflax-version = "0.12.8"\n')
    (tmp_path / "bad.py").write_text(BAD)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    for name in ROOT_VARIABLES:
        monkeypatch.delenv(name, raising=False)

    def call(*arguments: str) -> tuple[int, str, str]:
        status = main(["check", "--no-cache", *arguments])
        out, err = capsys.readouterr()
        return status, out, err

    return call


def _files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {"pyproject.toml"}


def test_several_formats_in_one_run(run: Call, tmp_path: Path) -> None:
    status, out, err = run(
        "--output-format", "concise", "--output-format", "sarif:out/a.sarif", "--output-format", "json:b.json", "bad.py"
    )
    assert (status, err) == (1, "")
    assert out.startswith("bad.py:4:13: NNX206 error: ")
    assert _files(tmp_path) == {"bad.py", "out/a.sarif", "b.json"}
    assert json.loads((tmp_path / "b.json").read_text())[0]["code"] == "NNX206"
    assert json.loads((tmp_path / "out" / "a.sarif").read_text())["version"] == "2.1.0"


def test_what_goes_to_files_alone_is_summed_up_on_standard_error(run: Call, tmp_path: Path) -> None:
    assert run("--output-file", "a.txt", "bad.py") == (
        1,
        "",
        "nnxlint: Found 1 error in 1 file; 1 fixable with --fix\n",
    )
    assert (tmp_path / "a.txt").read_text().startswith("bad.py:4:13: NNX206 optimizer-missing-wrt\n")
    assert run("--quiet", "--output-format", "json", "--output-file", "b.json", "bad.py") == (1, "", "")


@pytest.mark.parametrize(
    "options", [("--output-format", "pylint:-"), ("--output-format", "pylint", "--output-file", "-")]
)
def test_a_hyphen_is_standard_output(run: Call, tmp_path: Path, options: tuple[str, ...]) -> None:
    assert run(*options, "bad.py")[1].startswith("bad.py:4: [NNX206] ")
    assert _files(tmp_path) == {"bad.py"}


def test_colours_stay_out_of_files(run: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("FORCE_COLOR", "1")
    _, out, _ = run("--output-format", "concise", "--output-format", "concise:a.txt", "bad.py")
    assert "\x1b[" in out
    assert "\x1b[" not in (tmp_path / "a.txt").read_text()


def test_a_job_that_cannot_be_done_leaves_the_last_report(run: Call, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("kept")
    status, _, err = run("--output-format", "json:a.json", "nowhere.py")
    assert (status, (tmp_path / "a.json").read_text()) == (2, "kept")
    assert "no such file or directory" in err


def test_what_could_be_read_is_reported_although_something_could_not(run: Call, tmp_path: Path) -> None:
    (tmp_path / "latin.py").write_bytes(b"from flax import nnx\n'\xff'\n")
    status, _, err = run("--output-format", "sarif:a.sarif", ".")
    assert status == 2
    assert "cannot be decoded" in err
    [written] = json.loads((tmp_path / "a.sarif").read_text())["runs"]
    assert [each["ruleId"] for each in written["results"]] == ["NNX206"]
    assert written["invocations"][0]["executionSuccessful"] is False


def test_reports_are_written_when_nothing_is_found(run: Call, tmp_path: Path) -> None:
    (tmp_path / "good.py").write_text(GOOD)
    assert run("--output-format", "gitlab:a.json", "good.py") == (0, "", "nnxlint: No problems found in 1 file\n")
    assert (tmp_path / "a.json").read_text() == "[]\n"


def test_the_report_of_standard_input_goes_to_a_file_too(
    run: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (tmp_path / "bad.py").open() as stream:
        monkeypatch.setattr("sys.stdin", stream)
        status, out, _ = run("--fix", "--quiet", "--output-format", "json:a.json", "-")
    assert (status, (tmp_path / "a.json").read_text()) == (0, "[]\n")
    assert "wrt=nnx.Param" in out


def test_a_file_that_cannot_be_written_is_a_mistake(run: Call, tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    status, out, err = run("--output-format", "json:plain/a.json", "bad.py")
    assert (status, out) == (2, "")
    assert err.startswith("nnxlint: error: plain/a.json: cannot be written: ")
    assert err.count("\n") == 1


def test_a_document_replaces_a_file_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.json"
    path.write_text("before")
    path.chmod(0o640)
    link = tmp_path / "link.json"
    link.symlink_to(path)

    write_document(link, "after")
    assert (path.read_text(), link.is_symlink(), stat.S_IMODE(path.stat().st_mode)) == ("after", True, 0o640)

    monkeypatch.setattr("nnxlint.writing.os.fsync", _fail)
    with pytest.raises(NnxlintError, match=r"link\.json: cannot be written: No space left"):
        write_document(link, "half")
    assert path.read_text() == "after"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.json", "link.json"]


def _fail(_: int) -> None:
    raise OSError(28, "No space left on device")


def test_a_new_document_may_be_read_by_whom_the_umask_lets(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_document(tmp_path / "a", "x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
def test_a_device_is_written_to_and_stays_one() -> None:
    write_document(Path(os.devnull), "x")
    assert not Path(os.devnull).is_file()


def test_the_root_of_the_repository_is_where_the_service_says() -> None:
    here = Path("/builds/group/project/sub")
    assert root_of(here, {"CI_PROJECT_DIR": "/builds/group/project"}) == Path("/builds/group/project")
    assert root_of(here, {"GITHUB_WORKSPACE": "/elsewhere", "CI_PROJECT_DIR": ""}) == here


def test_only_the_format_that_is_asked_for_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text(BAD)
    code = (
        "import sys; from nnxlint.cli import main;"
        "main(['check', '--no-cache', '--quiet', '--output-format', 'pylint', 'bad.py']);"
        "print('loaded', *sorted(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.rpartition("loaded")[2].split())

    assert "nnxlint.render.pylint" in loaded
    others = {each.function.partition(":")[0] for each in FORMATS} - {"pylint"}
    assert loaded.isdisjoint({f"nnxlint.render.{name}" for name in others | {"diff", "statistics", "timings"}})
