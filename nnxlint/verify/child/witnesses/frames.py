"""Frames that no plain comparison decides: what two programs must have in common although the fix changes some."""

from nnxlint.verify.child.loading import LoadedProgram
from nnxlint.verify.child.reach import Entry, reach
from nnxlint.verify.child.witnesses.base import Evidence, WitnessOutcome
from nnxlint.verify.child.witnesses.stage import Numbers, close, distance, framed, listed, numbers_in, option, staged

SEEDS = (0, 1)


def graph_structure(evidence: Evidence) -> WitnessOutcome:
    """Whether the `object` of both programs has the same parts: modules, Variables, shapes, attributes, sharing."""
    name = option(evidence.options, "object")
    before, after = (_structure(each, evidence, name) for each in _programs(evidence))
    differing = [path for path in dict.fromkeys((*before, *after)) if before.get(path) != after.get(path)]
    told = f"differs at {listed(differing)}" if differing else f"the same {len(before)} parts"
    return WitnessOutcome(not differing, told)


def same_numbers(evidence: Evidence) -> WitnessOutcome:
    """Whether the frame's calls give and leave the same numbers in both programs, kinds of Variables aside.

    Left out are the paths that have the option `without` among their names; `path` names the constant of a file.
    """
    without = evidence.options.get("without")
    worst = 0.0
    for seed in SEEDS:
        before, after = (_numbers(each, evidence, seed) for each in _programs(evidence))
        paths = [path for path in dict.fromkeys((*before, *after)) if without is None or without not in _names(path)]
        lacking = [path for path in paths if (path in before) != (path in after)]
        if lacking:
            return WitnessOutcome(holds=False, reason=f"only one of the programs has {listed(lacking)}")
        for path in paths:
            apart = distance(before[path], after[path])
            if not close(before[path], after[path]):
                return WitnessOutcome(holds=False, reason=f"`{path}` is {apart:.3g} apart")
            worst = max(worst, apart)
    return WitnessOutcome(holds=True, reason=f"{len(paths)} arrays are at most {worst:.3g} apart, {len(SEEDS)} seeds")


def _programs(evidence: Evidence) -> tuple[LoadedProgram, LoadedProgram]:
    if evidence.other is None:
        message = "a frame is a matter of two programs"
        raise LookupError(message)
    return evidence.program, evidence.other


def _structure(program: LoadedProgram, evidence: Evidence, name: str) -> dict[str, Entry]:
    with staged(program, evidence.case) as stage:
        return reach({name: stage.find(name)}).entries


def _numbers(program: LoadedProgram, evidence: Evidence, seed: int) -> Numbers:
    with staged(program, evidence.case, seed) as stage:
        if "path" in evidence.options:
            stage.file(evidence.options["path"])
        probes = framed(evidence.case)
        told = {f"output {number}": each for number, each in enumerate(stage.run_all(probes))}
        return {**stage.state(probes), **numbers_in(told)}


def _names(path: str) -> list[str]:
    return path.replace("[", ".").replace("]", "").replace("'", "").split(".")
