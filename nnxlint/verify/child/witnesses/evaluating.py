"""What evaluation is: repeated, it gives the same numbers, and it changes nothing."""

import numpy as np

from nnxlint.verify.child.witnesses.base import Evidence, WitnessOutcome
from nnxlint.verify.child.witnesses.stage import Numbers, Stage, changed, distance, listed, numbers_in, staged, watched
from nnxlint.verify.protocol import Series

CALLS = 8


def eval_repeatable(evidence: Evidence) -> WitnessOutcome:
    """Whether the watched call, repeated, gives equal numbers, and leaves statistics and random counts alone."""
    with staged(evidence.program, evidence.case) as stage:
        outputs, states = _repeated(stage)
    apart = max(distance(outputs[0][path], each[path]) for each in outputs for path in outputs[0])
    moved = changed(states[0], states[-1])
    told = f"{CALLS} evaluations are up to {apart:.3g} apart"
    told += f" and change {listed(moved)}" if moved else " and change no state"
    return WitnessOutcome(apart == 0.0 and not moved, told, (_answers(outputs), *_drifts(states, moved)))


def _repeated(stage: Stage) -> tuple[list[Numbers], list[Numbers]]:
    """The outputs of the calls, and the state before the first and after each."""
    outputs: list[Numbers] = []
    states = [stage.state()]
    probes = watched(stage.case)
    for _ in range(CALLS):
        results = stage.run_all(probes)
        outputs.append(numbers_in({f"output {number}": result for number, result in enumerate(results)}))
        states.append(stage.state())
    return outputs, states


def _answers(outputs: list[Numbers]) -> Series:
    first = next(iter(outputs[0]))
    values = tuple(float(np.ravel(each[first])[0]) for each in outputs)
    return Series("Evaluation of the same batch", "call", "first number of the output", values)


def _drifts(states: list[Numbers], moved: list[str]) -> tuple[Series, ...]:
    """How far each of the first statistics that moved went from where it was; counts of draws are none."""
    floats = [path for path in moved if states[0][path].dtype.kind == "f"][:1]
    return tuple(
        Series(
            f"Drift of `{path}` by evaluation",
            "call",
            "largest change",
            tuple(distance(states[0][path], each[path]) for each in states),
        )
        for path in floats
    )
