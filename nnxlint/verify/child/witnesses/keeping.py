"""What the rest beside the parameters is: everything but them."""

from typing import Any

import jax
from flax import nnx

from nnxlint.verify.child.witnesses.base import Evidence, WitnessOutcome
from nnxlint.verify.child.witnesses.stage import staged, watched
from nnxlint.verify.protocol import Series


def rest_holds_no_params(evidence: Evidence) -> WitnessOutcome:
    """Whether the last thing that the watched call gives holds Variables, but no Param."""
    with staged(evidence.program, evidence.case) as stage:
        given: Any = stage.run(watched(evidence.case)[0])
        held = jax.tree.leaves(given[-1], is_leaf=lambda leaf: issubclass(_kind(leaf), nnx.Variable))
    params = sum(issubclass(_kind(each), nnx.Param) for each in held)
    told = f"{params} of the {len(held)} Variables in the rest are Params"
    return WitnessOutcome(not params and bool(held), told, (Series("Params in the rest", "rest", "Params", (params,)),))


def _kind(leaf: object) -> type:
    """The class of a Variable, also where a State holds it in the form that it had before Flax 0.12."""
    kind = getattr(leaf, "type", None)
    return kind if isinstance(kind, type) else type(leaf)
