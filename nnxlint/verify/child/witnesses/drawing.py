"""What random streams and modules with streams of their own are: different."""

import itertools

from nnxlint.verify.child.witnesses.base import Evidence, WitnessOutcome
from nnxlint.verify.child.witnesses.stage import Numbers, correlation, is_random, numbers_in, option, staged, watched
from nnxlint.verify.protocol import Series

RELATED = 0.2  # correlation of two rows of a thousand independent numbers: 0.03 on average


def streams_differ(evidence: Evidence) -> WitnessOutcome:
    """Whether the arrays that the watched call draws from several streams go together."""
    with staged(evidence.program, evidence.case) as stage:
        drawn = numbers_in({"draws": stage.run(watched(evidence.case)[0])})
    pairs = [correlation(left, right) for left, right in itertools.combinations(drawn.values(), 2)]
    worst = max(pairs, key=abs)
    told = f"draws from {len(drawn)} streams correlate by {worst:.3f}"
    curves = tuple(_draws(path, drawn) for path in drawn)
    return WitnessOutcome(abs(worst) < RELATED, told, curves)


def modules_differ(evidence: Evidence) -> WitnessOutcome:
    """Whether the modules in the object `modules` start with random values of their own."""
    with staged(evidence.program, evidence.case) as stage:
        made = stage.find(option(evidence.options, "modules"))
        first, second = (numbers_in({"module": module}) for module in made)
    random = [path for path in first if path in second and is_random(first[path])]
    alike = [path for path in random if first[path].tobytes() == second[path].tobytes()]
    told = f"{len(alike)} of {len(random)} random arrays are the same in both modules"
    values = tuple(correlation(first[path], second[path]) for path in random)
    return WitnessOutcome(bool(random) and not alike, told, (Series("Two modules", "array", "correlation", values),))


def _draws(path: str, drawn: Numbers) -> Series:
    return Series(f"Stream {path.rpartition('.')[2]}", "draw", "value", tuple(map(float, drawn[path].ravel()[:50])))
