"""Logging the calls of libraries that rules may ask about."""

from collections import defaultdict

from nnxlint.semantic.frames import Frame
from nnxlint.semantic.library.storage import note_call
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.observe import Arguments, LibraryCall
from nnxlint.semantic.values import External, Instance, Place, Ref, Unknown, Value

_WATCHED_TOPS = frozenset({"flax", "orbax", "pickle", "joblib", "dill", "cloudpickle", "torch"})
_WATCHED = frozenset(
    """jax.tree.map
    numpy.save numpy.savez numpy.savez_compressed jax.numpy.save jax.numpy.savez jax.numpy.savez_compressed""".split()
)
# What an optimizer's record tells of its constructor's arguments; the optimizer has no such attribute.
_OF_OPTIMIZERS = frozenset({"model"})
_WATCHED_METHODS = frozenset({"save", "update", "write", "dump"})


def log_call(
    machine: Machine, frame: Frame, name: str, receiver: Value | None, arguments: Arguments, place: Place, result: Value
) -> None:
    """Keep a call when a rule may ask about its name."""
    if not _is_watched(name, receiver):
        return
    full = _full_name(machine, name, receiver)
    note_call(machine, frame, full, receiver, arguments, place)
    decl = frame.decl
    machine.log.add_call(
        LibraryCall(
            place=place,
            name=full,
            receiver=receiver,
            arguments=arguments,
            function=decl,
            owner=decl.owner if decl is not None else None,
            transforms=frame.transforms,
            certain=frame.certain,
            loop_depth=frame.loop_depth,
            result=result,
            names=_names(machine, frame) if name.endswith("Optimizer.update") else {},
            targets=frame.targets,
            activation=id(frame.activation),
            guards=frame.guarded_by(),
            made=machine.instance(receiver) if receiver is not None else None,
        )
    )


def _is_watched(name: str, receiver: Value | None) -> bool:
    if receiver is not None and name.rpartition(".")[2] in _WATCHED_METHODS:
        return True
    return name.partition(".")[0] in _WATCHED_TOPS or name in _WATCHED


def _full_name(machine: Machine, name: str, receiver: Value | None) -> str:
    """A method's name with the class that its receiver was built from, where that is known."""
    if "." in name or receiver is None:
        return name
    if isinstance(receiver, Unknown) and receiver.reason.startswith("what `"):
        return f"{receiver.reason.split('`')[1]}.{name}"
    record = machine.instance(receiver)
    if record is not None and isinstance(record.cls, External):
        return f"{record.cls.name}.{name}"
    return name


def _names(machine: Machine, frame: Frame) -> dict[int, tuple[str, ...]]:
    """How the objects in reach are spelled at a call: by local names or attributes of one, the nearest first."""
    names: dict[int, tuple[str, ...]] = defaultdict(tuple)
    hidden: set[str] = set()
    scope: Frame | None = frame
    while scope is not None:
        for name, value in scope.locals.items():
            if isinstance(value, Ref) and name not in hidden:
                names[value.target] += (name,)
        hidden.update(scope.locals)
        scope = scope.closure
    for name, value in frame.locals.items():
        record = machine.instance(value)
        if isinstance(record, Instance) and not machine.is_module(record.cls):
            inherited = _OF_OPTIMIZERS if machine.derives(record.cls, "flax.nnx.Optimizer") else frozenset()
            for attribute, held in record.attrs.items():
                if isinstance(held, Ref) and attribute not in inherited:
                    names[held.target] += (f"{name}.{attribute}",)
    return dict(names)
