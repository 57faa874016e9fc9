"""Every fixture, every promise: one set of tests that each rule gets for nothing."""

import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from nnxlint.rule import Revives, Rule
from nnxlint.rules import all_rules
from nnxlint.testing import PROMISES, Bench
from nnxlint.testing.cases import Case, copied, expected_places, markers, write_changes
from nnxlint.testing.documentation import the_shape_is_the_gate
from tests.fixture_cases import (
    ENGINE_CODES,
    FIXTURES,
    all_cases,
    fixture_folder,
    lint,
    module_of,
    notebook_cases,
    project_cases,
    rule_cases,
)

GOOD_CASES = tuple(case for case in rule_cases() if case.is_good)
SHAPED_RULES = tuple(rule for rule in all_rules() if rule.code not in ENGINE_CODES)
PROGRAM_TIMEOUT_S = 300

GUIDE = FIXTURES / "guide"
CRASHING = {"NNX201", "NNX206", "NNX207"}  # what these find in the guide raises an error on current Flax

needs_flax = pytest.mark.skipif(importlib.util.find_spec("flax") is None, reason="flax is not installed")


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Bench:
    """Give the bench with nnxlint's own rules; what takes time is done once a session."""
    return Bench(tmp_path_factory.mktemp("bench"), all_rules(), bless=request.config.getoption("--bless"))


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__)
@pytest.mark.parametrize("case", all_cases(), ids=lambda case: case.name)
def test_promises(case: Case, promise: Callable[[Case, Bench], None], bench: Bench) -> None:
    promise(case, bench)


@pytest.mark.parametrize("case", notebook_cases(), ids=lambda case: case.name)
def test_comments_in_cells_silence(case: Case, tmp_path: Path) -> None:
    """Only what cannot be parsed is still reported: no comment is read there."""
    marker = re.compile(rb"# expect: (NNX\d+)")

    linted = lint(case, tmp_path, lambda data: marker.sub(rb"# nnxlint: ignore[\1]", data))

    assert linted.places == [place for place in expected_places(case) if place[2] == "NNX900"]


@pytest.mark.parametrize("rule", SHAPED_RULES, ids=lambda rule: rule.code)
def test_shape_is_the_gate(rule: Rule, bench: Bench) -> None:
    cases = [*rule_cases(), *project_cases()]

    assert hasattr(module_of(rule), "SHAPE")
    the_shape_is_the_gate(rule, cases, bench)


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
def test_the_demonstration_crashes_and_runs_once_it_is_fixed(bench: Bench, tmp_path: Path) -> None:
    demo = next(case for case in project_cases() if case.name == "_project/demo")
    folder = write_changes(bench.fixed(demo), tmp_path / "fixed")

    before, _ = _run(copied(demo, tmp_path / "bad"), "-m", "flowers.train")
    after, errors = _run(folder, "-m", "flowers.train")

    assert (before, after) == (1, 0), errors


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
