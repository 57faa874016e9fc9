"""Try two programs on numbers, over seeds, steps, and ways to run: do they give the same?"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from nnxlint.verify.child.canonical import canonical
from nnxlint.verify.child.concrete import (
    STEPS,
    Observed,
    Run,
    constructed,
    difference,
    eager_run,
    rounding,
    steps,
    trace_run,
    varied,
)
from nnxlint.verify.child.loading import LoadedProgram
from nnxlint.verify.child.trace import CONSTRUCTION, Arrays, Trace
from nnxlint.verify.child.views import Failure, Stage, data_difference, failure_of
from nnxlint.verify.protocol import Case, Probe

Result = TypeVar("Result")

MAX_STATE_BYTES = 1 << 30


class CannotRunError(Exception):
    """The program of before cannot be run on numbers; the message says why."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A stage of two programs to try: its name, its probe (None for construction), and its traces where there are any."""

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
    made = _ran(lambda: constructed(bench.before, bench.case), bench.before)
    if isinstance(made, Failure):
        message = f"the program raises {made}"
        raise CannotRunError(message)
    other = _ran(lambda: constructed(bench.after, bench.case), bench.after)
    if isinstance(other, Failure):
        return f"{CONSTRUCTION}: the fixed program raises {other}"
    seen, state_paths, params = made
    exact = any(trial.probe is None and trial.only_constants_differ for trial in trials)
    if any(trial.probe is None for trial in trials):
        found = _differing(seen, other[0], {}, exact=exact)
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
    return f"{len(seeds)} seeds × {STEPS} steps, eager and compiled"


def _probe_counterexample(
    bench: Bench, trial: Trial, probe: Probe, state: Arrays, params: frozenset[str]
) -> str | None:
    chosen = params if probe.differentiate else frozenset[str]()
    exact = trial.only_constants_differ
    for before, after, noisy in _ways(bench, trial, probe):
        for seed in bench.seeds:
            pairs = _pairs(bench, (before, after, noisy), varied(state, seed), chosen, seed)
            for number, (one, other, reference) in enumerate(pairs):
                if isinstance(one, Failure):
                    message = f"`{trial.name}` raises {one}"
                    raise CannotRunError(message)
                if isinstance(other, Failure):
                    return f"the fixed program raises {other}"
                noise = {} if reference is None else rounding(one.arrays, reference.arrays)
                found = _differing(one, other, noise, exact=exact)
                if found is not None:
                    return f"{found} in step {number + 1} with seed {seed}"
    if exact:
        message = f"`{trial.name}` has other constants, and no number shows it"
        raise CannotRunError(message)
    return None


def _ways(bench: Bench, trial: Trial, probe: Probe) -> Iterator[tuple[Run, Run, Run | None]]:
    """The ways to run both programs, the cheapest first, each with another way to run the first: that is rounding."""
    eager = eager_run(bench.before, bench.case, probe), eager_run(bench.after, bench.case, probe)
    if trial.before is None or trial.after is None:
        yield (*eager, None)
        return
    plain = trace_run(trial.before.trace, compiled=False)
    compiled = trace_run(trial.before.trace, compiled=True)
    if trial.only_constants_differ:
        yield plain, trace_run(trial.after.trace, compiled=False), None
        return
    yield plain, trace_run(trial.after.trace, compiled=False), compiled
    yield compiled, trace_run(trial.after.trace, compiled=True), plain
    yield (*eager, plain)


def _pairs(
    bench: Bench, runs: tuple[Run, Run, Run | None], state: Arrays, params: frozenset[str], seed: int
) -> Iterator[tuple[Observed | Failure, Observed | Failure, Observed | None]]:
    """The steps of both runs side by side; a failure ends them."""
    one = _guarded(steps(runs[0], bench.case, state, params, seed), bench.before)
    other = _guarded(steps(runs[1], bench.case, state, params, seed), bench.after)
    references = steps(runs[2], bench.case, state, params, seed) if runs[2] is not None else iter([None] * STEPS)
    yield from zip(one, other, references, strict=False)


def _guarded(observations: Iterator[Observed], program: LoadedProgram) -> Iterator[Observed | Failure]:
    try:
        yield from observations
    except Exception as error:  # noqa: BLE001 - whatever the program raises is what it does
        yield failure_of(error, program)


def _ran(function: Callable[[], Result], program: LoadedProgram) -> Result | Failure:
    try:
        return function()
    except Exception as error:  # noqa: BLE001 - whatever the program raises is what it does
        return failure_of(error, program)


def _differing(one: Observed, other: Observed, noise: dict[str, float], *, exact: bool) -> str | None:
    """What differs between two observations, in words."""
    structure = data_difference(one.notes.entries, other.notes.entries)
    if structure is not None:
        return structure
    if one.notes.printed != other.notes.printed:
        return "what is printed differs"
    found = difference(one.arrays, other.arrays, noise, exact=exact)
    return None if found is None else str(found)
