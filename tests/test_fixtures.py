"""Every fixture, every promise: one set of tests that each rule gets for nothing."""

import ast
import functools
import importlib.util
import os
import re
import subprocess
import sys
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import libcst.matchers as m
import pytest

from nnxlint.commands.output import rendered
from nnxlint.edits import Applicability
from nnxlint.render.diff import render_diff
from nnxlint.render.text import render_text
from nnxlint.report import Report
from nnxlint.rule import Revives, Rule
from nnxlint.rules import all_rules
from tests.fixture_cases import (
    ENGINE_CODES,
    FIXTURES,
    Analysed,
    Case,
    Linted,
    all_cases,
    analysed,
    codes_on,
    comments,
    copied,
    expected_places,
    fixture_folder,
    lint,
    lint_copy,
    markers,
    module_of,
    notebook_cases,
    project_cases,
    rule_cases,
    statements_with,
    to_crlf,
    to_spaces,
    to_tabs,
    with_comments,
    write_changes,
)
from tests.notebook_cases import unwrap, wrap

Golden = Callable[[Path, str | None], None]
Fixed = Callable[[Case], Linted]

BAD_CASES = tuple(case for case in all_cases() if not case.is_good)
GOOD_CASES = tuple(case for case in rule_cases() if case.is_good)
SHAPED_RULES = tuple(rule for rule in all_rules() if rule.code not in ENGINE_CODES)
PROGRAM_TIMEOUT_S = 300

GUIDE = FIXTURES / "guide"
CRASHING = {"NNX201", "NNX206", "NNX207"}  # what these find in the guide raises an error on current Flax

every_case = pytest.mark.parametrize("case", all_cases(), ids=lambda case: case.name)
bad_cases = pytest.mark.parametrize("case", BAD_CASES, ids=lambda case: case.name)
NEVER = m.Newline()  # no site is a line end
ALWAYS = m.DoesNotMatch(NEVER)
needs_flax = pytest.mark.skipif(importlib.util.find_spec("flax") is None, reason="flax is not installed")


@pytest.fixture(scope="session")
def fixed(tmp_path_factory: pytest.TempPathFactory) -> Fixed:
    """Give a case with its fixes made until settled; every case is fixed once a session."""
    return functools.cache(lambda case: lint(case, tmp_path_factory.mktemp("fixed"), fix=True))


@pytest.fixture(scope="session")
def understood(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Case], Analysed]:
    """Give the analysis of a case, made once a session."""
    return functools.cache(lambda case: analysed(case, tmp_path_factory.mktemp("understood")))


@every_case
def test_reports_equal_markers(case: Case, tmp_path: Path) -> None:
    linted = lint(case, tmp_path)

    assert linted.report.failures == ()
    assert linted.places == expected_places(case)


@pytest.mark.parametrize("case", GOOD_CASES, ids=lambda case: case.name)
def test_good_programs_promise_silence(case: Case) -> None:
    assert expected_places(case) == []


@bad_cases
def test_output_equals_its_golden(case: Case, tmp_path: Path, golden: Golden, monkeypatch: pytest.MonkeyPatch) -> None:
    linted = lint(case, tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")

    golden(case.folder / "bad.out", _text(linted.report, tmp_path))


@bad_cases
def test_fixes_equal_their_golden(case: Case, fixed: Fixed, golden: Golden) -> None:
    linted = fixed(case)
    diff = render_diff(linted.report, linted.folder, coloured=False)

    if case.files == ("bad.py",):
        golden(case.folder / "bad.fixed.py", linted.texts.get("bad.py"))
    else:
        golden(case.folder / "bad.diff", diff or None)


@bad_cases
def test_fixes_settle(case: Case, fixed: Fixed, tmp_path: Path) -> None:
    first = fixed(case)
    again = lint_copy(case, write_changes(first, tmp_path), fix=True)

    assert again.texts == {}
    assert again.places == first.places
    assert not any("settle" in notice or "break" in notice for notice in first.report.notices)


@bad_cases
def test_fixes_bring_nothing_new(case: Case, fixed: Fixed) -> None:
    before = Counter(code for _, _, code in expected_places(case))
    after = Counter(code for _, _, code in fixed(case).places)

    assert after - before == Counter()


@bad_cases
def test_fixed_files_compile(case: Case, fixed: Fixed) -> None:
    for file, (_, text) in fixed(case).codes.items():
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT if file.endswith(".ipynb") else 0
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(text, file, "exec", flags, dont_inherit=True)


@bad_cases
def test_comments_outside_the_edits_survive(case: Case, fixed: Fixed, tmp_path: Path) -> None:
    linted = lint(case, tmp_path)
    spans: dict[str, list[tuple[int, int]]] = {}
    for each in linted.report.diagnostics:
        if each.fix is not None and each.fix.applicability is not Applicability.DISPLAY:
            name = Path(each.path).relative_to(tmp_path).as_posix()
            spans.setdefault(name, []).extend((edit.span.start, edit.span.end) for edit in each.fix.edits)

    for file, (before, text) in fixed(case).codes.items():
        kept = Counter(comments(before, spans.get(file, ())))
        assert kept - Counter(comments(text)) == Counter()


@bad_cases
def test_windows_line_ends_agree(case: Case, fixed: Fixed, tmp_path: Path) -> None:
    linted = lint(case, tmp_path, to_crlf, fix=True)
    expected = fixed(case)

    assert linted.places == expected.places
    assert linted.texts == {file: text.replace("\n", "\r\n") for file, text in expected.texts.items()}


@bad_cases
def test_tabs_agree(case: Case, fixed: Fixed, tmp_path: Path) -> None:
    linted = lint(case, tmp_path, to_tabs, fix=True)
    expected = fixed(case)

    assert linted.places == expected.places
    assert {file: to_spaces(text) for file, text in linted.texts.items()} == expected.texts


@pytest.mark.parametrize("case", [case for case in BAD_CASES if not case.notebooks], ids=lambda case: case.name)
def test_markers_turned_into_comments_silence_exactly_what_they_mark(case: Case, tmp_path: Path) -> None:
    """Every second comment silences its own findings and leaves the others; all of them leave nothing."""
    promised = expected_places(case)
    for step in (2, 1):
        silenced = set(sorted({(file, row) for file, row, _ in promised})[::step])
        folder = copied(case, tmp_path / str(step))
        for file in case.modules:
            rows = {row: codes_on(promised, file, row) for name, row in silenced if name == file}
            path = folder / file
            path.write_bytes(with_comments(path.read_bytes().decode(), rows).encode())

        found = lint_copy(case, folder).places

        assert set(found) <= {place for place in promised if place[:2] not in silenced}
        near = silenced | statements_with(case, silenced)
        assert [place for place in promised if place[:2] not in near] == [
            place for place in found if place[:2] not in near
        ]


@pytest.mark.parametrize("case", rule_cases(), ids=lambda case: case.name)
def test_notebooks_agree(case: Case, fixed: Fixed, tmp_path: Path) -> None:
    """The program in cells has the findings and the fixes of the file."""
    text = (case.folder / case.files[0]).read_text(encoding="utf-8")
    wrapped = wrap(text)
    folder = tmp_path / "notebook"
    folder.mkdir()
    (folder / "code.ipynb").write_bytes(wrapped.data)
    expected = [(row, code) for _, row, code in lint(case, tmp_path / "file").places]

    linted = lint_copy(case, folder)
    mended = lint_copy(case, folder, fix=True)

    assert sorted((wrapped.row(name, row), code) for name, row, code in linted.places) == expected
    code = [unwrap(text) for text in mended.texts.values()]
    assert code == list(fixed(case).texts.values())


@pytest.mark.parametrize("case", notebook_cases(), ids=lambda case: case.name)
def test_comments_in_cells_silence(case: Case, tmp_path: Path) -> None:
    """Only what cannot be parsed is still reported: no comment is read there."""
    marker = re.compile(rb"# expect: (NNX\d+)")

    linted = lint(case, tmp_path, lambda data: marker.sub(rb"# nnxlint: ignore[\1]", data))

    assert linted.places == [place for place in expected_places(case) if place[2] == "NNX900"]


@pytest.mark.parametrize("rule", SHAPED_RULES, ids=lambda rule: rule.code)
@pytest.mark.parametrize("shape", [ALWAYS, NEVER], ids=["always", "never"])
def test_shape_is_the_gate(
    rule: Rule,
    shape: m.BaseMatcherNode,
    understood: Callable[[Case], Analysed],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cases = [understood(case) for case in _cases_of(rule)]
    before = [case.places((rule,)) for case in cases]

    monkeypatch.setattr(module_of(rule), "SHAPE", shape)

    assert [case.places((rule,)) for case in cases] != before


@pytest.mark.runtime
@needs_flax
@pytest.mark.parametrize("case", GOOD_CASES, ids=lambda case: case.name)
def test_good_programs_run(case: Case, tmp_path: Path) -> None:
    status, errors = _run(tmp_path, case.folder / "good.py")

    assert status == 0, errors


@pytest.mark.runtime
@needs_flax
@pytest.mark.parametrize(
    "rule", [rule for rule in SHAPED_RULES if isinstance(rule.contract, Revives)], ids=lambda rule: rule.code
)
def test_revived_programs_run(rule: Rule, tmp_path: Path) -> None:
    """The bad program raises the promised error, and the fixed one does not raise it."""
    assert isinstance(rule.contract, Revives)
    folder = fixture_folder(rule)

    _, before = _run(tmp_path, folder / "bad.py")
    status, after = _run(tmp_path, folder / "bad.fixed.py")

    assert any(name in _last_line(before) for name in rule.contract.error.split(" | "))
    assert status == 0, after


@pytest.mark.runtime
@needs_flax
@pytest.mark.parametrize("name", sorted(path.name for path in GUIDE.glob("*.py")))
def test_guide_programs_run_unless_they_are_said_to_crash(name: str, tmp_path: Path) -> None:
    codes = {code for _, found in markers((GUIDE / name).read_text(encoding="utf-8")) for code in found}

    status, errors = _run(tmp_path, GUIDE / name)

    assert (status != 0) == bool(codes & CRASHING), errors


@pytest.mark.runtime
@needs_flax
def test_the_demonstration_crashes_and_runs_once_it_is_fixed(fixed: Fixed, tmp_path: Path) -> None:
    demo = next(case for case in project_cases() if case.name == "_project/demo")
    folder = write_changes(fixed(demo), tmp_path / "fixed")

    before, _ = _run(copied(demo, tmp_path / "bad"), "-m", "flowers.train")
    after, errors = _run(folder, "-m", "flowers.train")

    assert (before, after) == (1, 0), errors


def _cases_of(rule: Rule) -> list[Case]:
    own = [case for case in rule_cases() if case.folder == fixture_folder(rule)]
    shared = [case for case in project_cases() if any(rule.code == code for *_, code in expected_places(case))]
    return [*own, *shared]


def _text(report: Report, folder: Path) -> str:
    return rendered(lambda console: render_text(report, console, folder))


def _run(folder: Path, *arguments: str | Path) -> tuple[int, str]:
    environment = {**os.environ, "JAX_PLATFORMS": "cpu", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PROGRAM_TIMEOUT_S,
        check=False,
    )
    return done.returncode, done.stderr


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else ""
