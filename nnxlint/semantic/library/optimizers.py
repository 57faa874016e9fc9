"""Optimizers: `nnx.Optimizer`, `nnx.ModelAndOptimizer`, and optax's transformations."""

from dataclasses import replace

from nnxlint.semantic.flax_api import ClassApi
from nnxlint.semantic.frames import Frame
from nnxlint.semantic.library.binding import bind_signature
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.observe import Arguments, ModelRead
from nnxlint.semantic.values import (
    UNKNOWN,
    Array,
    External,
    Instance,
    Place,
    Ref,
    Taint,
    Tree,
    Tuple,
    Unknown,
    Value,
    all_taints,
    taints_of,
)

# The tag of an optimizer whose `model` the program set itself.
OWN_MODEL = "own-model"
TRANSFORMATION = "optax.GradientTransformation"
_UPDATES = frozenset({Taint("updates")})


def construct_optimizer(machine: Machine, frame: Frame, api: ClassApi, arguments: Arguments, place: Place) -> Value:
    """`nnx.Optimizer(model, tx, wrt=…)`."""
    tags = frozenset({"loop"} if frame.loop_depth else ())
    bound = bind_signature(api.init, arguments)
    return machine.allocate(frame, place.node, Instance(External(api.name), bound, place, tags))


def fill_optimizer(machine: Machine, api: ClassApi, made: Ref, arguments: Arguments) -> None:
    """What an inherited constructor keeps in an object of a subclass."""
    for name, value in bind_signature(api.init, arguments).items():
        machine.set_attribute(made.target, name, value)


def note_read(machine: Machine, frame: Frame, record: Instance, name: str, place: Place) -> None:
    """Log that an optimizer's model is asked for, which plain optimizers have on old versions only."""
    if name == "model" and machine.derives(record.cls, "flax.nnx.Optimizer"):
        machine.log.models_read.append(ModelRead(place, record, frame.guarded_by()))


def note_given(machine: Machine, made: Ref, name: str) -> None:
    """Remember that an optimizer was given a `model` of its own."""
    record = machine.instance(made)
    if name == "model" and record is not None and machine.derives(record.cls, "flax.nnx.Optimizer"):
        machine.heap.write(made.target, replace(record, tags=record.tags | {OWN_MODEL}))


def call_optimizer_method(machine: Machine, frame: Frame, receiver: Value, name: str, arguments: Arguments) -> Value:
    """`optimizer.update(model, grads)`."""
    if name != "update":
        return UNKNOWN
    frame.mark_training()
    return Tree("updates", -1, (), _UPDATES)


def call_optax(machine: Machine, frame: Frame, name: str, arguments: Arguments, place: Place) -> Value:
    """A function of optax: a transformation, new parameters, a schedule or a loss."""
    last = name.rpartition(".")[2]
    if last == "apply_updates":
        frame.mark_training()
        params = arguments.get(0, "params")
        taints = frozenset(taint for taint in taints_of(params) if "grad" not in taint.kind) if params else frozenset()
        root = params.root if isinstance(params, Tree) else -1
        return Tree("updates", root, (), taints | _UPDATES)
    if last == "incremental_update":
        return Tree("updates", -1, (), _UPDATES)
    if name.startswith("optax.losses.") or "loss" in last or "cross_entropy" in last or last.startswith("global_"):
        return Array(all_taints(arguments.values()))
    if last.endswith(("schedule", "decay")) and last != "add_decayed_weights":
        return Unknown(reason="a schedule")
    record = Instance(External(TRANSFORMATION), {}, place)
    return machine.allocate(frame, place.node, record)


def is_transformation(machine: Machine, value: Value) -> bool:
    """Whether a value is an optax transformation for certain."""
    record = machine.instance(value)
    return record is not None and record.cls == External(TRANSFORMATION)


def call_transformation_method(machine: Machine, frame: Frame, name: str, arguments: Arguments) -> Value:
    """`tx.init(params)`, `tx.update(grads, state, params)`."""
    if name == "init":
        return Tree("optax", -1)
    if name == "update":
        frame.mark_training()
        return Tuple((Tree("updates", -1, (), _UPDATES), Tree("optax", -1)))
    return UNKNOWN
