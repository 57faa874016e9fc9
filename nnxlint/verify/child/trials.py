"""Try two programs on numbers, over seeds, steps, and ways to run: they give the same, or a counterexample."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from nnxlint.verify.child.canonical import canonical
from nnxlint.verify.child.case import concrete_inputs
from nnxlint.verify.child.concrete import (
    STEPS,
    Observed,
    Run,
    compiled_run,
    constructed,
    difference,
    eager_run,
    rounding,
    varied,
)
from nnxlint.verify.child.loading import LoadedProgram
from nnxlint.verify.child.trace import CONSTRUCTION, Arrays, Trace, cut_down, size
from nnxlint.verify.child.views import Failure, Stage, data_difference, failure_of
from nnxlint.verify.protocol import Case, Probe

Result = TypeVar("Result")

MAX_STATE_BYTES = 1 << 30


class CannotRunError(Exception):
    """The program of before cannot be run on numbers; the message says why."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A stage of two programs to try: its name, its probe (None for construction), and its traces, if any."""

    name: str
    probe: Probe | None
    before: Stage | None
    after: Stage | None

    @property
    def only_constants_differ(self) -> bool:
        """Whether both are the same computation but for the values of constants, so that any bit counts."""
        if self.before is None or self.after is None:
            return False
        one, other = canonical(self.before.trace, masked=True), canonical(self.after.trace, masked=True)
        return one.hash == other.hash and self.before.form.hash != self.after.form.hash


@dataclass(frozen=True, slots=True)
class Bench:
    """The two loaded programs, their case, and the seeds to try."""

    before: LoadedProgram
    after: LoadedProgram
    case: Case
    seeds: Sequence[int]


def counterexample(bench: Bench, trials: Sequence[Trial]) -> str | None:
    """What shows that the programs differ, in words; None where all that was tried is equal.

    `CannotRunError` where the program of before raises.
    """
    made = _ran(constructed, bench.before, bench.before, bench.case)
    if isinstance(made, Failure):
        message = f"the program raises {made}"
        raise CannotRunError(message)
    other = _ran(constructed, bench.after, bench.after, bench.case)
    if isinstance(other, Failure):
        return f"{CONSTRUCTION}: the fixed program raises {other}"
    seen, state_paths, params = made
    exact = any(trial.probe is None and trial.only_constants_differ for trial in trials)
    if any(trial.probe is None for trial in trials):
        found = _differing(seen, other[0], exact=exact)
        if found is not None:
            return f"{CONSTRUCTION}: {found}"
    state = {path: value for path, value in seen.arrays.items() if path in state_paths}
    for trial in trials:
        found = None if trial.probe is None else _probe_counterexample(bench, trial, trial.probe, state, params)
        if found is not None:
            return f"{trial.name}: {found}"
    return None


def state_bytes(trace: Trace) -> int:
    """How much memory all that the trace gives would take."""
    return sum(shape.size * shape.dtype.itemsize for shape in trace.shapes.values())


def summary(seeds: Sequence[int]) -> str:
    """What was tried, in words."""
    return f"{len(seeds)} seeds and {STEPS} steps each, eager and compiled"


@dataclass(frozen=True, slots=True)
class _Way:
    """A way to run both programs, over which seeds and how many steps, and another way to run the first one.

    How far the two ways are apart is what rounding makes of the first program.
    """

    before: Run
    after: Run
    seeds: Sequence[int]
    steps: int = STEPS
    reference: Run | None = None


def _probe_counterexample(
    bench: Bench, trial: Trial, probe: Probe, state: Arrays, params: frozenset[str]
) -> str | None:
    chosen = params if probe.differentiate else frozenset[str]()
    exact = trial.only_constants_differ
    for way in _ways(bench, trial, probe, exact=exact):
        for seed in way.seeds:
            found = _difference_on_the_way(bench, way, varied(state, seed), chosen, seed, exact=exact)
            if found is not None:
                return found
    if exact:
        message = f"`{trial.name}` has other constants, and no number shows it"
        raise CannotRunError(message)
    return None


def _ways(bench: Bench, trial: Trial, probe: Probe, *, exact: bool) -> Iterator[_Way]:
    """The ways to run both programs; the one that finds most differences soonest first.

    Where there are jaxprs, Python itself runs the programs only once: with other numbers it would do the same.
    """
    eager = eager_run(bench.before, bench.case, probe), eager_run(bench.after, bench.case, probe)
    if trial.before is None or trial.after is None:
        yield _Way(*eager, bench.seeds)
        return
    first = _smallest_difference(trial.before, trial.after)
    if first is not None:
        parts = (cut_down(stage.trace, {first}) for stage in (trial.before, trial.after))
        before, after = (compiled_run(part) for part in parts)
        yield _Way(before, after, bench.seeds[:1], 1, eager[0])
    compiled = compiled_run(trial.before.trace), compiled_run(trial.after.trace)
    yield _Way(*compiled, bench.seeds, STEPS, eager[0])
    if not exact:
        yield _Way(*eager, bench.seeds[:1], 1, compiled[0])


def _smallest_difference(before: Stage, after: Stage) -> str | None:
    """Of the outputs that are computed otherwise, the one that takes fewest equations, and so is soonest compiled."""
    names = [name for name, value in before.form.outputs.items() if after.form.outputs.get(name) != value]
    return min(names, key=lambda name: size(cut_down(after.trace, {name}).closed.jaxpr), default=None)


def _difference_on_the_way(
    bench: Bench, way: _Way, state: Arrays, params: frozenset[str], seed: int, *, exact: bool
) -> str | None:
    """Step by step, both programs from the state that the first one left, so that rounding does not pile up."""
    for number in range(way.steps):
        values = {
            "param": {path: value for path, value in state.items() if path in params},
            "state": {path: value for path, value in state.items() if path not in params},
            "input": dict(concrete_inputs(bench.case, 1000 * seed + number)),
        }
        one, other = _ran(way.before, bench.before, values), _ran(way.after, bench.after, values)
        if isinstance(one, Failure):
            message = f"the program raises {one}"
            raise CannotRunError(message)
        if isinstance(other, Failure):
            return f"the fixed program raises {other}"
        found = _differing(one, other, exact=exact)
        if found is not None and way.reference is not None and _differing(one, other, lambda _: math.inf) is None:
            noise = rounding(one.arrays, way.reference(values).arrays)
            found = _differing(one, other, lambda path: noise.get(path, 0.0))  # noqa: B023 - used at once
        if found is not None:
            return f"{found} in step {number + 1} with seed {seed}"
        state = {path: one.arrays.get(path, value) for path, value in state.items()}
    return None


def _ran(function: Callable[..., Result], program: LoadedProgram, *arguments: object) -> Result | Failure:
    try:
        return function(*arguments)
    except Exception as error:  # noqa: BLE001 - whatever the program raises is what it does
        return failure_of(error, program)


def _differing(
    one: Observed, other: Observed, noise: Callable[[str], float] = lambda _: 0.0, *, exact: bool = False
) -> str | None:
    """What differs between two observations, in words; `noise` is what rounding explains, by path."""
    structure = data_difference(one.notes.entries, other.notes.entries)
    if structure is not None:
        return structure
    if one.notes.printed != other.notes.printed:
        return "what is printed differs"
    found = difference(one.arrays, other.arrays, noise, exact=exact)
    return None if found is None else str(found)
