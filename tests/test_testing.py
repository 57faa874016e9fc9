"""The harness notices what it is for: every promise can be broken."""

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from nnxlint.testing import Bench, Case, fixture_cases, make_bench
from nnxlint.testing import documentation as about_rules
from nnxlint.testing import promises as about_cases
from tests.fixture_cases import ROOT

EXAMPLE = ROOT / "docs" / "examples" / "acme-nnx-rules"
# A fix that leaves what it is for, and so is made again and again.
GROWING = '__import__("nnxlint.api").api.replace_expression(call.tree, call.call, call.text[:-1] + " )")'
NAME = "acme101_batch_norm_implicit_momentum"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Give a copy of the example's rule and fixtures."""
    shutil.copytree(EXAMPLE / "acme_nnx_rules", tmp_path / "rules")
    shutil.copytree(EXAMPLE / "tests" / "fixtures", tmp_path / "fixtures")
    return tmp_path


def make(files: Path, *, bless: bool = False) -> Bench:
    scratch = files / "scratch"
    scratch.mkdir(exist_ok=True)
    return make_bench(scratch, [files / "rules"], bless=bless)


def change(path: Path, before: str, after: str) -> None:
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


@pytest.mark.parametrize(
    ("promise", "file", "before", "after"),
    [
        ("reports_equal_markers", "bad", "narrow = Norm(8)  # expect: ACME101", "narrow = Norm(8)"),
        ("reports_equal_markers", "good", "momentum=0.9, rngs=rngs)", "rngs=rngs)"),
        ("good_programs_promise_silence", "good", "rngs = nnx.Rngs(0)", "rngs = nnx.Rngs(0)  # expect: ACME101"),
        ("output_equals_its_golden", "rule", "a pace nobody chose", "a pace"),
        ("fixes_equal_their_golden", "rule", "str(momentum))", "'0.990')"),
        ("fixes_settle", "rule", 'add_keyword(call.tree, call.call, "momentum", str(momentum))', GROWING),
        (
            "fixes_are_as_safe_as_promised",
            "rule",
            "applicability = Applicability.SAFE if",
            "applicability = Applicability.UNSAFE if",
        ),
        (
            "messages_keep_to_the_conventions",
            "rule",
            "nobody chose",
            "nobody chose, as all of us know from many a review",
        ),
        ("messages_keep_to_the_conventions", "rule", 'f"pass `', 'f"Pass `'),
        (
            "windows_line_ends_agree",
            "rule",
            "if call.argument",
            "if '\\r' not in ctx.model.source.text and call.argument",
        ),
        ("tabs_agree", "rule", "if call.argument", "if '\\t' not in ctx.model.source.text and call.argument"),
        ("notebooks_agree", "rule", "if call.argument", "if '.ipynb' not in ctx.model.path and call.argument"),
    ],
)
def test_a_broken_promise_about_fixtures_is_told(files: Path, promise: str, file: str, before: str, after: str) -> None:
    kept = {"rule": files / "rules" / "batch_norm_implicit_momentum.py"}
    broken = kept.get(file, files / "fixtures" / NAME / f"{file}.py")
    check = getattr(about_cases, promise)
    cases = fixture_cases(files / "fixtures")
    _check_all(check, cases, make(files))

    change(broken, before, after)

    with pytest.raises((AssertionError, SyntaxError)):
        _check_all(check, cases, make(files))


@pytest.mark.parametrize(
    ("promise", "before", "after"),
    [
        ("documentation_has_its_headings", "## Fix safety", "## Safety"),
        (
            "the_example_is_reported",
            "norm = nnx.BatchNorm(8, rngs=nnx.Rngs(0))",
            "norm = nnx.LayerNorm(8, rngs=nnx.Rngs(0))",
        ),
        ("what_to_use_instead_is_not_reported", ", momentum=0.99)\n", ")\n"),
        ("the_rule_has_fixtures", '"batch-norm-implicit-momentum"', '"batch-norm-other"'),
        ("the_shape_is_the_gate", "DEFAULT = 0.99", "DEFAULT = 0.99\nSHAPE = None"),
    ],
)
def test_a_broken_promise_about_rules_is_told(files: Path, promise: str, before: str, after: str) -> None:
    check = getattr(about_rules, promise)
    cases = fixture_cases(files / "fixtures")
    [rule] = make(files).foreign
    check(rule, cases, make(files))

    change(files / "rules" / "batch_norm_implicit_momentum.py", before, after)
    [broken] = make(files).foreign

    with pytest.raises(AssertionError):
        check(broken, cases, make(files))


def test_goldens_are_written_when_they_are_blessed(files: Path) -> None:
    case = fixture_cases(files / "fixtures")[0]
    for name in ("bad.out", "bad.fixed.py"):
        (case.folder / name).unlink()

    for promise in (about_cases.output_equals_its_golden, about_cases.fixes_equal_their_golden):
        with pytest.raises(AssertionError, match="look at it, then bless it"):
            promise(case, make(files))
        promise(case, make(files, bless=True))
        promise(case, make(files))


def _check_all(check: Callable[[Case, Bench], None], cases: Iterable[Case], bench: Bench) -> None:
    for case in cases:
        check(case, bench)
