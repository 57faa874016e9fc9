"""The text formats, as people read them."""

import io
from collections.abc import Mapping
from pathlib import Path

import pytest

from nnxlint.diagnostic import Diagnostic, Level, Related
from nnxlint.edits import Applicability, Edit, Fix
from nnxlint.render.concise import render_concise
from nnxlint.render.console import make_console, wants_colour
from nnxlint.render.diff import render_diff
from nnxlint.render.excerpt import Mark, excerpt, visible
from nnxlint.render.statistics import render_statistics
from nnxlint.render.summary import fix_summary, summary
from nnxlint.render.text import render_text
from nnxlint.report import Change, Report
from nnxlint.semantic.statistics import Share, Statistics
from nnxlint.source import Source, make_source
from nnxlint.spans import Span

HERE = Path("/project")
MARK = Mark("^", "red", 1)


def _span(text: str, part: str) -> Span:
    return Span(text.index(part), text.index(part) + len(part))


def _source(text: str, name: str = "a.py") -> Source:
    return make_source(f"/project/{name}", text.encode())


def _finding(source: Source, part: str, **more: object) -> Diagnostic:
    known: dict[str, object] = {"code": "NNX101", "name": "missing-train-flag", "level": Level.ERROR}
    known |= {"message": "dropout stays on", "path": source.path, "span": _span(source.text, part)} | more
    return Diagnostic(**known)  # type: ignore[arg-type]


def _text(report: Report, *, coloured: bool = False, quiet: bool = False) -> str:
    buffer = io.StringIO()
    render_text(report, make_console(buffer, coloured=coloured), HERE, quiet=quiet)
    return buffer.getvalue()


def _excerpt(text: str, part: str, context: int = 1) -> list[str]:
    lines = excerpt(_source(text), _span(text, part), Mark("^", "red", context), width=2)
    return [line.plain.rstrip() for line in lines]


TRAIN = "model = Net()\n\n\ndef evaluate(batch):\n    return model(batch)\n"


def test_a_finding_in_full() -> None:
    train, nets = _source(TRAIN, "train.py"), _source("class Net:\n    rate = 0.5\n", "lib/nets.py")
    at = TRAIN.index(")\n", TRAIN.index("model(batch"))
    fix = Fix("pass `train=False`", Applicability.UNSAFE, (Edit(Span(at, at), ", train=False"),))
    finding = _finding(
        train,
        "model(batch)",
        reason="`train` defaults to true",
        related=(
            Related("the model is built here", train.path, _span(TRAIN, "Net()")),
            Related("its class", nets.path, Span(6, 9)),
        ),
        fix=fix,
    )
    assert _text(Report((finding,), {train.path: train, nets.path: nets}, 2)).splitlines() == [
        "train.py:5:12: NNX101 missing-train-flag",
        "  error: dropout stays on",
        "  |",
        "4 | def evaluate(batch):",
        "5 |     return model(batch)",
        "  |            ^^^^^^^^^^^^",
        "  |",
        "  = why: `train` defaults to true",
        "  = train.py:1:9: the model is built here",
        "  |",
        "1 | model = Net()",
        "  |         -----",
        "  |",
        "  = lib/nets.py:1:7: its class",
        "  |",
        "1 | class Net:",
        "  |       ---",
        "  |",
        "  = unsafe fix: pass `train=False`",
        "5 | -     return model(batch)",
        "5 | +     return model(batch, train=False)",
        "",
        "Found 1 error in 1 file; 1 fixable with --fix --unsafe-fixes",
    ]


def test_quiet_leaves_the_summary_out() -> None:
    source = _source("x = 1\n")
    report = Report((_finding(source, "x"),), {source.path: source}, 1)
    assert "Found" in _text(report)
    assert "Found" not in _text(report, quiet=True)
    assert _text(Report(file_count=3), quiet=True) == ""


def test_a_finding_in_an_empty_file_has_no_excerpt() -> None:
    source = _source("")
    finding = _finding(source, "")
    assert _text(Report((finding,), {source.path: source}, 1), quiet=True).splitlines()[:3] == [
        "a.py:1:1: NNX101 missing-train-flag",
        "  error: dropout stays on",
        "",
    ]


def test_a_place_in_an_unknown_file_is_named_without_an_excerpt() -> None:
    source = _source("x = 1\n")
    finding = _finding(source, "x", related=(Related("elsewhere", "/other/b.py", Span(5, 9)),))
    assert "= ../other/b.py:1:1: elsewhere" in _text(Report((finding,), {source.path: source}, 1))


@pytest.mark.parametrize(
    ("text", "part", "expected"),
    [
        ("abc\n", "b", [" 1 | abc", "   |  ^"]),
        ("abc", "abc", [" 1 | abc", "   | ^^^"]),
        ("\tx = y\n", "y", [" 1 |     x = y", "   |         ^"]),
        ("a\tb\n", "b", [" 1 | a   b", "   |     ^"]),
        ("abcd\tb\n", "b\n", [" 1 | abcd    b", "   |         ^"]),
        ("'日本' + x\n", "x", [" 1 | '日本' + x", "   |          ^"]),
        ("x = '日本'\n", "'日本'", [" 1 | x = '日本'", "   |     ^^^^^^"]),
        ("x = 'e\u0301' + y\n", "y", [" 1 | x = 'e\u0301' + y", "   |           ^"]),
        ("x = '\x1b[31m' + y\n", "y", [" 1 | x = '␛[31m' + y", "   |               ^"]),
        ("x\r\ny = z\r\n", "z", [" 1 | x", " 2 | y = z", "   |     ^"]),
        ("x = 1\x0c; y\n", "y", [" 1 | x = 1␌; y", "   |         ^"]),
    ],
)
def test_carets_stand_under_the_span_whatever_is_before_it(text: str, part: str, expected: list[str]) -> None:
    assert _excerpt(text, part) == expected


def test_an_empty_span_still_has_one_caret() -> None:
    lines = excerpt(_source("abc\n"), Span(1, 1), MARK, width=1)
    assert [line.plain for line in lines] == ["1 | abc", "  |  ^"]


def test_a_span_at_the_very_end_is_shown_on_the_last_line() -> None:
    text = "ab\ncd"
    lines = excerpt(_source(text), Span(5, 5), MARK, width=1)
    assert [line.plain for line in lines] == ["1 | ab", "2 | cd", "  |   ^"]


def test_context_stops_at_the_ends_of_the_file_and_at_blank_lines() -> None:
    text = "one\n\nx = 1\n   \ntwo\n"
    assert _excerpt(text, "x", context=1) == [" 3 | x = 1", "   | ^"]
    assert _excerpt(text, "x", context=2)[0] == " 1 | one"
    assert _excerpt(text, "x", context=9)[-1] == " 5 | two"


def test_a_span_over_several_rows_is_a_bracket() -> None:
    text = "before\nx = f(\n    1,\n    日,\n) + 2\nafter\n"
    assert _excerpt(text, "f(\n    1,\n    日,\n)") == [
        " 1 |   before",
        " 2 |   x = f(",
        "   |  _____^",
        " 3 | |     1,",
        " 4 | |     日,",
        " 5 | | ) + 2",
        "   | |_^",
        " 6 |   after",
    ]


def test_the_middle_of_a_long_span_is_left_out() -> None:
    text = "f(\n" + "".join(f"    {number},\n" for number in range(20)) + ")\n"
    lines = _excerpt(text, text.rstrip("\n"))
    assert lines == [
        " 1 |   f(",
        "   |  _^",
        " 2 | |     0,",
        " 3 | |     1,",
        " 4 | |     2,",
        "...  |",
        "21 | |     19,",
        "22 | | )",
        "   | |_^",
    ]


def test_of_a_very_wide_row_the_part_with_the_span_is_shown() -> None:
    text = "x = [" + "1, " * 2000 + "BAD, " + "2, " * 2000 + "]\n"
    row, carets = _excerpt(text, "BAD")
    assert len(row) < 200
    assert row[carets.index("^") : carets.rindex("^") + 1] == "BAD"
    assert row.startswith(" 1 | …")
    assert row.endswith("…")


def test_a_wide_row_beside_the_span_is_cut() -> None:
    above, _, _ = _excerpt(f"{'y' * 500}\nx = 1\n", "x")
    assert len(above) < 200


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("ß日", "ß日"),
        ("\t", "    "),
        ("ab\tc\td", "ab  c   d"),
        ("日\tx", "日  x"),
        ("\x00\x7f\x9b", "␀\ufffd\ufffd"),
        ("a\u202eb\u2066", "a\ufffdb\ufffd"),
        ("a\u2028b", "a\ufffdb"),
    ],
)
def test_nothing_shown_can_steer_the_terminal(text: str, expected: str) -> None:
    assert visible(text) == expected


@pytest.mark.parametrize(
    ("text", "edits", "expected"),
    [
        ("x = a\n", [("a", "b")], ["1 | - x = a", "1 | + x = b"]),
        ("x = a\n", [("x = a\n", "")], ["1 | - x = a"]),
        ("x = a\n", [("", "import b\n")], ["1 | + import b"]),
        ("a\nf(\n  1,\n)\n", [("1", "2")], ["3 | -   1,", "3 | +   2,"]),
        ("a\nb\nc\nd\n", [("a", "A"), ("d", "D")], ["1 | - a", "1 | + A", "4 | - d", "4 | + D"]),
        ("a; b\n", [("a", "A"), ("b", "B")], ["1 | - a; b", "1 | + A; B"]),
        ("\tx = a\n", [("a", "\tb")], ["1 | -     x = a", "1 | +     x =     b"]),
        ("x = a\r\ny\r\n", [("a", "(\r\n1)")], ["1 | - x = a", "1 | + x = (", "2 | + 1)"]),
        ("x = a\n", [], []),
    ],
)
def test_a_fix_is_shown_as_the_rows_it_changes(text: str, edits: list[tuple[str, str]], expected: list[str]) -> None:
    source = _source(text)
    made = tuple(Edit(_span(text, old), new) for old, new in edits)
    finding = _finding(source, text[0], fix=Fix("mend it", Applicability.SAFE, made))
    lines = _text(Report((finding,), {source.path: source}, 1), quiet=True).splitlines()
    assert lines[lines.index("  = safe fix: mend it") + 1 : -1] == expected


@pytest.mark.parametrize("edits", [(Edit(Span(0, 3), "a"), Edit(Span(1, 2), "b")), (Edit(Span(5, 99), "a"),)])
def test_a_fix_that_cannot_be_made_is_named_only(edits: tuple[Edit, ...]) -> None:
    source = _source("x = 1\n")
    fix = Fix("mend it", Applicability.SAFE, edits)
    lines = _text(Report((_finding(source, "x", fix=fix),), {source.path: source}, 1), quiet=True).splitlines()
    assert lines[-2:] == ["  = safe fix: mend it", ""]


def test_a_long_fix_is_cut() -> None:
    text = "x\n" * 40
    source = _source(text)
    fix = Fix("mend it", Applicability.SAFE, (Edit(Span(0, len(text)), "y\n" * 40),))
    shown = _text(Report((_finding(source, "x", fix=fix),), {source.path: source}, 1))
    assert "... 64 more lines" in shown


def _fix(applicability: Applicability, *, edits: bool = True) -> Fix:
    return Fix("mend", applicability, (Edit(Span(0, 1), "y"),) if edits else ())


SAFE, UNSAFE, DISPLAY = (_fix(each) for each in (Applicability.SAFE, Applicability.UNSAFE, Applicability.DISPLAY))


@pytest.mark.parametrize(
    ("findings", "expected"),
    [
        ([], "No problems found in 7 files"),
        ([("a", Level.ERROR, None)], "Found 1 error in 1 file"),
        ([("a", Level.WARNING, None)] * 2, "Found 2 warnings in 1 file"),
        (
            [("a", Level.ERROR, SAFE)] * 2 + [("a", Level.ERROR, UNSAFE), ("b", Level.WARNING, None)],
            "Found 3 errors and 1 warning in 2 files; 2 fixable with --fix, 1 more with --unsafe-fixes",
        ),
        ([("a", Level.ERROR, SAFE)], "Found 1 error in 1 file; 1 fixable with --fix"),
        ([("a", Level.ERROR, UNSAFE)], "Found 1 error in 1 file; 1 fixable with --fix --unsafe-fixes"),
        ([("a", Level.ERROR, DISPLAY)], "Found 1 error in 1 file"),
        ([("a", Level.ERROR, _fix(Applicability.SAFE, edits=False))], "Found 1 error in 1 file"),
    ],
)
def test_the_summary_counts(findings: list[tuple[str, Level, Fix | None]], expected: str) -> None:
    diagnostics = tuple(
        Diagnostic("NNX101", "n", level, "m", f"/project/{path}.py", Span(0, 1), fix=fix)
        for path, level, fix in findings
    )
    assert summary(Report(diagnostics, file_count=7)) == expected


def test_the_summary_tells_what_was_fixed() -> None:
    source = _source("x = 1\n")
    finding = _finding(source, "x")
    assert summary(Report(file_count=1, fixed=(finding,))) == "No problems found in 1 file; fixed 1"
    assert summary(Report((finding,), fixed=(finding,) * 2)) == "Found 1 error in 1 file; fixed 2"
    change = Change(source, source)
    assert fix_summary(Report(fixed=(finding,) * 2, changes=(change,))) == "Would fix 2 findings in 1 file"


def test_concise_is_one_line_a_finding() -> None:
    source = _source("x = 1\ny = 2\n")
    findings = (_finding(source, "y", level=Level.WARNING, code="NNX102"), _finding(source, "x", fix=UNSAFE))
    buffer = io.StringIO()
    render_concise(Report(findings, {source.path: source}, 1), make_console(buffer, coloured=False), HERE)
    assert buffer.getvalue().splitlines() == [
        "a.py:1:1: NNX101 error: dropout stays on [unsafe fix]",
        "a.py:2:1: NNX102 warning: dropout stays on",
        "Found 1 error and 1 warning in 1 file; 1 fixable with --fix --unsafe-fixes",
    ]


@pytest.mark.parametrize(
    "message", ["[bold]not markup[/bold]", ":smile:", f"long {'word ' * 60}end", "path/to/x.py 3.5"]
)
def test_messages_come_out_as_they_are(message: str) -> None:
    source = _source("x = 1\n")
    report = Report((_finding(source, "x", message=message, reason=message),), {source.path: source}, 1)
    assert f"  error: {message}\n" in _text(report)
    assert f"= why: {message}\n" in _text(report)


def test_colour_follows_the_level() -> None:
    source = _source("x = 1\n")
    shown = {
        level: _text(Report((_finding(source, "x", level=level),), {source.path: source}, 1), coloured=True)
        for level in Level
    }
    assert "\x1b[1;31mNNX101" in shown[Level.ERROR]
    assert "\x1b[1;33mNNX101" in shown[Level.WARNING]
    assert "\x1b" not in _text(Report((_finding(source, "x"),), {source.path: source}, 1))


class _Stream(io.StringIO):
    def __init__(self, *, terminal: bool) -> None:
        super().__init__()
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


@pytest.mark.parametrize(
    ("environment", "terminal", "expected"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"NO_COLOR": "0"}, True, False),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"FORCE_COLOR": "0"}, False, False),
        ({"FORCE_COLOR": ""}, False, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
        ({"TERM": "dumb"}, True, False),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, True, True),
    ],
)
def test_colour_only_where_it_is_wanted(environment: Mapping[str, str], *, terminal: bool, expected: bool) -> None:
    assert wants_colour(_Stream(terminal=terminal), environment) == expected


def test_a_diff_names_the_files_as_seen_from_here_in_order() -> None:
    changes = tuple(
        Change(_source("x = 1\r\n", name), _source("y = 1\r\n", name)) for name in ("z.py", "sub/b.py", "../a.py")
    )
    changes = (*changes[:2], Change(make_source("/a.py", b"x\n"), make_source("/a.py", b"y\n")))
    plain = render_diff(Report(changes=changes), HERE, coloured=False)
    assert [line for line in plain.split("\n") if line.startswith("---")] == [
        "--- ../a.py",
        "--- sub/b.py",
        "--- z.py",
    ]
    assert "-x = 1\r\n+y = 1\r\n" in plain
    coloured = render_diff(Report(changes=changes), HERE, coloured=True)
    assert "\x1b[31m-x = 1\x1b[0m\r\n\x1b[32m+y = 1\x1b[0m\r\n" in coloured


def test_statistics_as_text() -> None:
    source = _source("x = 1\ny = 2\n")
    findings = (
        _finding(source, "x"),
        _finding(source, "y", fix=SAFE),
        _finding(source, "y", code="NNX201", name="b"),
        *(_finding(_source("x", f"{number:02}.py"), "x", code="NNX202", name="c") for number in range(11)),
    )
    reasons = tuple((f"reason {number}", 9 - number) for number in range(7))
    statistics = Statistics(module_classes=Share(9, 10), model_calls=Share(58, 100, reasons))
    buffer = io.StringIO()
    render_statistics(
        Report(findings, {source.path: source}, 1, statistics=statistics),
        make_console(buffer, coloured=False),
        HERE,
    )
    assert buffer.getvalue().splitlines() == [
        "",
        "11  NNX202 c",
        " 2  NNX101 missing-train-flag (1 fixable)",
        " 1  NNX201 b",
        "By file:",
        "3  a.py (1 fixable)",
        *(f"1  {number:02}.py" for number in range(9)),
        "and 2 in 2 others",
        "Understood:",
        "  module classes  9 of 10 (90.0 %)",
        "  model calls     58 of 100 (58.0 %)",
        *(f"       {9 - number}  reason {number}" for number in range(5)),
        "       7  for other reasons",
        "  optimizers      0 of 0",
        "  rngs            0 of 0",
    ]
