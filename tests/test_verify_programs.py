"""The rule programs: the linter says of each exactly what is marked, and its fix can be made."""

import ast
import functools
import tomllib

import pytest

from nnxlint.rule import Repairs
from nnxlint.rules import all_rules
from nnxlint.verify.contracts import COMPARED_FRAMES, jobs_of
from nnxlint.verify.programs import MAIN, MODELS, Folder, Plan, RulePrograms, lint_program, rule_folders, rule_programs
from tests.fixture_cases import FIXTURES, ROOT

FOLDERS = tuple(rule_folders())
PAIRS = [(folder, model) for folder in FOLDERS for model in folder.plan.models]
every_pair = pytest.mark.parametrize("number", range(len(PAIRS)), ids=[f"{each.name}/{model}" for each, model in PAIRS])

# What they report is not about a model: nothing would run.
UNTOLD = {"NNX900", "NNX902", "NNX999"}


def test_every_rule_has_programs() -> None:
    codes = {rule.code for rule in all_rules()}

    assert {folder.code for folder in FOLDERS} == codes - UNTOLD


def test_every_rule_is_tried_on_several_models() -> None:
    for folder in FOLDERS:
        assert len(folder.plan.models) >= 2, folder.name
        assert set(folder.plan.models) <= set(MODELS), folder.name


def test_every_reference_model_is_used() -> None:
    used = {model for _, model in PAIRS}

    assert set(MODELS) - used <= {"vae", "ensemble", "batch_norm"}  # the linter has no rule about these yet


@functools.cache
def made(number: int) -> RulePrograms:
    """Put the model of the pair of this number into its programs; it takes linting, so it is done once."""
    return rule_programs(*PAIRS[number])


@every_pair
def test_the_bad_program_is_reported_where_it_is_marked_and_nowhere_else(number: int) -> None:
    programs = made(number)

    assert programs.fault == ""
    assert f"# expect: {programs.code}" in programs.bad.files[MAIN].splitlines()[programs.row - 1]


@every_pair
def test_the_good_program_is_silent(number: int) -> None:
    report = lint_program(made(number).good.files)

    assert (report.diagnostics, report.fixed, report.failures) == ((), (), ())


@every_pair
def test_the_fix_can_be_made_and_leaves_nothing_to_report(number: int) -> None:
    programs = made(number)
    if programs.fixed is None:
        assert programs.name in {"NNX116", "NNX201", "NNX217", "NNX302"}, "there is no fix of the bad program"
        return

    fixed = programs.fixed.files[MAIN]
    assert fixed != programs.bad.files[MAIN]
    ast.parse(fixed)
    report = lint_program(programs.fixed.files)
    assert (report.diagnostics, report.fixed) == ((), ())


@every_pair
def test_the_model_is_put_in_everywhere(number: int) -> None:
    programs = made(number)

    for program in (programs.bad, programs.good):
        assert "MODEL" not in program.files[MAIN]
        assert f"from reference.{programs.model} import" in program.files[MAIN]
        assert set(program.files) == {MAIN, "reference/__init__.py", f"reference/{programs.model}.py"}
    assert set(programs.case.inputs) >= {"batch.x"}


@every_pair
def test_jobs_name_calls_that_the_programs_have(number: int) -> None:
    programs = made(number)
    names = {node.name for node in ast.parse(programs.bad.files[MAIN]).body if isinstance(node, ast.FunctionDef)}
    names |= {"create", "loss", "train_step", "eval_step", "make_optimizer"}

    assert jobs_of(programs)
    assert {each.call for each in (*programs.plan.probes, *programs.plan.objects.values())} <= names


def test_a_report_elsewhere_is_a_fault() -> None:
    folder = next(each for each in FOLDERS if each.code == "NNX206")
    moved = Folder(
        folder.name, folder.bad.replace("  # expect: NNX206", "") + "# expect: NNX206\n", folder.good, Plan(())
    )

    programs = rule_programs(moved, "dense")

    assert "nnxlint reports NNX206 at program.py:13 instead of NNX206 at program.py:" in programs.fault
    assert jobs_of(programs) == ()


def test_the_wheel_ships_the_programs_and_the_models() -> None:
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"][
        "wheel"
    ]

    assert wheel["force-include"]["fixtures"] == "nnxlint/_fixtures"
    assert (FIXTURES / "_verify").is_dir()
    assert wheel["packages"] == ["nnxlint"]


@pytest.mark.runtime
def test_witnesses_and_contracts_name_the_same_properties() -> None:
    from nnxlint.verify.child.witnesses import WITNESSES  # noqa: PLC0415 - needs jax

    contracts = [rule.contract for rule in all_rules() if isinstance(rule.contract, Repairs)]
    named = {name for each in contracts for name in (each.witness, each.frame)}
    shown = {folder.plan.shows for folder in FOLDERS if folder.plan.shows is not None}

    assert {*WITNESSES, *COMPARED_FRAMES} == named | shown
    assert COMPARED_FRAMES.isdisjoint(WITNESSES)
