"""The command line from arguments to exit status, on a fake analysis."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from nnxlint import __version__
from nnxlint.cli import cli
from nnxlint.commands import check as check_command
from nnxlint.commands.output import write_document, write_text
from nnxlint.render.progress import progress_bar
from tests.cli_runs import NNX, MakeRule, Run, RunCli, write


@pytest.mark.parametrize("command", [["check"], []])
def test_a_path_is_short_for_checking_it(run: RunCli, project: Path, command: list[str]) -> None:
    write(project / "a.py", f"{NNX}x = BAD\n")
    result = run(*command, ".")
    assert result.status == 1
    assert result.out.startswith("a.py:2:5: NNX801 no-bad\n  error: `BAD` is bad\n")
    assert result.out.endswith("Found 1 error in 1 file; 1 fixable with --fix\n")
    assert result.err == ""


def test_options_may_come_before_the_path(run: RunCli, project: Path) -> None:
    write(project / "a.py", f"{NNX}x = BAD\n")
    assert run("--output-format", "concise", "--select", "NNX801", "a.py").out.startswith("a.py:2:5: NNX801 error: ")


def test_without_a_path_the_working_directory_is_checked(run: RunCli, project: Path) -> None:
    write(project / "a.py", f"{NNX}x = BAD\n")
    assert run("check").status == 1


def test_clean_code(run: RunCli, project: Path) -> None:
    write(project / "a.py", f"{NNX}x = 1\n")
    write(project / "b.py", "BAD = 'nothing to do with it'\n")
    assert run(".") == Run(0, "No problems found in 2 files\n", "")
    assert run(".", "--output-format", "json") == Run(0, "[]\n", "")
    assert run(".", "-q") == Run(0, "", "")


@pytest.mark.parametrize(
    ("options", "codes"),
    [
        ([], ["NNX801", "NNX802"]),
        (["--select", "NNX801"], ["NNX801"]),
        (["--select", "risky-thing,NNX804"], ["NNX802", "NNX804"]),
        (["--select", "NNX801", "--select", "NNX804"], ["NNX801", "NNX804"]),
        (["--select", "ALL"], ["NNX801", "NNX802", "NNX804"]),
        (["--extend-select", "NNX804"], ["NNX801", "NNX802", "NNX804"]),
        (["--ignore", "NNX801"], ["NNX802"]),
        (["--ignore", "NNX"], []),
        (["--flax-version", "0.10.7"], ["NNX801", "NNX802", "NNX803"]),
    ],
)
def test_rules_are_chosen_on_the_command_line(run: RunCli, project: Path, options: list[str], codes: list[str]) -> None:
    write(project / "a.py", f"{NNX}BAD\nRISKY\nWORSE\nPEDANTIC\n")
    result = run(".", "--output-format", "json", *options)
    assert [each["code"] for each in result.json] == codes
    assert result.status == (1 if codes else 0)


@pytest.mark.parametrize(
    ("settings", "options", "codes"),
    [
        ('select = ["NNX802"]', [], ["NNX802"]),
        ('select = ["NNX802"]', ["--extend-select", "NNX801"], ["NNX801", "NNX802"]),
        ('select = ["NNX802"]\nignore = ["NNX801"]', ["--select", "NNX801"], ["NNX801"]),
        ('ignore = ["NNX801"]', ["--ignore", "NNX802"], []),
        ('flax-version = "0.10.7"', [], ["NNX801", "NNX802", "NNX803"]),
        ('flax-version = "0.10.7"', ["--flax-version", "0.12.0"], ["NNX801", "NNX802"]),
        ('exclude = ["a.py"]', [], []),
    ],
)
def test_settings_hold_below_the_command_line(
    run: RunCli, project: Path, settings: str, options: list[str], codes: list[str]
) -> None:
    write(project / "pyproject.toml", f"[tool.nnxlint]\n{settings}\n")
    write(project / "a.py", f"{NNX}BAD\nRISKY\nWORSE\nPEDANTIC\n")
    assert [each["code"] for each in run(".", "--output-format", "json", *options).json] == codes


def test_a_warning_alone_is_a_finding_and_exit_zero_forgives_it(run: RunCli, project: Path) -> None:
    write(project / "a.py", f"{NNX}WORSE\n")
    assert run(".", "--flax-version", "0.10.7").status == 1
    assert run(".", "--flax-version", "0.10.7", "--exit-zero").status == 0


@pytest.mark.parametrize(
    ("options", "text", "status", "left"),
    [
        (
            [],
            "BAD = RISKY\n",
            1,
            "Found 2 errors in 1 file; 1 fixable with --fix, 1 more with --unsafe-fixes",
        ),
        (["--unsafe-fixes"], "BAD = RISKY\n", 1, "Found 2 errors"),
        (
            ["--fix"],
            "GOOD = RISKY\n",
            1,
            "Found 1 error in 1 file; fixed 1; 1 fixable with --fix --unsafe-fixes",
        ),
        (["--fix", "--unsafe-fixes"], "GOOD = SURE\n", 0, "No problems found in 1 file; fixed 2"),
        (["--fix", "--ignore", "NNX801"], "BAD = RISKY\n", 1, "Found 1 error"),
    ],
)
def test_fixes_are_written_and_only_the_rest_is_found(
    run: RunCli, project: Path, options: list[str], text: str, status: int, left: str
) -> None:
    path = write(project / "a.py", f"{NNX}BAD = RISKY\n")
    result = run(".", *options)
    assert path.read_text() == NNX + text
    assert result.status == status
    assert left in result.out


def test_a_fixed_report_shows_the_text_that_is_left(run: RunCli, project: Path) -> None:
    path = write(project / "a.py", f"{NNX}BAD = 1; RISKY\r\n")
    result = run(".", "--fix", "--output-format", "json")
    assert path.read_bytes() == f"{NNX}GOOD = 1; RISKY\r\n".encode()
    assert [each["location"] for each in result.json] == [{"row": 2, "column": 11}]


@pytest.mark.parametrize("options", [["--diff"], ["--fix", "--diff"]])
def test_a_diff_writes_nothing(run: RunCli, project: Path, options: list[str]) -> None:
    path = write(project / "pkg" / "a.py", f"{NNX}BAD = RISKY\n")
    result = run("pkg", *options)
    assert path.read_text() == f"{NNX}BAD = RISKY\n"
    assert result.out == (
        "--- pkg/a.py\n+++ pkg/a.py\n@@ -1,2 +1,2 @@\n from flax import nnx\n-BAD = RISKY\n+GOOD = RISKY\n"
    )
    assert result.err == "nnxlint: Would fix 1 finding in 1 file\n"
    assert result.status == 1
    assert run("pkg", *options, "--exit-zero").status == 0
    assert run("pkg", *options, "--quiet").err == ""


def test_a_diff_that_prints_nothing_is_clean(run: RunCli, project: Path) -> None:
    write(project / "a.py", f"{NNX}RISKY\n")
    assert run(".", "--diff") == Run(0, "", "")
    assert "+SURE" in run(".", "--diff", "--unsafe-fixes").out


def test_a_fix_that_cannot_be_written_is_told_and_the_others_are(
    run: RunCli, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked, other = write(project / "a.py", f"{NNX}BAD\n"), write(project / "b.py", f"{NNX}BAD\n")
    real = os.access
    monkeypatch.setattr("nnxlint.writing.os.access", lambda path, mode: path != locked and real(path, mode))
    result = run(".", "--fix")
    assert result.status == 2
    assert result.err == f"nnxlint: error: {locked}: cannot be written: the file is read-only\n"
    assert (locked.read_text(), other.read_text()) == (f"{NNX}BAD\n", f"{NNX}GOOD\n")
    assert "a.py:2:1" in result.out
    assert "Found 1 error in 1 file; fixed 1; 1 fixable with --fix\n" in result.out


def test_what_could_not_be_mended_is_told_where_it_stands(
    run: RunCli, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(project / "a.py", f"{NNX}RISKY; BAD; BAD; RISKY\n")
    write(project / "b.py", f"{NNX}BAD; RISKY\n")
    places = [each["location"] for each in run("a.py", "--output-format", "json").json]
    monkeypatch.setattr("nnxlint.writing.os.access", lambda path, _: Path(path).name != "a.py")
    result = run(".", "--fix", "--output-format", "json")
    assert [each["location"] for each in result.json] == [*places, {"row": 2, "column": 7}]
    assert {"row": 2, "column": 18} in places, "a fix would move it"


def test_known_findings_of_a_file_that_could_not_be_written_stay_known(
    run: RunCli, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(project / "nnxlint.toml", 'baseline = "known.json"\n')
    path = write(project / "a.py", f"{NNX}BAD\n")
    assert run("--write-baseline").status == 0
    write(path, f"{NNX}BAD\nx = BAD\n")
    monkeypatch.setattr("nnxlint.writing.os.access", lambda *_: False)
    assert run("--fix").out.endswith("Found 1 error in 1 file; 1 fixable with --fix; 1 known\n")


def test_json_is_the_only_thing_on_standard_output(run: RunCli, project: Path) -> None:
    write(project / "a.py", f"{NNX}'日本'; BAD\n")
    write(project / "broken.py", f"{NNX}x = (\n")
    write(project / "latin.py", "").write_bytes(b"from flax import nnx\n'\xff'\n")
    result = run(".", "--output-format", "json", "--statistics", "--verbose")
    assert [(each["filename"], each["code"]) for each in result.json] == [
        ("a.py", "NNX801"),
        ("broken.py", "NNX900"),
    ]
    assert result.json[0]["location"] == {"row": 2, "column": 7}
    assert result.status == 2
    lines = result.err.splitlines()
    assert json.loads(lines[0])["understood"]["module_classes"]["seen"] == 2 * 4  # two files that no import connects
    assert "latin.py: cannot be decoded as utf-8" in lines[1]
    assert "Flax" in lines[2]


@pytest.mark.parametrize("output_format", ["text", "concise"])
def test_statistics_follow_the_findings(run: RunCli, project: Path, output_format: str) -> None:
    write(project / "a.py", f"{NNX}BAD\n")
    out = run(".", "--statistics", "--output-format", output_format).out
    assert "\n1  NNX801 no-bad (1 fixable)\n" in out
    assert "module classes  3 of 4 (75.0 %)\n       1  base class not found\n" in out


def test_a_broken_file_is_a_finding_and_the_rest_is_linted(run: RunCli, project: Path) -> None:
    write(project / "a.py", f"{NNX}BAD\n")
    write(project / "b.py", f"{NNX}x = (\n")
    result = run(".", "--output-format", "concise")
    assert result.out.splitlines()[:2] == [
        "a.py:2:1: NNX801 error: `BAD` is bad [safe fix]",
        "b.py:2:5: NNX900 error: cannot be parsed: '(' was never closed",
    ]
    assert result.status == 1


@pytest.mark.parametrize(
    ("options", "reported"), [(["--select", "NNX801"], True), (["--ignore", "NNX900"], False), ([], True)]
)
def test_a_broken_file_is_reported_unless_it_is_ignored(
    run: RunCli, project: Path, word_rule: MakeRule, options: list[str], *, reported: bool
) -> None:
    write(project / "b.py", f"{NNX}x = (\n")
    rules = (word_rule("NNX801", "BAD"), word_rule("NNX900", "NEVER_THERE"))
    assert bool(run(".", *options, "--output-format", "json", rules=rules).json) == reported


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="this Python reads it")
def test_syntax_of_a_newer_python_is_no_finding_but_was_not_linted(run: RunCli, project: Path) -> None:
    write(project / "a.py", f"{NNX}x = t'{{BAD}}'\n")
    write(project / "b.py", f"{NNX}BAD\n")
    result = run(".", "--output-format", "json")
    assert [each["filename"] for each in result.json] == ["b.py"]
    assert "a.py: not linted: its syntax is of Python 3.14" in result.err
    assert result.status == 2


def test_a_crash_of_a_rule_is_told_and_loses_nothing(run: RunCli, project: Path, word_rule: MakeRule) -> None:
    write(project / "a.py", f"{NNX}x = BOOM\nBAD\n")
    result = run(".", "--output-format", "concise", rules=(word_rule("NNX801", "BAD"),), crash=True)
    assert "a.py:2:5: NNX999 error: rule NNX809 (crashing) crashed here" in result.out
    assert "a.py:3:1: NNX801" in result.out
    assert result.status == 2
    assert "Traceback" not in result.out + result.err
    assert run(".", "--exit-zero").status == 2
    assert "ZeroDivisionError: cannot look at" in run(".", "--verbose").err


def test_a_crash_of_the_model_is_told_and_the_other_files_are_linted(run: RunCli, project: Path) -> None:
    write(project / "a.py", f"{NNX}CRASH_THE_MODEL\n")
    write(project / "b.py", f"{NNX}BAD\n")
    result = run(".", "--output-format", "json")
    assert [(each["filename"], each["code"]) for each in result.json] == [
        ("a.py", "NNX999"),
        ("b.py", "NNX801"),
    ]
    assert result.status == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "no such file or directory"),
        (["--select", "NNX899", "."], "unknown rule selector `NNX899`; did you mean `NNX80"),
        (["--ignore", "riski-thing", "."], "did you mean `risky-thing`?"),
        (["--flax-version", "latest", "."], "no version of Flax"),
        (["--output-format", "xml", "."], "`xml` is no output format: it is one of text, concise, grouped, json"),
        (["--output-format", "sarf:a.sarif", "."], "`sarf` is no output format: did you mean `sarif`?"),
        (["--output-format", "text,sarif:a", "."], "no output format: write an --output-format for each"),
        (["--output-format", "sarif:", "."], "--output-format sarif: names no file after the colon"),
        (["--output-format", "json", "--output-format", "sarif", "."], "write --output-format json:FILE"),
        (["--output-format", "json:a", "--output-format", "sarif:./a", "."], "two formats cannot go to the same file"),
        (["--output-format", "json:a", "--output-file", "b", "."], "--output-file takes the format that names no file"),
        (["--output-file", ".", "."], ". is a folder: name a file to write to"),
        (["--output-format", "json:a.py/b", "."], "a.py/b: cannot be written: "),
        (["--nonsense", "."], "No such option"),
        (["--diff", "--output-format", "json", "."], "leave --output-format and --output-file out"),
        (["--diff", "--output-file", "a", "."], "leave --output-format and --output-file out"),
        (["-q", "-v", "."], "--quiet and --verbose contradict each other"),
        (["rule"], "name one rule, or ask for `--all`"),
        (["rule", "NNX801", "--all"], "name one rule, or ask for `--all`"),
        (["rule", "NNX809"], "unknown rule `NNX809`; did you mean `NNX80"),
        (["rule", "E501"], "unknown rule `E501`: see `nnxlint rule --all`"),
        (["why", "a.py"], "`a.py` names no line: write FILE:LINE"),
        (["why", "a.py:x"], "names no line"),
        (["why", "a.py:0"], "has no line 0: it has 3"),
        (["why", "a.py:9"], "has no line 9: it has 3"),
        (["why", "nowhere.py:1"], "no such file or directory"),
    ],
)
def test_a_mistake_is_one_line_and_status_two(run: RunCli, project: Path, arguments: list[str], message: str) -> None:
    write(project / "a.py", f"{NNX}BAD\n")
    result = run(*arguments)
    assert result.status == 2
    assert result.out == ""
    assert result.err.startswith("nnxlint: error: ")
    assert message in result.err
    assert result.err.count("\n") == 1


def test_broken_settings_are_one_line(run: RunCli, project: Path) -> None:
    write(project / "pyproject.toml", "[tool.nnxlint]\nselekt = []\n")
    write(project / "a.py", NNX)
    result = run(".")
    assert (result.status, result.out) == (2, "")
    assert "unknown setting `selekt`, did you mean `select`?" in result.err


def test_a_directory_without_python_is_told(run: RunCli, project: Path) -> None:
    del project
    result = run(".")
    assert result.status == 0
    assert result.err == "nnxlint: warning: no Python files found under the given paths\n"
    assert run(".", "--quiet").err == ""


def test_an_unreadable_file_is_told_and_the_rest_is_linted(run: RunCli, project: Path) -> None:
    write(project / "a.py", f"{NNX}BAD\n")
    (project / "null.py").write_bytes(b"from flax import nnx\n\0")
    result = run(".")
    assert result.status == 2
    assert "NNX801" in result.out
    assert "null.py: holds a null byte on line 2" in result.err


def test_an_interruption_is_one_line(run: RunCli, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(project / "a.py", NNX)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(check_command, "check", interrupted)
    result = run(".")
    assert (result.status, result.out, result.err.strip()) == (130, "", "nnxlint: interrupted")


@pytest.mark.parametrize("options", [[], ["--verbose"]])
def test_a_defect_is_one_line_and_a_traceback_on_request(
    run: RunCli, project: Path, monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    write(project / "a.py", NNX)

    def broken(*_: object) -> None:
        message = "some\nthing"
        raise LookupError(message)

    monkeypatch.setattr(check_command, "check", broken)
    result = run(".", *options)
    assert result.status == 2
    assert result.err.splitlines()[-1].startswith("nnxlint: error: a defect of nnxlint: LookupError: some thing")
    assert ("Traceback" in result.err) == bool(options)


def test_colour_is_for_terminals_and_those_who_force_it(
    run: RunCli, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(project / "a.py", f"{NNX}BAD\n")
    assert "\x1b" not in run(".").out
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in run(".").out
    assert "\x1b[" in run(".", "--diff").out
    assert "\x1b" not in run(".", "--output-format", "json").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in run(".").out + run(".", "--diff").out


def test_verbose_tells_what_was_known(run: RunCli, project: Path) -> None:
    write(project / "a.py", NNX)
    write(project / "b.py", NNX + "import a\n")
    assert "2 files known, 1 of them reported, Flax 0.11.0 (" in run("a.py", "-v", "--flax-version", "0.11.0").err


def test_one_rule_is_explained_by_code_or_name(run: RunCli) -> None:
    page = run("rule", "NNX802")
    assert page.status == 0
    assert page.out.startswith("# risky-thing (NNX802)\n")
    assert run("rule", "risky-thing") == page
    assert run("rule", "nnx802") == page
    assert json.loads(run("rule", "NNX802", "--output-format", "json").out)["name"] == "risky-thing"


def test_a_rule_is_rendered_in_colour(run: RunCli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    out = run("rule", "NNX802").out
    assert "\x1b[" in out
    assert "## What it does" not in out
    assert "What it does" in out


def test_all_rules_are_listed(run: RunCli) -> None:
    assert run("rule", "--all").out.splitlines() == [
        "NNX801  no-bad       error",
        "NNX802  risky-thing  error",
        "NNX803  no-worse     warning  flax <0.11",
        "NNX804  no-pedantic  error    off",
    ]
    listed = run("rule", "--all", "--output-format", "json").json
    assert [each["code"] for each in listed] == ["NNX801", "NNX802", "NNX803", "NNX804"]


def test_why_shows_what_is_known_and_found_on_the_line(run: RunCli, project: Path) -> None:
    write(project / "a.py", f"{NNX}BAD\nBAD\n")
    result = run("why", "a.py:3", "--flax-version", "0.11.2")
    assert result.status == 0
    assert result.out.startswith("row 3 of a.py on Flax 0.11.2\n\na.py:3:1: NNX801 no-bad\n")
    assert "a.py:2:1" not in result.out
    assert run("why", "a.py:3:1", "--flax-version", "0.11.2") == result
    assert run("why", "a.py:1", "--flax-version", "0.11.2").out == "row 1 of a.py on Flax 0.11.2\n"


def test_why_on_a_file_that_no_rule_looks_at(run: RunCli, project: Path) -> None:
    write(project / "a.py", "x = 1\n")
    assert "a.py has nothing to do with NNX" in run("why", "a.py:1").out


def test_why_on_a_broken_file(run: RunCli, project: Path) -> None:
    write(project / "a.py", f"{NNX}x = (\n")
    assert "NNX900" in run("why", "a.py:2").out


def test_version_and_help(run: RunCli) -> None:
    assert run("--version") == Run(0, f"nnxlint {__version__}\n", "")
    for arguments in ([], ["--help"], ["-h"]):
        result = run(*arguments)
        assert result.status == 0
        assert all(command in result.out for command in cli.commands)
    assert "--unsafe-fixes" in run("check", "--help").out


def test_python_m_works() -> None:
    done = subprocess.run([sys.executable, "-m", "nnxlint", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"nnxlint {__version__}\n"


def test_start_up_imports_nothing_heavy() -> None:
    code = "import sys; from nnxlint.cli import main; main(['--version']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.splitlines()[-1].split()}
    assert loaded.isdisjoint({"jax", "flax", "numpy", "libcst", "rich", "msgspec", "pathspec", "packaging", "pygls"})


def test_a_reader_that_goes_away_is_no_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w", encoding="utf-8") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        write_text("x" * 100_000)
        write_text("again")
        stream.flush()


def test_what_the_encoding_lacks_is_escaped_but_documents_are_utf8(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    write_text("日\n")
    write_document("日\n")
    assert raw.getvalue() == b"\\u65e5\n" + "日\n".encode()


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("delay", "shown"), [(0.0, True), (60.0, False)])
def test_the_progress_bar_shows_on_long_runs_only(
    monkeypatch: pytest.MonkeyPatch, delay: float, *, shown: bool
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    stream = _Terminal()
    with progress_bar(stream, delay=delay) as advance:
        for _ in range(500):
            advance(3, 7)
            if not shown or "3/7" in stream.getvalue():
                break
    assert bool(stream.getvalue()) == shown


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no full device")
@pytest.mark.parametrize("arguments", [["--help"], ["rule", "NNX101"]])
def test_output_that_cannot_be_written_is_no_defect(arguments: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "nnxlint", *arguments], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 2
    assert "defect" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="modes of folders are another thing there")
def test_a_folder_that_may_not_be_entered_costs_nothing_else(
    run: RunCli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "good.py", f"{NNX}\n")
    locked = tmp_path / "locked"
    locked.mkdir()
    look = os.stat

    def denied(path: object, *rest: object, **more: object) -> os.stat_result:
        if isinstance(path, str | os.PathLike) and os.fspath(path).startswith(f"{locked}/"):
            raise PermissionError(13, "Permission denied", os.fspath(path))
        return look(path, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "stat", denied)
    assert run("check", str(tmp_path)).status == 0
