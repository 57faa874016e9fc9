"""Known findings: written, left out, found gone, pruned; and the files that are no baseline."""

import json
import os
import stat
import subprocess
from pathlib import Path

import pytest

from nnxlint.baseline import NEVER_KNOWN, Baseline, Entry, read_baseline, write_baseline
from nnxlint.errors import NnxlintError
from nnxlint.rules.nnx900_syntax_error import syntax_error
from nnxlint.rules.nnx999_rule_failure import rule_failure
from nnxlint.settings import Overrides, load_settings
from tests.cli_runs import NNX, RunCli, write

NAME = "nnxlint-baseline.json"


@pytest.fixture
def known(project: Path, run: RunCli) -> Path:
    """Give a project whose two findings are known, as its settings say."""
    write(project / "nnxlint.toml", f'baseline = "{NAME}"\n')
    write(project / "a.py", f"{NNX}x = BAD\ny = BAD\n")
    assert run("--write-baseline").status == 0
    return project


def _paths(folder: Path, name: str = NAME) -> list[str]:
    return [each.path for each in sorted(read_baseline(folder / name).entries)]


def test_what_is_written_is_known_from_then_on(project: Path, run: RunCli) -> None:
    write(project / "a.py", f"{NNX}x = BAD\n")
    written = run("--write-baseline", ".")
    assert (written.status, written.out) == (0, "No problems found in 1 file; 1 known\n")
    assert written.err == (
        f"nnxlint: {NAME}: 1 known finding written; "
        f'name it by `baseline = "{NAME}"` in the settings, or by `--baseline`\n'
    )
    assert run(".").status == 1  # nobody named it
    assert run(".", "--baseline", NAME).out == "No problems found in 1 file; 1 known\n"
    write(project / "nnxlint.toml", f'baseline = "{NAME}"\n')
    assert run(".").status == 0
    assert run(".", "--no-baseline").status == 1


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("# moved\n\n\nx = BAD\ny = BAD\n", []),
        ("x   =   BAD  # why\ny = \\\n  BAD\n", []),
        ("y = BAD\nx = BAD\n", []),
        ("x = BAD\ny = BAD\nz = BAD\n", ["z"]),
        ("x = [BAD]\ny = BAD\n", ["x"]),
        ("x = BAD\ny = BAD\ny = BAD\n", ["y"]),
    ],
)
def test_moved_lines_stay_known_and_edited_ones_come_back(
    known: Path, run: RunCli, text: str, found: list[str]
) -> None:
    source = NNX + text
    write(known / "a.py", source)
    result = run("--output-format", "json", "--allow-stale")
    rows = [each["location"]["row"] for each in json.loads(result.out)]
    assert [source.splitlines()[row - 1][0] for row in rows] == found
    assert result.status == bool(found)


def test_what_is_gone_is_told_and_fails_until_it_is_pruned(known: Path, run: RunCli) -> None:
    write(known / "a.py", f"{NNX}x = BAD\n")
    gone = run(".")
    assert (gone.status, gone.out) == (1, "No problems found in 1 file; 1 known\n")
    assert gone.err == (
        f"nnxlint: warning: {NAME}: 1 known finding no longer found (NNX801 in a.py): "
        "`--prune-baseline` takes them out\n"
    )
    assert run(".", "--quiet") == gone.__class__(1, "", gone.err)
    assert run(".", "--allow-stale").status == 0
    assert run(".", "--exit-zero").status == 0
    pruned = run(".", "--prune-baseline")
    assert (pruned.status, pruned.err) == (0, f"nnxlint: {NAME}: 1 known finding pruned (NNX801 in a.py)\n")
    assert (run(".").err, _paths(known)) == ("", ["a.py"])


def test_only_what_was_looked_for_can_be_gone(known: Path, run: RunCli) -> None:
    write(known / "b.py", f"{NNX}x = RISKY\n")
    assert run("--write-baseline", "b.py").status == 0
    assert _paths(known) == ["a.py", "a.py", "b.py"]
    write(known / "a.py", NNX)
    for arguments in (["b.py"], ["--select", "NNX802"], ["--ignore", "NNX801"], ["--extend-exclude", "a.py"]):
        assert (run(*arguments).err, run(*arguments).status) == ("", 0)
    assert run("a.py").status == 1
    write(known / "a.py", f"{NNX}x = (\n")
    broken = run(".")
    assert "NNX900" in broken.out
    assert broken.err == ""
    write(known / "a.py", "x = 1\n")  # has nothing to do with NNX any more
    assert run(".").status == 1
    (known / "a.py").unlink()
    assert run("b.py").err == ""
    assert run(".").status == 1
    assert run(".", "--prune-baseline").status == 0
    assert _paths(known) == ["b.py"]


def test_known_findings_are_not_mended(known: Path, run: RunCli) -> None:
    source = f"{NNX}x = BAD\ny = BAD\nz = [BAD]\n"
    write(known / "a.py", source)
    assert "fixed 1" in run("--fix").out
    assert (known / "a.py").read_text() == source.replace("[BAD]", "[GOOD]")
    assert run("--diff").status == 0
    assert run("--no-baseline", "--fix", "--allow-stale").status == 0
    assert "BAD" not in (known / "a.py").read_text()
    assert run("--prune-baseline").status == 0
    assert _paths(known) == []


def test_fixing_first_and_writing_then_keeps_what_is_left(project: Path, run: RunCli) -> None:
    write(project / "a.py", f"{NNX}x = BAD\ny = RISKY\n")
    assert run("--fix", "--write-baseline=all.json").status == 0
    assert [each.code for each in read_baseline(project / "all.json").entries] == ["NNX802"]
    assert run("--baseline", "all.json").status == 0


def test_what_hides_other_findings_is_never_known(project: Path, run: RunCli, crashing_rule: object) -> None:
    del crashing_rule
    assert {syntax_error.code, rule_failure.code} == NEVER_KNOWN
    write(project / "a.py", f"{NNX}x = (\n")
    written = run("--write-baseline")
    assert written.status == 1
    assert "NNX900" in written.out
    assert _paths(project) == []


def test_a_folder_may_have_a_baseline_of_its_own(project: Path, run: RunCli) -> None:
    for name in ("one", "two"):
        write(project / name / "nnxlint.toml", 'baseline = "known.json"\n')
        write(project / name / "a.py", f"{NNX}x = BAD\n")
    assert run("--write-baseline").status == 0
    assert _paths(project / "one", "known.json") == _paths(project / "two", "known.json") == ["a.py"]
    assert run("two").out.endswith("1 known\n")


def test_paths_are_seen_from_the_file(project: Path, run: RunCli, monkeypatch: pytest.MonkeyPatch) -> None:
    write(project / "src" / "pack age" / "a.py", f"{NNX}x = BAD\n")
    write(project / "tools" / "nnxlint.toml", "")
    assert run("--write-baseline=tools/known.json", "src").status == 0
    assert _paths(project / "tools", "known.json") == ["../src/pack age/a.py"]
    monkeypatch.chdir(project / "src")
    assert run("--baseline", "../tools/known.json").status == 0


def test_standard_input_is_held_against_the_baseline(known: Path, run: RunCli, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stdin:
        buffer = (known / "a.py").open("rb")

    monkeypatch.setattr("sys.stdin", Stdin)
    assert run("--stdin-filename", "a.py", "-").status == 0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", f"{NAME}: no baseline of nnxlint: "),
        ("[]", f"{NAME}: no baseline of nnxlint: Expected `object`, got `array`"),
        ('{"version": 1}', "missing required field `findings`"),
        ('{"version": 2, "findings": []}', "a baseline of version 2, and this nnxlint reads version 1"),
        ('{"version": 1, "findings": [\n<<<<<<< ours\n', "holds a conflict of git: keep the lines of both sides"),
        (None, f"{NAME}: no such baseline: `nnxlint check --write-baseline` makes one"),
    ],
)
def test_a_file_that_is_no_baseline_is_one_line(project: Path, run: RunCli, content: str | None, message: str) -> None:
    write(project / "a.py", f"{NNX}x = BAD\n")
    if content is not None:
        write(project / NAME, content)
    result = run(".", "--baseline", NAME)
    assert (result.status, result.out, result.err.count("\n")) == (2, "", 1)
    assert message in result.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--write-baseline", "--prune-baseline"], "choose one of them"),
        (["--write-baseline", "--diff"], "--diff writes nothing, and --write-baseline does"),
        (["--write-baseline", "-"], "standard input is none"),
        (
            ["--write-baseline", "known"],
            "known: no such file or directory; if it is no path, write --write-baseline=known",
        ),
        (["--prune-baseline"], "there is no baseline: name one by `--baseline FILE`"),
        (["--no-baseline", "--baseline", NAME], "contradict each other"),
        (["--no-baseline", "--prune-baseline"], "contradict each other"),
        (["--write-baseline=no/such/folder.json"], "cannot be written: No such file or directory"),
    ],
)
def test_options_that_make_no_sense_are_one_line(
    project: Path, run: RunCli, arguments: list[str], message: str
) -> None:
    write(project / "a.py", f"{NNX}x = BAD\n")
    result = run(*arguments)
    assert (result.status, result.out, result.err.count("\n")) == (2, "", 1)
    assert message in result.err


def test_the_word_after_the_option_is_a_path_unless_it_ends_in_json(project: Path, run: RunCli) -> None:
    write(project / "src" / "a.py", f"{NNX}x = BAD\n")
    write(project / "b.py", f"{NNX}x = BAD\n")
    assert run("--write-baseline", "src").status == 0
    assert _paths(project) == ["src/a.py"]
    assert run("--write-baseline", "other.json", "b.py").status == 0
    assert _paths(project, "other.json") == ["b.py"]


def test_writing_is_atomic_sorted_and_repeatable(tmp_path: Path) -> None:
    entries = frozenset(Entry(path, "NNX101", digits) for path in ("b.py", "a.py") for digits in ("2", "1"))
    path = tmp_path / "known.json"
    write_baseline(Baseline(path, entries))
    text = path.read_text()
    assert [line.strip(" ,") for line in text.splitlines()[1:-1]] == [
        json.dumps({"path": each.path, "code": each.code, "fingerprint": each.fingerprint}, separators=(",", ":"))
        for each in sorted(entries)
    ]
    assert read_baseline(path) == Baseline(path, entries)
    os.chmod(path, 0o640)  # noqa: PTH101 - the mode is what is tested
    write_baseline(read_baseline(path))
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == (text, 0o640)
    assert [each.name for each in tmp_path.iterdir()] == ["known.json"]
    write_baseline(Baseline(path))
    assert read_baseline(path).entries == frozenset()


def test_git_merges_what_two_branches_added(tmp_path: Path) -> None:
    def git(*arguments: str) -> None:
        identity = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main")
        subprocess.run(["git", *identity, *arguments], cwd=tmp_path, check=True, capture_output=True)  # noqa: S607

    path = tmp_path / NAME
    shared = {Entry(f"{name}.py", "NNX101", "0") for name in "bdfh"}

    def commit(*more: str) -> None:
        write_baseline(Baseline(path, frozenset({*shared, *(Entry(name, "NNX101", "1") for name in more)})))
        git("add", "-A")
        git("commit", "-m", "x")

    git("init")
    commit()
    git("checkout", "-b", "other")
    commit("c.py")
    git("checkout", "main")
    commit("g.py")
    git("merge", "other")
    assert _paths(tmp_path) == ["b.py", "c.py", "d.py", "f.py", "g.py", "h.py"]


def test_the_setting_counts_from_its_file(tmp_path: Path) -> None:
    write(tmp_path / "nnxlint.toml", 'baseline = "ci/../known.json"\n')
    (tmp_path / "deep").mkdir()
    assert load_settings(tmp_path / "deep").baseline == tmp_path / "known.json"
    assert load_settings(tmp_path, Overrides(no_baseline=True)).baseline is None
    write(tmp_path / "nnxlint.toml", "baseline = 1\n")
    with pytest.raises(NnxlintError, match="expected `str`"):
        load_settings(tmp_path / "deep")
