"""Some of the numbers that a program computes, always the same ones, so that devices can be compared by them."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import jax
import numpy as np

from nnxlint.verify.child.case import concrete_inputs
from nnxlint.verify.child.concrete import compiled_run, constructed, numbers, varied
from nnxlint.verify.child.loading import LoadedProgram
from nnxlint.verify.child.trace import Arrays
from nnxlint.verify.child.views import Stage
from nnxlint.verify.protocol import Case

FEW = 4  # of each array
MOST = 64  # arrays of a stage

Figures = dict[str, tuple[float | None, ...]]


def figures(program: LoadedProgram, case: Case, stages: Sequence[Stage], seed: int) -> Figures:
    """Numbers by stage and path, with the dtype behind a space: of the construction, and of a compiled step of each."""
    made, state_paths, _ = constructed(program, case, seed)
    first, *probes = stages
    found = dict(_of_stage(first.name, made.arrays))
    state = varied({path: value for path, value in made.arrays.items() if path in state_paths}, seed)
    flat = {f"state {path}": value for path, value in state.items()}
    flat |= {f"param {path}": value for path, value in state.items()}
    flat |= {f"input {name}": value for name, value in concrete_inputs(case, seed).items()}
    for stage in probes:
        groups: dict[str, Arrays] = {"param": {}, "state": {}, "input": {}}
        for name in stage.trace.inputs:
            group, _, path = name.partition(" ")
            groups[group][path] = flat[name]
        found.update(_of_stage(stage.name, compiled_run(stage.trace)(groups).arrays))
    return found


def _of_stage(stage: str, arrays: Arrays) -> Iterator[tuple[str, tuple[float | None, ...]]]:
    for path in sorted(arrays)[:MOST]:
        array = numbers(arrays[path])
        # Those that lie apart tell more than neighbours do.
        chosen = array.reshape(-1)[:: max(1, array.size // FEW)][:FEW]
        yield f"{stage}/{path} {array.dtype.name}", tuple(_plain(each) for each in chosen)


def _plain(value: Any) -> float | None:  # noqa: ANN401 - a number of NumPy's
    real = float(np.real(value)) if jax.numpy.issubdtype(np.asarray(value).dtype, np.number) else float(value)
    return real if math.isfinite(real) else None
