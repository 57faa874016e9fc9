"""The rules over one module: who speaks, who falls silent, and what a crash becomes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from nnxlint.diagnostic import Diagnostic, Level
from nnxlint.linter import lint_file, lint_path
from nnxlint.rule import Context, Rule, rule
from nnxlint.semantic.model import SemanticModel
from nnxlint.spans import Span

ModelOf = Callable[[str], SemanticModel]
MakeRule = Callable[..., Rule]


@dataclass(frozen=True, slots=True)
class At:
    """A site."""

    span: Span


def _rule_at(code: str, *spans: Span, supersedes: tuple[str, ...] = ()) -> Rule:
    def check(ctx: Context) -> Iterator[Diagnostic]:
        yield from (ctx.diagnostic(At(span), "message") for span in spans)

    return rule(code, code.lower(), level=Level.ERROR, documentation="", supersedes=supersedes)(check)


def _codes(diagnostics: tuple[Diagnostic, ...]) -> list[str]:
    return [each.code for each in diagnostics]


def test_findings_are_sorted_by_place_and_then_by_code(model_of: ModelOf) -> None:
    rules = (_rule_at("NNX802", Span(5, 6), Span(0, 1)), _rule_at("NNX801", Span(5, 6), Span(2, 3)))
    found = lint_file(model_of("x = 1 + 2\n"), rules)
    assert [(each.span.start, each.code) for each in found] == [
        (0, "NNX802"),
        (2, "NNX801"),
        (5, "NNX801"),
        (5, "NNX802"),
    ]


@pytest.mark.parametrize(
    ("flax", "speaks"),
    [("", True), (">=0.11", True), (">=0.12.8", True), ("<0.12.8", False), ("==0.10.*", False)],
)
def test_a_rule_speaks_only_on_its_flax(word_rule: MakeRule, model_of: ModelOf, flax: str, *, speaks: bool) -> None:
    found = lint_file(model_of("BAD = 1\n"), [word_rule("NNX801", "BAD", flax=flax)])
    assert bool(found) == speaks


@pytest.mark.parametrize(
    ("special", "general", "expected"),
    [
        (Span(4, 9), Span(4, 9), ["NNX801"]),
        (Span(4, 6), Span(4, 9), ["NNX801"]),  # the anchor is where a diagnostic starts
        (Span(4, 9), Span(5, 9), ["NNX801", "NNX802"]),
    ],
)
def test_the_more_specific_rule_silences_the_other_at_its_anchor(
    model_of: ModelOf, special: Span, general: Span, expected: list[str]
) -> None:
    rules = (_rule_at("NNX802", general), _rule_at("NNX801", special, supersedes=("NNX802",)))
    assert sorted(_codes(lint_file(model_of("x = 1 + 2 + 3\n"), rules))) == expected


def test_superseding_reaches_over_a_rule_that_is_superseded_itself(model_of: ModelOf) -> None:
    rules = (
        _rule_at("NNX801", Span(0, 1), supersedes=("NNX802",)),
        _rule_at("NNX802", Span(0, 1), supersedes=("NNX803",)),
        _rule_at("NNX803", Span(0, 1)),
    )
    assert _codes(lint_file(model_of("x = 1\n"), rules)) == ["NNX801"]


def test_the_same_finding_twice_is_one(model_of: ModelOf) -> None:
    assert len(lint_file(model_of("x = 1\n"), [_rule_at("NNX801", Span(0, 1), Span(0, 1), Span(0, 2))])) == 2


def test_a_crash_is_a_finding_at_the_site_and_the_other_rules_go_on(
    crashing_rule: Rule, word_rule: MakeRule, model_of: ModelOf
) -> None:
    model = model_of("x = 1\ny = BOOM\nBAD\n")
    linted = lint_path(model.path, lambda _: model, [crashing_rule, word_rule("NNX801", "BAD")])
    assert _codes(linted.diagnostics) == ["NNX809", "NNX999", "NNX801"]
    failure = linted.diagnostics[1]
    assert failure.span == Span(10, 14)
    assert "NNX809 (crashing)" in failure.message
    assert failure.level is Level.ERROR
    assert failure.reason.startswith("ZeroDivisionError: cannot look at 10 (check, line ")
    [crash] = linted.crashes
    assert crash.path == model.path
    assert crash.traceback.startswith("Traceback (most recent call last)")
    assert "ZeroDivisionError" in crash.traceback


def test_a_crash_without_a_site_is_reported_at_the_start(model_of: ModelOf) -> None:
    def check(_ctx: Context) -> Iterator[Diagnostic]:
        raise RecursionError
        yield

    broken = rule("NNX808", "broken", level=Level.ERROR, documentation="")(check)
    [failure] = lint_file(model_of("x = 1\n"), [broken])
    assert (failure.code, failure.span) == ("NNX999", Span(0, 0))


def test_a_value_that_cannot_be_looked_at_does_not_crash_the_report_of_a_crash(model_of: ModelOf) -> None:
    class Hostile:
        @property
        def span(self) -> Span:
            raise ValueError

    def check(_ctx: Context) -> Iterator[Diagnostic]:
        site = At(Span(2, 3))
        hostile = Hostile()
        raise KeyError((site, hostile is None))
        yield

    broken = rule("NNX808", "broken", level=Level.ERROR, documentation="")(check)
    [failure] = lint_file(model_of("x = 1\n"), [broken])
    assert failure.span == Span(2, 3)


def test_a_crash_of_the_model_is_a_finding_of_its_file(word_rule: MakeRule) -> None:
    def no_model(_path: str) -> SemanticModel:
        message = "unheard of"
        raise NotImplementedError(message)

    linted = lint_path("/project/a.py", no_model, [word_rule("NNX801", "BAD")])
    assert _codes(linted.diagnostics) == ["NNX999"]
    assert "the semantic model" in linted.diagnostics[0].message
    assert len(linted.crashes) == 1


def test_an_interruption_is_no_crash(model_of: ModelOf) -> None:
    def check(_ctx: Context) -> Iterator[Diagnostic]:
        raise KeyboardInterrupt
        yield

    interrupted = rule("NNX808", "broken", level=Level.ERROR, documentation="")(check)
    with pytest.raises(KeyboardInterrupt):
        lint_file(model_of("x = 1\n"), [interrupted])


@pytest.mark.parametrize(
    ("yielded", "told"),
    [(5, "TypeError: yields int, not a diagnostic of `ctx.diagnostic`"), (SystemExit(4), "SystemExit: 4")],
)
def test_a_rule_that_does_what_no_rule_may_is_told_of(yielded: object, told: str, model_of: ModelOf) -> None:
    def check(ctx: Context) -> Iterator[Diagnostic]:
        if isinstance(yielded, BaseException):
            raise yielded
        yield ctx.diagnostic(At(Span(0, 1)), "message")
        yield yielded  # type: ignore[misc]

    bad = rule("NNX801", "bad", level=Level.ERROR, documentation="")(check)
    found = lint_file(model_of("x = 1\n"), [bad, _rule_at("NNX802", Span(0, 1))])
    assert {"NNX802", "NNX999"} <= set(_codes(found))
    assert any(told in (each.reason or "") for each in found)
