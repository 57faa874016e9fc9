"""Modes: `.eval()`, `.train()`, `set_attributes`, `nnx.view` and their relatives."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from nnxlint.semantic.frames import Frame
from nnxlint.semantic.library.copies import copy_graph
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.observe import Arguments
from nnxlint.semantic.values import (
    NONE,
    UNKNOWN,
    ClassRef,
    Const,
    External,
    Instance,
    Place,
    Unknown,
    Value,
    members,
)

_EVALUATION: Mapping[str, Value] = {"deterministic": Const(value=True), "use_running_average": Const(value=True)}
_TRAINING: Mapping[str, Value] = {"deterministic": Const(value=False), "use_running_average": Const(value=False)}

# The tag of an object whose mode was set after it was made, so that its attribute is more than a default.
SET = "mode-set"


def is_set_to_evaluation(record: Instance, flag: str) -> bool:
    """Whether a layer's flag says evaluation because somebody set its mode to that, on every path."""
    held = members(record.attrs.get(flag, UNKNOWN))
    return SET in record.tags and all(isinstance(one, Const) and one.value is True for one in held)


def call_mode_method(machine: Machine, frame: Frame, receiver: Value, name: str, arguments: Arguments) -> Value:
    """`module.eval(**attributes)`, `module.train(…)`, `module.set_attributes(*filters, **attributes)`."""
    attributes: dict[str, Value] = dict(arguments.keywords)
    if name in {"eval", "train"}:
        attributes = {**(_EVALUATION if name == "eval" else _TRAINING), **attributes}
    for name_unneeded in ("raise_if_not_found", "graph"):
        attributes.pop(name_unneeded, None)
    filters = arguments.positional if name == "set_attributes" else ()
    set_modes(machine, frame, receiver, attributes, filters, unsure=arguments.open)
    return NONE


def set_modes(
    machine: Machine,
    frame: Frame,
    root: Value,
    attributes: Mapping[str, Value],
    filters: Sequence[Value] = (),
    *,
    unsure: bool = False,
) -> None:
    """Set attributes on every module that a value reaches and that has them."""
    if unsure:
        attributes = dict.fromkeys((*attributes, *_EVALUATION), UNKNOWN)
    for member in members(root):
        for target in machine.heap.reachable(member):
            record = machine.heap.get(target)
            if not isinstance(record, Instance) or not machine.is_module(record.cls):
                continue
            selected = _selected(machine, record, filters)
            if selected is False:
                continue
            changed = {
                name: _plain(value) if selected else Unknown(reason="a filter that is not known")
                for name, value in attributes.items()
                if name in record.attrs or _has_flag(machine, record, name)
            }
            if changed:
                attrs = {**record.attrs, **changed}
                machine.heap.write(target, replace(record, attrs=attrs, tags=record.tags | {SET}))
                machine.log.modes_set.append((target, frame.activation))


def _plain(value: Value) -> Value:
    return Const(value.value) if isinstance(value, Const) else value


def _has_flag(machine: Machine, record: Instance, name: str) -> bool:
    api = machine.library_class(record.cls)
    return api is not None and api.mode_flag == name


def _selected(machine: Machine, record: Instance, filters: Sequence[Value]) -> bool | None:
    """Whether a module passes the filters; `None` when that is not known."""
    if not filters:
        return True
    answer: bool | None = False
    for one in filters:
        match one:
            case External() if one.name in machine.api.classes:
                if machine.derives(record.cls, one.name):
                    return True
            case External(name="builtins.Ellipsis"):
                return True
            case ClassRef():
                if one in machine.ancestry(record.cls):
                    return True
            case _:
                answer = None
    return answer


def view(machine: Machine, frame: Frame, arguments: Arguments, place: Place) -> Value:
    """`nnx.view(model, **attributes)`: a copy of the object graph that shares the Variables."""
    node = arguments.get(0, "node")
    if node is None:
        return UNKNOWN
    copy = copy_graph(machine, frame, node, place, tag="view", variables=False)
    attributes = {
        name: value for name, value in arguments.keywords.items() if name not in {"only", "raise_if_not_found", "graph"}
    }
    only = arguments.keywords.get("only")
    filters = () if only is None or only == External("builtins.Ellipsis") else (only,)
    set_modes(machine, frame, copy, attributes, filters, unsure=arguments.more_keywords is not None)
    return copy


def with_attributes(machine: Machine, frame: Frame, arguments: Arguments, place: Place) -> Value:
    """`nnx.with_attributes(model, **attributes)`: like a view, for any attribute."""
    return view(machine, frame, arguments, place)
