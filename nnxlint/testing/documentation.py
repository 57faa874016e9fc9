"""What every rule promises besides its fixtures: its documentation is true, and its shape decides."""

import importlib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import libcst.matchers as m

from nnxlint.project import CheckRequest, check
from nnxlint.rule import Rule
from nnxlint.semantic.flax_api import TABLE_VERSIONS
from nnxlint.settings import Overrides, settings_loader
from nnxlint.testing.bench import Bench
from nnxlint.testing.cases import Case, expected_places, fixture_name
from nnxlint.testing.demands import demand, demand_equal

HEADINGS = ("What it does", "Why is this bad?", "Example", "Use instead", "Fix safety")
NEVER = m.Newline()  # no site is a line end
ALWAYS = m.DoesNotMatch(NEVER)
PRELUDE = """\
import functools
import pickle

import flax
import jax
import jax.numpy as jnp
import numpy as np
import optax
import orbax.checkpoint as ocp
from flax import nnx

"""


def documentation_has_its_headings(rule: Rule, cases: Sequence[Case], bench: Bench) -> None:
    """The documentation has all headings, in their order."""
    del cases, bench
    demand_equal(tuple(re.findall(r"^## (.+)$", rule.documentation, re.MULTILINE)), HEADINGS, "headings")


def the_example_is_reported(rule: Rule, cases: Sequence[Case], bench: Bench) -> None:
    """What the documentation calls bad is reported."""
    del cases
    demand(rule.code in _codes(_snippet(rule, "Example"), bench), f"the example of {rule.code} is not reported")


def what_to_use_instead_is_not_reported(rule: Rule, cases: Sequence[Case], bench: Bench) -> None:
    """What the documentation recommends is not reported, by any rule."""
    del cases
    demand_equal(
        _codes(_snippet(rule, "Use instead"), bench), [], "what is reported of what to use instead, and nothing"
    )


def the_rule_has_fixtures(rule: Rule, cases: Sequence[Case], bench: Bench) -> None:
    """There is a `bad.py` and a `good.py` in a folder of the rule's code and name."""
    del bench
    names = {case.name for case in cases}
    for name in ("bad", "good"):
        demand(f"{fixture_name(rule)}/{name}" in names, f"{rule.code} has no fixture {fixture_name(rule)}/{name}.py")


def the_shape_is_the_gate(rule: Rule, cases: Sequence[Case], bench: Bench) -> None:
    """A `SHAPE` that always or never matches changes what is found in some fixture of the rule."""
    module = importlib.import_module(rule.check.__module__)
    if not hasattr(module, "SHAPE"):
        return
    understood = [bench.analysed(case) for case in cases if _is_about(case, rule)]
    before = [case.places((rule,)) for case in understood]
    for shape in (ALWAYS, NEVER):
        with _shaped(module, shape):
            after = [case.places((rule,)) for case in understood]
        demand(after != before, f"the SHAPE of {rule.code} decides on nothing: one that is {shape!r} finds the same")


RULE_PROMISES = (
    documentation_has_its_headings,
    the_example_is_reported,
    what_to_use_instead_is_not_reported,
    the_rule_has_fixtures,
    the_shape_is_the_gate,
)
"""All of them: each takes a rule, all cases there are, and a bench."""


def _is_about(case: Case, rule: Rule) -> bool:
    return case.folder.name == fixture_name(rule) or any(code == rule.code for *_, code in expected_places(case))


@contextmanager
def _shaped(module: ModuleType, shape: m.BaseMatcherNode) -> Iterator[None]:
    before = vars(module)["SHAPE"]
    vars(module)["SHAPE"] = shape
    try:
        yield
    finally:
        vars(module)["SHAPE"] = before


def _snippet(rule: Rule, heading: str) -> str:
    """Give the code under a heading of a rule's documentation."""
    section = rule.documentation.split(f"## {heading}\n")[1].split("\n## ")[0]
    return "\n".join(re.findall(r"```python\n(.*?)```", section, re.DOTALL))


def _codes(snippet: str, bench: Bench) -> list[str]:
    folder: Path = bench.fresh()
    (folder / "example.py").write_text(PRELUDE + snippet, encoding="utf-8")
    settings_of = settings_loader(Overrides(flax_version=TABLE_VERSIONS[-1], extend_select=("ALL",)))
    return [each.code for each in check(CheckRequest((folder,), settings_of, bench.rules)).diagnostics]
