"""nnxlint's own fixtures: where they are, and the rules that they are linted with."""

import importlib
from pathlib import Path
from types import ModuleType

from nnxlint.rule import Rule
from nnxlint.rules import all_rules
from nnxlint.testing import cases
from nnxlint.testing.cases import Case, Linted, Transform

ROOT = Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "fixtures"

# The engine reports these itself, so no shape decides on them; of some there is no program to show.
ENGINE_CODES = frozenset({"NNX900", "NNX901", "NNX902", "NNX999"})
WITHOUT_PROGRAMS = frozenset({"NNX900", "NNX999"})


def rule_cases() -> tuple[Case, ...]:
    """Every rule's `bad.py` and `good.py`, each a case of its own."""
    return cases.rule_cases(FIXTURES)


def project_cases() -> tuple[Case, ...]:
    """Every tree of files that are linted as one project."""
    guide = FIXTURES / "guide"
    return (Case("guide", guide, cases.files_below(guide)), *cases.project_cases(FIXTURES / "_project"))


def notebook_cases() -> tuple[Case, ...]:
    """Every folder of notebooks, with the modules that they import."""
    return cases.project_cases(FIXTURES / "_notebook")


def all_cases() -> tuple[Case, ...]:
    """Every case that has markers."""
    return (*rule_cases(), *project_cases(), *notebook_cases())


def module_of(rule: Rule) -> ModuleType:
    """Give the module that a rule stands in."""
    return importlib.import_module(rule.check.__module__)


def fixture_folder(rule: Rule) -> Path:
    """Give the folder of a rule's own fixtures."""
    return FIXTURES / cases.fixture_name(rule)


def lint(case: Case, folder: Path, transform: Transform = bytes, *, fix: bool = False) -> Linted:
    """Lint a copy of the case; with `fix`, make the safe and the unsafe fixes until settled."""
    return cases.lint(case, folder, all_rules(), transform, fix=fix)
