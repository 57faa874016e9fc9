"""Comments written for findings: where they go, what they say, and that the code stays what it is."""

import ast
import json
from pathlib import Path

import pytest

from nnxlint.diagnostic import Diagnostic, Level
from nnxlint.errors import NnxlintError
from nnxlint.ignoring import NEVER_SILENCED, check_reason, silence
from nnxlint.rules.nnx900_syntax_error import syntax_error
from nnxlint.rules.nnx901_unused_suppression import unused_suppression
from nnxlint.rules.nnx902_invalid_suppression import invalid_suppression
from nnxlint.rules.nnx999_rule_failure import rule_failure
from nnxlint.source import Source, make_source
from nnxlint.spans import Span
from tests.cli_runs import NNX, RunCli, write

WORDS = {"BAD": "NNX801", "RISKY": "NNX802"}


def _found(source: Source) -> list[Diagnostic]:
    return [
        Diagnostic(code, code.lower(), Level.ERROR, "bad", source.path, Span(start, start + len(word)))
        for word, code in WORDS.items()
        for start in range(len(source.text))
        if source.text.startswith(word, start)
    ]


def _silenced(text: str, reason: str = "") -> str:
    source = make_source("/project/a.py", text.encode())
    found = _found(source)
    made = silence(source, found, reason)
    assert made.diagnostics == tuple(each for each in found if each in made.diagnostics)
    assert len(made.diagnostics) == len(found), "some are not silenced"
    assert ast.dump(ast.parse(made.source.text)) == ast.dump(ast.parse(text))
    return made.source.text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = BAD\n", "x = BAD  # nnxlint: ignore[NNX801]\n"),
        ("x = BAD", "x = BAD  # nnxlint: ignore[NNX801]"),
        ("x = BAD \t \ny = 1\n", "x = BAD  # nnxlint: ignore[NNX801]\ny = 1\n"),
        ("x = BAD, RISKY, BAD\n", "x = BAD, RISKY, BAD  # nnxlint: ignore[NNX801, NNX802]\n"),
        ("x = BAD  # why \n", "x = BAD  # why  # nnxlint: ignore[NNX801]\n"),
        ("x = BAD  # type: ignore\n", "x = BAD  # type: ignore  # nnxlint: ignore[NNX801]\n"),
        ("x = BAD  # noqa: E501\n", "x = BAD  # noqa: E501  # nnxlint: ignore[NNX801]\n"),
        ("x = BAD  # nnxlint: ignore\n", "x = BAD  # nnxlint: ignore  # nnxlint: ignore[NNX801]\n"),
        ("x = BAD  # nnxlint: ignore[NNX802] old\n", "x = BAD  # nnxlint: ignore[NNX802, NNX801] old\n"),
        ("x = BAD  # nnxlint: ignore[NNX802,]\n", "x = BAD  # nnxlint: ignore[NNX802, NNX801,]\n"),
        ("x = BAD  # noqa: NNX802 old\n", "x = BAD  # noqa: NNX802, NNX801 old\n"),
        ("x = BAD  # noqa: NNX802, E501\n", "x = BAD  # noqa: NNX802, NNX801, E501\n"),
        ("x = (\n    1,\n    BAD,\n)\n", "x = (\n    1,\n    BAD,  # nnxlint: ignore[NNX801]\n)\n"),
        (
            "x = (\n    1,\n    BAD,\n)  # nnxlint: ignore[NNX802]\n",
            "x = (\n    1,\n    BAD,\n)  # nnxlint: ignore[NNX802, NNX801]\n",
        ),
        ("x = BAD + \\\n    1\n", "x = BAD + \\\n    1  # nnxlint: ignore[NNX801]\n"),
        ("x = 1 + \\\n    BAD + \\\n    1\n", "x = 1 + \\\n    BAD + \\\n    1  # nnxlint: ignore[NNX801]\n"),
        ('x = BAD + """\n# """\n', 'x = BAD + """\n# """  # nnxlint: ignore[NNX801]\n'),
        ('x = f("""\n""", BAD, """\n""")\n', 'x = f("""\n""", BAD, """\n""")  # nnxlint: ignore[NNX801]\n'),
        ('x = f"""{BAD}\n"""\n', 'x = f"""{BAD}\n"""  # nnxlint: ignore[NNX801]\n'),
        ('x = f"""{\nBAD\n}"""\n', 'x = f"""{\nBAD\n}"""  # nnxlint: ignore[NNX801]\n'),
        ("if BAD:\n    pass\n", "if BAD:  # nnxlint: ignore[NNX801]\n    pass\n"),
        ("if 1: BAD\n", "if 1: BAD  # nnxlint: ignore[NNX801]\n"),
        ("@BAD\ndef f(): pass\n", "@BAD  # nnxlint: ignore[NNX801]\ndef f(): pass\n"),
        ("def f(\n    a=BAD\n): pass\n", "def f(\n    a=BAD  # nnxlint: ignore[NNX801]\n): pass\n"),
        ("x = BAD\r\ny = 1\r\n", "x = BAD  # nnxlint: ignore[NNX801]\r\ny = 1\r\n"),
        ("x = BAD\ry = 1\r", "x = BAD  # nnxlint: ignore[NNX801]\ry = 1\r"),
        ("x = BAD; y = 1\n", "x = BAD; y = 1  # nnxlint: ignore[NNX801]\n"),
        ("# nnxlint: ignore-file[NNX802]\nx = BAD\n", None),
        ("x = 'é', BAD\n\x0c\n", "x = 'é', BAD  # nnxlint: ignore[NNX801]\n\x0c\n"),
    ],
)
def test_comments_go_where_they_are_heard(before: str, after: str | None) -> None:
    made = _silenced(before)
    assert made == (after or before.replace("BAD\n", "BAD  # nnxlint: ignore[NNX801]\n"))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = BAD\n", "x = BAD  # nnxlint: ignore[NNX801] see #12\n"),
        ("x = BAD  # nnxlint: ignore[NNX802]\n", "x = BAD  # nnxlint: ignore[NNX802, NNX801] see #12\n"),
        ("x = BAD  # nnxlint: ignore[NNX802] old\n", "x = BAD  # nnxlint: ignore[NNX802, NNX801] old\n"),
        ("x = BAD  # noqa: NNX802\n", "x = BAD  # noqa: NNX802, NNX801 see #12\n"),
    ],
)
def test_the_reason_stands_behind_unless_there_is_one(before: str, after: str) -> None:
    check_reason("see #12")
    assert _silenced(before, "see #12") == after


@pytest.mark.parametrize("reason", ["two\nlines", "two\rlines", "\0", "one # noqa", "# nnxlint: ignore[NNX1]"])
def test_a_reason_that_is_none(reason: str) -> None:
    with pytest.raises(NnxlintError, match="--add-ignore: the reason"):
        check_reason(reason)


def test_some_findings_are_never_silenced() -> None:
    never = {rule.code for rule in (syntax_error, unused_suppression, invalid_suppression, rule_failure)}
    assert never == NEVER_SILENCED
    source = make_source("/project/a.py", b"x = 1\n")
    for code in never:
        found = Diagnostic(code, "x", Level.ERROR, "bad", source.path, Span(0, 1))
        assert silence(source, [found]) == silence(source, [])


def test_bytes_besides_stay() -> None:
    data = "\ufeffx = 'é'\r\ny = BAD\r\n".encode()
    source = make_source("/project/a.py", data)
    made = silence(source, _found(source)).source
    assert (made.bom, made.text) == (True, "x = 'é'\r\ny = BAD  # nnxlint: ignore[NNX801]\r\n")
    latin = make_source("/project/a.py", "# coding: latin-1\nx = BAD\n".encode("latin-1"))
    with pytest.raises(NnxlintError, match="cannot be written in the file's encoding"):
        silence(latin, _found(latin), "日")


def _notebook(*cells: list[str]) -> Source:
    made: list[dict[str, object]] = [
        {"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": [], "source": cell} for cell in cells
    ]
    document = {"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    return make_source("/project/n.ipynb", json.dumps(document, indent=1).encode())


def test_notebooks_get_theirs_in_the_cells() -> None:
    source = _notebook(["import os\n", "x = BAD"], ["y = RISKY\n", "z = 1"])
    made = silence(source, _found(source)).source
    cells = [cell["source"] for cell in json.loads(made.content)["cells"]]
    assert cells == [
        ["import os\n", "x = BAD  # nnxlint: ignore[NNX801]"],
        ["y = RISKY  # nnxlint: ignore[NNX802]\n", "z = 1"],
    ]
    assert silence(made, _found(made)).source != made  # whoever reports it again gets it again, on the same line


def test_lines_with_magics_are_left_alone() -> None:
    source = _notebook(["%time x = BAD\n", "y = BAD"])
    made = silence(source, _found(source))
    assert [each.span.start > source.text.index("y") for each in made.diagnostics] == [True]
    assert json.loads(made.source.content)["cells"][0]["source"][0] == "%time x = BAD\n"


def test_what_cannot_be_read_to_its_end_is_left_alone() -> None:
    source = make_source("/project/a.py", b"x = BAD\ny = (\n")
    assert silence(source, _found(source)).source == source


def test_the_command_silences_what_is_reported_and_nothing_else(project: Path, run: RunCli) -> None:
    write(project / "a.py", f"{NNX}x = BAD\ny = BAD, RISKY\n")
    write(project / "b.py", f"{NNX}x = BAD\n")
    result = run("--add-ignore=for now", "--select", "NNX801", "a.py")
    assert (result.status, result.out) == (0, "No problems found in 1 file\n")
    assert result.err == "nnxlint: 2 findings silenced by comments in 1 file\n"
    assert (project / "a.py").read_text() == (
        f"{NNX}x = BAD  # nnxlint: ignore[NNX801] for now\ny = BAD, RISKY  # nnxlint: ignore[NNX801] for now\n"
    )
    assert run("--add-ignore").status == 0
    assert "ignore[NNX801, NNX802] for now" in (project / "a.py").read_text()
    before = (project / "a.py").read_bytes()
    assert run("--add-ignore").err == "nnxlint: 0 findings silenced by comments in 0 files\n"
    assert (project / "a.py").read_bytes() == before


def test_what_cannot_be_silenced_is_told(project: Path, run: RunCli) -> None:
    write(project / "a.py", f"{NNX}x = BAD\n")
    write(project / "b.py", f"{NNX}x = (\n")
    result = run("--add-ignore", "--output-format", "concise")
    assert result.status == 1
    assert result.out.startswith("b.py:2:5: NNX900 ")
    assert "1 finding silenced by comments in 1 file" in result.err
    assert "1 finding cannot be silenced by a comment: NNX900" in result.err
    write(project / "a.py", f"# coding: ascii\n{NNX}x = BAD\n")
    result = run("--add-ignore=ß", "a.py")
    assert (result.status, "'ß' cannot be written in the file's encoding, ascii" in result.err) == (2, True)


def test_what_could_not_be_written_does_not_count(project: Path, run: RunCli, monkeypatch: pytest.MonkeyPatch) -> None:
    write(project / "a.py", f"{NNX}x = BAD\ny = BAD\n")
    write(project / "b.py", f"{NNX}x = BAD\n")
    monkeypatch.setattr("nnxlint.writing.os.access", lambda path, _: Path(path).name != "a.py")
    result = run("--add-ignore")
    assert (result.status, "a.py: cannot be written: the file is read-only" in result.err) == (2, True)
    assert result.err.endswith("nnxlint: 1 finding silenced by comments in 1 file\n")
    assert "Found 2 errors in 1 file" in result.out
    again = run("--add-ignore")
    assert again.err.endswith("nnxlint: 0 findings silenced by comments in 0 files\n")
    assert again.out == result.out


def test_known_findings_and_those_on_other_lines_get_no_comment(project: Path, run: RunCli) -> None:
    write(project / "a.py", f"{NNX}x = BAD\n")
    assert run("--write-baseline=known.json").status == 0
    write(project / "a.py", f"{NNX}x = BAD\ny = BAD\n")
    assert run("--add-ignore", "--baseline", "known.json").status == 0
    assert (project / "a.py").read_text() == f"{NNX}x = BAD\ny = BAD  # nnxlint: ignore[NNX801]\n"


@pytest.mark.parametrize("other", ["--fix", "--diff", "--write-baseline", "-"])
def test_options_that_contradict_it(run: RunCli, other: str) -> None:
    result = run("--add-ignore", other)
    assert (result.status, result.out, result.err.count("\n")) == (2, "", 1)
    assert "--add-ignore" in result.err


def test_a_bad_reason_is_one_line(run: RunCli) -> None:
    assert "if it is no path, write --add-ignore='later'" in run("--add-ignore", "later").err
    assert run("--add-ignore=a\nb").err == "nnxlint: error: --add-ignore: the reason must be one line\n"
