"""Which of several fixes stay: all of them where they hold together, else what is left once the guilty are found."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from nnxlint.verify.entries.overlay import FixUnit
from nnxlint.verify.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of one fix. `alone`: no other fix has anything to do with it."""

    verdict: Verdict
    reason: str
    entry: str = ""
    alone: bool = False


Judge = Callable[[Sequence[FixUnit], Sequence[FixUnit]], Mapping[FixUnit, Judged]]
"""Judge the second fixes: each one's program before has the first and all other second ones, but not itself."""


@dataclass(frozen=True, slots=True)
class Settled:
    """The fixes that stay and those that were taken back, each with what decided it."""

    kept: Mapping[FixUnit, Judged]
    taken_back: Mapping[FixUnit, Judged]


def settle(units: Sequence[FixUnit], judge: Judge) -> Settled:
    """Find which fixes stay; in the end, all that stay were judged together."""
    verdicts = judge((), units)
    hopeless = {unit: one for unit, one in verdicts.items() if one.alone and not one.verdict.keeps}
    open_units = [unit for unit in units if unit not in hopeless]
    if hopeless or any(not verdicts[unit].verdict.keeps for unit in open_units):
        found = _settle((), open_units, judge)
    else:
        found = Settled(verdicts, {})
    return _together(found.kept, {**hopeless, **found.taken_back}, judge)


def _settle(kept: Sequence[FixUnit], units: Sequence[FixUnit], judge: Judge) -> Settled:
    """Halve what does not hold together until single fixes are left."""
    if not units:
        return Settled({}, {})
    verdicts = judge(kept, units)
    if all(one.verdict.keeps for one in verdicts.values()):
        return Settled(verdicts, {})
    if len(units) == 1:
        return Settled({}, verdicts)
    middle = len(units) // 2
    first = _settle(kept, units[:middle], judge)
    second = _settle((*kept, *first.kept), units[middle:], judge)
    return Settled({**first.kept, **second.kept}, {**first.taken_back, **second.taken_back})


def _together(kept: Mapping[FixUnit, Judged], taken_back: Mapping[FixUnit, Judged], judge: Judge) -> Settled:
    """Judge what stays once more as a whole: what does not hold beside all others goes, until the rest does."""
    if not taken_back:
        return Settled(kept, {})
    while kept:
        verdicts = judge((), tuple(kept))
        failing = {unit: one for unit, one in verdicts.items() if not one.verdict.keeps}
        kept, taken_back = (
            {unit: one for unit, one in verdicts.items() if unit not in failing},
            {**taken_back, **failing},
        )
        if not failing:
            break
    return Settled(kept, taken_back)
