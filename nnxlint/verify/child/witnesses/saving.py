"""What a saved file is for: another instance of the model gets the saved numbers from it."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import orbax.checkpoint as ocp
from flax import nnx

from nnxlint.verify.child import variables
from nnxlint.verify.child.case import call
from nnxlint.verify.child.reach import reach
from nnxlint.verify.child.witnesses.base import Evidence, WitnessOutcome
from nnxlint.verify.child.witnesses.stage import as_numpy, distance, numbers_in, option, staged, watched
from nnxlint.verify.protocol import Series


def checkpoint_restores_into_state(evidence: Evidence) -> WitnessOutcome:
    """Whether what the watched call saves at `path` restores into the state of a new `model`.

    The new model must give what the saved one gives in `evaluate`. Before it is saved, its numbers are moved: where
    nothing is restored, the new one gives something else.
    """
    model, evaluate = (option(evidence.options, name) for name in ("model", "evaluate"))
    with staged(evidence.program, evidence.case) as stage:
        path = stage.file(option(evidence.options, "path"))
        _move(stage.find(model))
        stage.run_all(watched(evidence.case))
        fresh = call(evidence.program, evidence.case.objects[model], stage.scope)
        try:
            with ocp.StandardCheckpointer() as checkpointer:
                restored = checkpointer.restore(path, nnx.state(fresh))
        except ValueError as error:
            told = str(error).strip().partition("\n")[0].rstrip(":.")[:120]
            reason = f"the checkpoint does not restore into `nnx.state`: {told}"
            return WitnessOutcome(holds=False, reason=reason, series=(_restored(0),))
        nnx.update(fresh, restored)
        batch = stage.find("batch")
        saved, again = (
            numbers_in({"output": stage.find(evaluate)(each, batch)}) for each in (stage.find(model), fresh)
        )
    apart = max(distance(saved[path], again[path]) for path in saved)
    told = f"the model restored from the checkpoint gives outputs {apart:.3g} from those of the saved one"
    return WitnessOutcome(apart == 0.0, told, (_restored(len(jax.tree.leaves(restored))),))


def file_holds_the_arrays(evidence: Evidence) -> WitnessOutcome:
    """Whether the file that the watched call writes at `path` holds the array of every Param of `model`."""
    with staged(evidence.program, evidence.case) as stage:
        path = stage.file(option(evidence.options, "path"))
        stage.run_all(watched(evidence.case))
        params = nnx.state(stage.find(option(evidence.options, "model")), nnx.Param)
        wanted = list(numbers_in({"params": params}).values())
        found = [array for file in sorted(path.parent.glob(f"{path.name}*")) for array in _loaded(file)]
    held = sum(any(np.array_equal(each, array) for array in found) for each in wanted)
    kinds = sorted({array.dtype.kind for array in found})
    names = {"U": "text", "f": "numbers", "O": "pickled objects"}
    told = " and ".join(names.get(kind, kind) for kind in kinds) or "nothing"
    reason = f"the file holds {told}: {held} of the {len(wanted)} arrays of the Params"
    return WitnessOutcome(held == len(wanted) > 0, reason, (Series("Arrays in the file", "file", "arrays", (held,)),))


def _restored(arrays: int) -> Series:
    return Series("Arrays restored into the state", "checkpoint", "arrays", (arrays,))


def _move(model: nnx.Module) -> None:
    """Add to all numbers of the model that are no counts or keys."""
    for variable in reach({"model": model}).variables.values():
        value = variables.raw_value(variable)
        if isinstance(value, jax.Array) and jnp.issubdtype(value.dtype, jnp.floating):
            variables.set_raw_value(variable, value + 0.5)


def _loaded(file: Path) -> Iterable[np.ndarray[Any, Any]]:
    try:
        content = np.load(file)
    except ValueError:  # pickled objects, which are not loaded from a file by default
        return [np.array([None], dtype=object)]
    return [content] if isinstance(content, np.ndarray) else [as_numpy(content[name]) for name in content.files]
