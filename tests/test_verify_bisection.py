"""Which of several fixes stay, with a verifier that knows beforehand which of them do harm."""

import random
from collections.abc import Callable, Mapping, Sequence

import pytest

from nnxlint.diagnostic import Diagnostic, Level
from nnxlint.edits import Applicability, Edit, Fix
from nnxlint.spans import Span
from nnxlint.verify.entries.bisection import Judged, settle
from nnxlint.verify.entries.overlay import FixUnit
from nnxlint.verify.verdicts import Verdict

GOOD = Judged(Verdict.PROVED, "")
BAD = Judged(Verdict.DIFFERS, "the loss is another one")


def unit(number: int) -> FixUnit:
    """Give a fix that inserts a comment at a place of its own."""
    span = Span(10 * number, 10 * number)
    fix = Fix("insert it", Applicability.SAFE, (Edit(span, "#"),))
    return FixUnit(Diagnostic("NNX206", "name", Level.ERROR, "message", "/a.py", span, fix=fix), None)


UNITS = tuple(unit(number) for number in range(12))
Harm = Callable[[FixUnit, frozenset[FixUnit]], bool]


class Verifier:
    """Judges by a rule that says which fix fails among which others, and counts how often it is asked."""

    def __init__(self, fails: Harm) -> None:
        self.fails = fails
        self.asked = 0

    def __call__(self, kept: Sequence[FixUnit], units: Sequence[FixUnit]) -> Mapping[FixUnit, Judged]:
        """Judge."""
        self.asked += 1
        present = frozenset((*kept, *units))
        return {each: BAD if self.fails(each, present) else GOOD for each in units}


def spoiled_by(*guilty: FixUnit) -> Harm:
    """Give the rule that a guilty fix spoils every fix that is made with it."""
    return lambda _, present: not present.isdisjoint(guilty)


def is_one_of(*guilty: FixUnit) -> Harm:
    """Give the rule that a guilty fix fails and harms no other."""
    return lambda one, _: one in guilty


def clashing(pairs: set[frozenset[FixUnit]], alone: set[FixUnit]) -> Harm:
    """Give the rule that some fail always, and some beside another."""
    return lambda one, present: one in alone or any(one in pair and pair <= present for pair in pairs)


def test_fixes_that_hold_together_are_judged_once() -> None:
    verifier = Verifier(is_one_of())

    settled = settle(UNITS, verifier)

    assert tuple(settled.kept) == UNITS
    assert not settled.taken_back
    assert verifier.asked == 1


@pytest.mark.parametrize("guilty", UNITS, ids=range(len(UNITS)))
def test_one_that_spoils_all_others_is_found(guilty: FixUnit) -> None:
    verifier = Verifier(spoiled_by(guilty))

    settled = settle(UNITS, verifier)

    assert set(settled.taken_back) == {guilty}
    assert set(settled.kept) == set(UNITS) - {guilty}
    assert settled.taken_back[guilty].reason == BAD.reason
    assert verifier.asked <= 12


def test_several_that_spoil_are_found() -> None:
    guilty = UNITS[1], UNITS[2], UNITS[9]

    settled = settle(UNITS, Verifier(spoiled_by(*guilty)))

    assert set(settled.taken_back) == set(guilty)


def test_two_that_only_fail_together_lose_one() -> None:
    first, second = UNITS[0], UNITS[11]

    settled = settle(UNITS, Verifier(lambda one, present: one in (first, second) and {first, second} <= present))

    assert len(settled.taken_back) == 1
    assert set(settled.taken_back) <= {first, second}
    assert len(settled.kept) == len(UNITS) - 1


def test_what_cannot_be_judged_is_not_searched_for() -> None:
    hopeless = Judged(Verdict.UNVERIFIED, "no entry", alone=True)
    asked: list[int] = []

    def judge(kept: Sequence[FixUnit], units: Sequence[FixUnit]) -> Mapping[FixUnit, Judged]:
        asked.append(len(kept) + len(units))
        return {each: hopeless if each in UNITS[:5] else GOOD for each in units}

    settled = settle(UNITS, judge)

    assert set(settled.taken_back) == set(UNITS[:5])
    assert set(settled.kept) == set(UNITS[5:])
    assert len(asked) <= 3


def test_what_is_kept_was_judged_together() -> None:
    rng = random.Random(0)  # noqa: S311 - no secrets
    for _ in range(200):
        pairs = {frozenset(rng.sample(UNITS, 2)) for _ in range(rng.randrange(5))}
        alone = set(rng.sample(UNITS, rng.randrange(4)))

        fails = clashing(pairs, alone)

        settled = settle(UNITS, Verifier(fails))

        kept = frozenset(settled.kept)
        assert not any(fails(one, kept) for one in kept)
        assert kept | set(settled.taken_back) == set(UNITS)
        assert kept.isdisjoint(alone)
