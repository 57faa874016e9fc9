"""What training is: every Param moves, what is no Param is left to the module, and the weights are among the Params."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from flax import nnx

from nnxlint.verify.child.witnesses.base import Evidence, WitnessOutcome
from nnxlint.verify.child.witnesses.stage import (
    Numbers,
    Stage,
    changed,
    close,
    distance,
    framed,
    listed,
    numbers_in,
    option,
    staged,
    watched,
)
from nnxlint.verify.protocol import Case, Probe, Series

STEPS = 3


def every_param_moves(evidence: Evidence) -> WitnessOutcome:
    """Whether the watched step moves every Param of the case's objects."""
    with staged(evidence.program, evidence.case) as stage:
        before = _params(stage)
        losses = _steps(stage, watched(evidence.case), framed(evidence.case))
        after = _params(stage)
    still = sorted(set(before) - set(changed(before, after)))
    told = f"{len(before) - len(still)} of {len(before)} Params moved in {STEPS} steps"
    told += f"; {listed(still)} did not" if still else ""
    return WitnessOutcome(not still and bool(before), told, losses)


def optimizer_leaves_it(evidence: Evidence) -> WitnessOutcome:
    """Whether a training step leaves the Variable at `path` of `model` as the call of `forward` alone makes it."""
    model, path, forward = (option(evidence.options, name) for name in ("model", "path", "forward"))
    expected: list[float] = []
    seen: list[float] = []
    apart, kept = 0.0, True
    with staged(evidence.program, evidence.case) as stage:
        for _ in range(STEPS):
            alone = nnx.clone(stage.find(model))
            stage.find(forward)(alone, stage.find("batch"))
            stage.run_all(_training(evidence.case))
            left, right = _at(alone, path), _at(stage.find(model), path)
            apart, kept = max(apart, distance(left, right)), kept and close(left, right)
            expected.append(float(np.mean(left)))
            seen.append(float(np.mean(right)))
    told = f"`{path}` is up to {apart:.3g} from where the module itself puts it, over {STEPS} steps"
    return WitnessOutcome(
        kept,
        told,
        (
            Series(f"`{path}` as the module writes it", "step", "mean", tuple(expected)),
            Series(f"`{path}` after the training step", "step", "mean", tuple(seen)),
        ),
    )


def weight_is_trained(evidence: Evidence) -> WitnessOutcome:
    """Whether the watched step moves the array at `path` of `model`."""
    model, path = (option(evidence.options, name) for name in ("model", "path"))
    moved = [0.0]
    with staged(evidence.program, evidence.case) as stage:
        before = _at(stage.find(model), path)
        for _ in range(STEPS):
            stage.run_all(watched(evidence.case))
            moved.append(distance(before, _at(stage.find(model), path)))
    told = f"{STEPS} training steps move `{path}` by {moved[-1]:.3g}"
    return WitnessOutcome(moved[-1] > 0.0, told, (Series(f"`{path}` in training", "step", "change", tuple(moved)),))


def _training(case: Case) -> tuple[Probe, ...]:
    return tuple(probe for probe in case.probes if not probe.differentiate)


def _params(stage: Stage) -> Numbers:
    params = {path: each for path, each in stage.variables().items() if isinstance(each, nnx.Param)}
    return _arrays(params)


def _arrays(variables: Mapping[str, object]) -> Numbers:
    return {path: next(iter(numbers_in({path: each}).values())) for path, each in variables.items()}


def _at(model: object, path: str) -> np.ndarray[Any, Any]:
    """The array at a path of the model, held by a Variable or bare."""
    value = model
    for name in path.split("."):
        value = getattr(value, name)
    return next(iter(numbers_in({path: value}).values()))


def _steps(stage: Stage, steps: tuple[Probe, ...], losses: tuple[Probe, ...]) -> tuple[Series, ...]:
    """Take the steps; the first number of the first frame call is the loss, where there is one."""
    values: list[float] = []
    for _ in range(STEPS):
        values += [_loss(stage, each) for each in losses[:1]]
        stage.run_all(steps)
    values += [_loss(stage, each) for each in losses[:1]]
    return (Series("Loss", "step", "loss", tuple(values)),) if values else ()


def _loss(stage: Stage, probe: Probe) -> float:
    return float(np.ravel(next(iter(numbers_in({"loss": stage.run(probe)}).values())))[0])
