"""Copies of object graphs: clones, merges, views."""

from dataclasses import replace

from nnxlint.semantic.frames import Frame
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.values import (
    Dictionary,
    Instance,
    Items,
    Partial,
    Place,
    Record,
    Ref,
    Sequence,
    Transformed,
    Tuple,
    Union,
    Value,
    union,
)


def copy_graph(machine: Machine, frame: Frame, value: Value, place: Place, *, tag: str, variables: bool) -> Value:
    """A copy of everything that a value reaches; Variables are shared unless `variables`."""
    targets = [target for target in machine.heap.reachable(value) if variables or not _is_variable(machine, target)]
    copies: dict[int, Ref] = {}
    for target in targets:
        record = machine.heap.records[target]
        copies[target] = machine.allocate(frame, place.node, record, f"{tag}:{target}")
    for target, copy in copies.items():
        machine.heap.write(copy.target, _renamed_record(machine.heap.records[target], copies, tag))
    return _renamed(value, copies)


def _is_variable(machine: Machine, target: int) -> bool:
    record = machine.heap.get(target)
    return isinstance(record, Instance) and machine.is_variable(record.cls)


def _renamed_record(record: Record, copies: dict[int, Ref], tag: str) -> Record:
    match record:
        case Instance():
            attrs = {name: _renamed(value, copies) for name, value in record.attrs.items()}
            return replace(record, attrs=attrs, tags=record.tags | {tag})
        case Sequence():
            rest = None if record.rest is None else _renamed(record.rest, copies)
            return Sequence(tuple(_renamed(item, copies) for item in record.items), rest, record.place)
        case Dictionary():
            rest = None if record.rest is None else _renamed(record.rest, copies)
            return Dictionary({key: _renamed(item, copies) for key, item in record.items.items()}, rest, record.place)


def _renamed(value: Value, copies: dict[int, Ref]) -> Value:
    match value:
        case Ref():
            return copies.get(value.target, value)
        case Tuple():
            return Tuple(tuple(_renamed(item, copies) for item in value.items))
        case Items():
            return Items(_renamed(value.item, copies))
        case Union():
            return union(_renamed(member, copies) for member in value.members)
        case Partial():
            keywords = tuple((name, _renamed(item, copies)) for name, item in value.keywords)
            return Partial(
                _renamed(value.function, copies), tuple(_renamed(item, copies) for item in value.args), keywords
            )
        case Transformed():
            return replace(value, function=_renamed(value.function, copies))
    return value
