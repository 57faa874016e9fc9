"""Conditions that go by a mode flag, and what modules do themselves under them.

A module may be mode-dependent without a layer of the library: it writes its own running statistics, or draws a mask,
where its flag says training.
"""

import ast
from collections.abc import Iterator

from nnxlint.semantic.frames import Decision, Frame
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.observe import LayerUse
from nnxlint.semantic.values import ClassRef, Const, FlagAttribute, FlagDefault, Instance, Place, Ref, Value
from nnxlint.semantic.vocabulary import evaluating

# The attributes that `.eval()` and `.train()` set on every module that has them.
_STEERED = frozenset({"deterministic", "use_running_average"})


def decision(machine: Machine, frame: Frame, test: ast.expr, condition: Value) -> Decision | None:
    """The mode flag that a condition whose answer is known goes by; `None` where it goes by none."""
    origin = condition.origin if isinstance(condition, Const) else None
    match origin:
        case FlagDefault() if evaluating(origin.parameter, machine.mode_flags, value=True) is not None:
            return Decision(origin, _training(machine, frame, test, origin))
        case FlagAttribute() if origin.name in _STEERED:
            return Decision(origin, _training(machine, frame, test, origin))
    return None


def _training(machine: Machine, frame: Frame, test: ast.expr, origin: FlagDefault | FlagAttribute) -> bool | None:
    """Whether the flag means training: its value under the name that the condition calls it by."""
    for name, value in _named(machine, frame, test):
        if isinstance(value, Const) and isinstance(value.value, bool) and value.origin in {origin, None}:
            evaluates = evaluating(name, machine.mode_flags, value=value.value)
            if evaluates is not None:
                return not evaluates
    return None


def _named(machine: Machine, frame: Frame, test: ast.expr) -> Iterator[tuple[str, Value | None]]:
    for node in ast.walk(test):
        match node:
            case ast.Name():
                yield node.id, frame.locals.get(node.id)
            case ast.Attribute(value=ast.Name(id=owner)):
                record = machine.instance(value) if (value := frame.locals.get(owner)) is not None else None
                yield node.attr, record.attrs.get(node.attr) if record is not None else None


def note_acting(machine: Machine, frame: Frame, place: Place) -> None:
    """What a method of a module does at this point, it does because a mode flag says training: note it as a use."""
    origin = frame.training_by()
    owner = _module(machine, frame) if origin is not None and machine.collectors else None
    if owner is not None:
        target, record = owner
        name = record.cls.decl.name if isinstance(record.cls, ClassRef) else ""
        machine.collectors[-1].append(LayerUse(name, True, origin, frame.certain, place, target))  # noqa: FBT003


def _module(machine: Machine, frame: Frame) -> tuple[int, Instance] | None:
    """The project's module of which a method runs here, other than its constructor."""
    for one in frame.chain():
        record = machine.instance(one.instance) if one.instance is not None else None
        if one.decl is None or one.decl.name == "__init__":
            return None
        if record is not None and isinstance(one.instance, Ref) and machine.is_module(record.cls):
            return one.instance.target, record
    return None
