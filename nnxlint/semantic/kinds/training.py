"""What a project trains: Params only, or whatever its own filter or `jax.grad` takes."""

from nnxlint.semantic.machine import Machine
from nnxlint.semantic.values import External, Func, Partial, Tuple, Value, members

_TRAINERS = {
    "flax.nnx.Optimizer": (2, "wrt"),
    "flax.nnx.ModelAndOptimizer": (2, "wrt"),
    "flax.nnx.DiffState": (1, "filter"),
}
_WIDE = frozenset({"flax.nnx.Variable", "builtins.Ellipsis", "jax.Array"})
_GRADIENTS = frozenset({"flax.nnx.grad", "flax.nnx.value_and_grad", *_TRAINERS})


def trains_other_kinds(machine: Machine) -> bool:
    """Whether a filter of the project takes more than Params: a plain Variable may well be trained then."""
    seen_gradients = False
    for call in machine.seen.everywhere.library_calls:
        seen_gradients = seen_gradients or call.name in _GRADIENTS
        place = _TRAINERS.get(call.name)
        if place is None:
            continue
        given = call.arguments.get(*place)
        if given is not None and any(_is_wide(member) for member in members(given)):
            return True
    return not seen_gradients and _differentiates_trees(machine)


def _is_wide(value: Value) -> bool:
    if isinstance(value, External):
        return value.name in _WIDE
    return isinstance(value, Func | Partial | Tuple)


def _differentiates_trees(machine: Machine) -> bool:
    """Whether gradients are only taken by JAX itself, which differentiates every array of a module."""
    words = frozenset().union(*(facts.mentioned for facts in machine.index.modules.values()))
    return bool(words & {"grad", "value_and_grad"}) and "Optimizer" not in words
