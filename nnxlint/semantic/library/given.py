"""Values made up for parameters that are annotated with a library's class."""

from nnxlint.semantic.frames import Frame
from nnxlint.semantic.library import (
    storage,
    streams,
)
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.values import (
    External,
    Instance,
    Place,
    Value,
)

MODULE = External("flax.nnx.Module")


def given_of_library(machine: Machine, frame: Frame, cls: External, place: Place) -> Value | None:
    """A value made up for a parameter that is annotated with a library's class."""
    api = machine.api.classes.get(cls.name)
    if api is None:
        return storage.given(machine, frame, cls.name, place)
    if api.name == "flax.nnx.Rngs":
        return streams.given_rngs(machine, frame, place)
    if "flax.nnx.Optimizer" in api.mro:
        # A `ModelAndOptimizer` is an `Optimizer` too, so the annotation says little where the project has both.
        unsure = frame.path in machine.combining and api.name == "flax.nnx.Optimizer"
        tags = frozenset({"given", "open"} if unsure else {"given"})
        return machine.allocate(frame, place.node, Instance(cls, {}, place, tags), "given")
    if api.name == MODULE.name:
        record = Instance(MODULE, {}, place, frozenset({"given", "open"}))
        return machine.allocate(frame, place.node, record, "given")
    return None
