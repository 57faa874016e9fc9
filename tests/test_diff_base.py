"""Findings on the lines that were changed since a revision, in real repositories."""

import json
import random
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nnxlint.diagnostic import Diagnostic, Level
from nnxlint.report import Report
from nnxlint.revision import Revision
from nnxlint.scope import Scope
from nnxlint.source import read_source
from nnxlint.spans import Span
from nnxlint.workers import Task, spread
from tests.cli_runs import NNX, RunCli, write

Git = Callable[..., str]


@pytest.fixture
def git(project: Path, monkeypatch: pytest.MonkeyPatch) -> Git:
    """Give what runs git in the project, which is a repository with one commit on `main`."""
    for variable, value in {"HOME": str(project.parent), "GIT_CONFIG_NOSYSTEM": "1"}.items():
        monkeypatch.setenv(variable, value)

    def call(*arguments: str, folder: Path = project) -> str:
        identity = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main")
        command = ["git", *identity, *arguments]
        done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
        return done.stdout

    call("init")
    write(project / "a.py", f"{NNX}x = BAD\ny = 1\nz = BAD\n")
    write(project / "b.py", f"{NNX}x = BAD\n")
    call("add", "-A")
    call("commit", "-m", "first")
    return call


def _rows(run: RunCli, *arguments: str) -> list[str]:
    """Give the findings as FILE:ROW."""
    result = run("--output-format", "json", *arguments)
    assert result.err == ""
    found = [f"{Path(each['filename']).name}:{each['location']['row']}" for each in json.loads(result.out)]
    assert result.status == bool(found)
    return found


def test_a_finding_has_its_fingerprint_whether_or_not_others_are_left_out(project: Path, run: RunCli, git: Git) -> None:
    del git
    write(project / "a.py", f"{NNX}x = BAD\ny = 1\nz = BAD\nx = BAD\n")
    whole = [each["fingerprint"] for each in run("--output-format", "gitlab", "a.py").json]
    changed = [each["fingerprint"] for each in run("--output-format", "gitlab", "--diff-base", "HEAD", "a.py").json]
    assert changed == whole[2:]


@pytest.mark.usefixtures("git")
def test_nothing_changed_is_nothing_reported(run: RunCli) -> None:
    assert _rows(run) == ["a.py:2", "a.py:4", "b.py:2"]
    assert _rows(run, "--diff-base", "HEAD") == []


@pytest.mark.parametrize("step", [[], ["add", "-A"], ["commit", "-am", "x"]], ids=["edited", "staged", "committed"])
def test_only_changed_lines_count(project: Path, run: RunCli, git: Git, step: list[str]) -> None:
    base = git("rev-parse", "HEAD").strip()
    write(project / "a.py", f"{NNX}x = BAD\ny = [BAD]\nz = BAD\nnew = BAD\n")
    if step:
        git(*step)
    assert _rows(run, "--diff-base", base) == ["a.py:3", "a.py:5"]
    assert _rows(run, "--diff-base", base, "b.py") == []


def test_what_the_other_branch_did_since_does_not_count(project: Path, run: RunCli, git: Git) -> None:
    git("checkout", "-b", "work")
    write(project / "b.py", f"{NNX}x = BAD\nmine = BAD\n")
    git("commit", "-am", "mine")
    git("checkout", "main")
    write(project / "a.py", NNX)
    git("commit", "-am", "theirs")
    git("checkout", "work")
    assert _rows(run, "--diff-base", "main") == ["b.py:3"]


def test_new_files_count_as_a_whole_and_renamed_ones_by_their_lines(project: Path, run: RunCli, git: Git) -> None:
    write(project / "untracked.py", f"{NNX}x = BAD\n")
    write(project / "added name.py", f"{NNX}x = BAD\n")
    git("add", "added name.py")
    git("mv", "a.py", "moved é.py")
    with (project / "moved é.py").open("a") as stream:
        stream.write("new = BAD\n")
    assert _rows(run, "--diff-base", "main") == ["added name.py:2", "moved é.py:5", "untracked.py:2"]


def test_ignored_files_that_are_named_count_as_a_whole(project: Path, run: RunCli, git: Git) -> None:
    del git
    write(project / ".gitignore", "made.py\n")
    write(project / "made.py", f"{NNX}x = BAD\n")
    assert _rows(run, "--diff-base", "main", "made.py") == ["made.py:2"]


@pytest.mark.parametrize(("row", "touched"), [(1, False), (2, True), (3, True), (4, True), (5, False)])
def test_a_finding_is_touched_by_a_change_of_any_of_its_lines(
    project: Path, git: Git, row: int, *, touched: bool
) -> None:
    lines = ["import os", "x = (", "    1", ")", "y = 2"]
    write(project / "a.py", "\n".join(lines))
    git("commit", "-am", "x")
    lines[row - 1] += "  # changed"
    text = "\n".join(lines)
    source = read_source(write(project / "a.py", text))
    found = Diagnostic("NNX801", "bad", Level.ERROR, "bad", source.path, Span(text.index("x"), text.index(")") + 1))
    report = Report((found,), {source.path: source})
    assert Scope(since=Revision("HEAD")).reported(report) == ((found,) if touched else ())


def test_line_ends_are_no_change(project: Path, run: RunCli, git: Git) -> None:
    del git
    path = project / "a.py"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n") + b"w = BAD\r\n")
    assert _rows(run, "--diff-base", "main") == ["a.py:5"]


def test_only_what_is_reported_is_mended(project: Path, run: RunCli, git: Git) -> None:
    del git
    write(project / "a.py", f"{NNX}x = BAD\ny = [BAD]\nz = BAD\n")
    assert run("--diff", "--diff-base", "main", "--quiet").out.count("\n-") == 1
    fixed = run("--fix", "--diff-base", "main")
    assert fixed.status == 0
    assert "fixed 1" in fixed.out
    assert (project / "a.py").read_text() == f"{NNX}x = BAD\ny = [GOOD]\nz = BAD\n"


def test_a_file_that_was_broken_by_a_change_is_told(project: Path, run: RunCli, git: Git) -> None:
    del git
    write(project / "a.py", f"{NNX}x = (BAD\ny = 1\nz = BAD\n")
    assert [each.partition(":")[0] for each in _rows(run, "--diff-base", "main")] == ["a.py"]
    write(project / "a.py", f"{NNX}x = BAD\ny = 1\nz = BAD\n")
    assert _rows(run, "--diff-base", "main") == []


def test_standard_input_is_held_against_the_file_of_its_name(
    project: Path, run: RunCli, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    del git
    write(project / "buffer", f"{NNX}x = BAD\ny = BAD\nz = BAD\n")

    class Stdin:
        buffer = (project / "buffer").open("rb")

    monkeypatch.setattr("sys.stdin", Stdin)
    assert _rows(run, "--stdin-filename", "a.py", "-", "--diff-base", "main") == ["a.py:3"]


def test_known_findings_stay_known_and_none_is_called_gone(project: Path, run: RunCli, git: Git) -> None:
    assert run("--write-baseline=known.json").status == 0
    git("add", "-A")
    git("commit", "-m", "x")
    write(project / "a.py", f"# moved\n{NNX}x = BAD\ny = BAD\nz = BAD\n")
    assert _rows(run, "--diff-base", "HEAD", "--baseline", "known.json") == ["a.py:4"]


def test_notebooks_are_compared_by_their_cells(project: Path, run: RunCli, git: Git) -> None:
    def notebook(*cells: str) -> str:
        made = [
            {"cell_type": "code", "metadata": {}, "execution_count": 1, "outputs": [], "source": cell} for cell in cells
        ]
        return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 4})

    write(project / "n.ipynb", notebook("from flax import nnx\nx = BAD", "y = BAD"))
    git("add", "-A")
    git("commit", "-m", "x")
    write(project / "n.ipynb", notebook("from flax import nnx\nx = BAD", "y = BAD\nz = BAD"))
    result = run("--output-format", "json", "--diff-base", "HEAD")
    assert [(each["cell"], each["location"]["row"]) for each in json.loads(result.out)] == [(2, 2)]


def test_a_folder_of_the_repository_and_a_worktree_of_it(
    project: Path, run: RunCli, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(project / "deep" / "c.py", f"{NNX}x = BAD\n")
    git("worktree", "add", "tree", "-b", "side")
    write(project / "tree" / "a.py", f"{NNX}x = BAD\ny = BAD\nz = BAD\n")
    assert _rows(run, "--diff-base", "main", "tree") == ["a.py:3"]
    monkeypatch.chdir(project / "deep")
    assert _rows(run, "--diff-base", "main", ".") == ["c.py:2"]


def test_what_cannot_be_compared_is_one_line(
    project: Path, run: RunCli, git: Git, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    def error(*arguments: str) -> str:
        result = run(*arguments)
        assert (result.status, result.out, result.err.count("\n")) == (2, "", 1)
        return result.err.removeprefix("nnxlint: error: --diff-base").rstrip()

    assert error("--diff-base", "mian") == f": `mian` is no revision of {project}"
    assert error("--diff-base", "--all") == f": `--all` is no revision of {project}"
    git("checkout", "--orphan", "apart")
    git("commit", "-m", "apart")
    assert error("--diff-base", "main") == f": `main` and HEAD have no common history in {project}"
    outside = tmp_path_factory.mktemp("outside")
    write(outside / "a.py", NNX)
    assert error("--diff-base", "main", str(outside)) == f": {outside} is in no git repository"
    assert "no --diff-base" in run("--write-baseline", "--diff-base", "main").err
    (project / ".git" / "HEAD").write_text("nonsense")
    assert error("--diff-base", "main").startswith(": git says: fatal: ")
    monkeypatch.setenv("PATH", str(outside))
    assert error("--diff-base", "main").endswith("asks git, and git is not installed")


def test_hooks_of_another_repository_do_not_mislead(
    project: Path, run: RunCli, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    del git
    write(project / "a.py", f"{NNX}x = BAD\ny = BAD\nz = BAD\n")
    monkeypatch.setenv("GIT_DIR", str(project / "elsewhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(project / "elsewhere" / "index"))
    assert _rows(run, "--diff-base", "main") == ["a.py:3"]


def test_a_shallow_clone_is_told(project: Path, run: RunCli, git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    write(project / "a.py", NNX)
    git("commit", "-am", "second")
    clone = project.parent / "clone"
    git("clone", "--depth", "1", project.as_uri(), str(clone))
    monkeypatch.chdir(clone)
    result = run("--diff-base", "HEAD~1")
    assert result.status == 2
    assert "`HEAD~1` is no revision of" in result.err
    assert "the clone is shallow: `git fetch --unshallow` brings its history" in result.err
    assert run("--diff-base", "HEAD").status == 0


def test_random_edits_are_seen_as_git_sees_them(project: Path, git: Git) -> None:
    chance = random.Random(7)  # noqa: S311 - the same edits every time
    path = project / "a.py"
    before = [f"line_{number} = {number}" for number in range(60)]
    write(path, "\n".join(before) + "\n")
    git("commit", "-am", "x")
    for round_ in range(12):
        after = list(before)
        for edit in range(chance.randrange(1, 8)):
            place = chance.randrange(len(after))
            after[place : place + chance.randrange(2)] = [f"new_{round_}_{edit} = 0"] * chance.randrange(3)
        write(path, "\n".join(after) + "\n")
        changed = Revision("HEAD").changed_rows(read_source(path))
        assert changed == frozenset(_rows_of_hunks(git("diff", "-U0")))


def _rows_of_hunks(diff: str) -> Iterator[int]:
    for line in diff.splitlines():
        if line.startswith("@@"):
            start, _, count = line.split()[2].removeprefix("+").partition(",")
            yield from range(int(start), int(start) + int(count or 1))


def test_a_revision_travels_to_other_processes(project: Path, git: Git) -> None:
    del git
    write(project / "a.py", f"{NNX}new = 1\n")
    tasks = [Task((Revision("main"), str(project / name)), 200_000) for name in ("a.py", "b.py")]
    assert spread(_changed_rows, tasks, 2, lambda _: None) == (frozenset({2}), frozenset())


def _changed_rows(argument: tuple[Revision, str]) -> frozenset[int]:
    revision, path = argument
    return revision.changed_rows(read_source(Path(path)))
