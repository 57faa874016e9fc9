"""Subscripts: elements of lists, dicts, tuples, states and arrays."""

import ast

from nnxlint.semantic.flow.iteration import element, item_at
from nnxlint.semantic.frames import Frame
from nnxlint.semantic.library import variables
from nnxlint.semantic.library.parts import part_of_tree
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.values import (
    UNKNOWN,
    Array,
    Const,
    Dictionary,
    External,
    Items,
    Method,
    Place,
    Ref,
    Sequence,
    Taint,
    Tree,
    Tuple,
    Unknown,
    Value,
    members,
    taints_of,
    union,
)
from nnxlint.semantic.vocabulary import names_evaluation_data


def subscript(machine: Machine, frame: Frame, node: ast.Subscript) -> Value:
    """`owner[key]`."""
    owner = machine.evaluate(machine, frame, node.value)
    key = machine.evaluate(machine, frame, node.slice)
    place = Place(frame.path, node)
    return union(_item(machine, frame, member, key, place) for member in members(owner))


def _item(machine: Machine, frame: Frame, owner: Value, key: Value, place: Place) -> Value:
    record = machine.heap.get(owner.target) if isinstance(owner, Ref) else None
    match owner, record:
        case _, Dictionary():
            return _of_dictionary(record, key)
        case Tuple() | Items(), _:
            return _of_sequence(machine, frame, owner, key, place)
        case Ref(), Sequence():
            return _of_sequence(machine, frame, owner, key, place)
        case ((Array() | Tree() | Unknown()), _):
            return _of_data(machine, owner, key)
        case Ref(), _:
            return variables.load_item(machine, frame, owner, key, place)
        case Method(receiver=Array(), name="at"), _:
            return Array(taints_of(owner))
    return owner if type(owner).__name__ in {"ClassRef", "External"} else UNKNOWN


def _of_dictionary(record: Dictionary, key: Value) -> Value:
    if isinstance(key, Const) and key.value in record.items:
        return record.items[key.value]
    values = [] if isinstance(key, Const) and record.rest is not None else list(record.items.values())
    if record.rest is not None:
        values.append(record.rest)
    return union(values) if values else UNKNOWN


def _of_sequence(machine: Machine, frame: Frame, owner: Value, key: Value, place: Place) -> Value:
    if isinstance(key, Const) and isinstance(key.value, int):
        return item_at(machine, owner, key.value)
    if isinstance(place.node, ast.Subscript) and isinstance(place.node.slice, ast.Slice):
        bounds = _bounds(place.node.slice)
        if isinstance(owner, Tuple) and bounds is not None:
            return Tuple(owner.items[bounds])
        return machine.allocate(frame, place.node, Sequence((), element(machine, owner), place))
    return element(machine, owner)


def _bounds(node: ast.Slice) -> slice | None:
    """A slice whose bounds are written out."""
    try:
        parts = [None if part is None else ast.literal_eval(part) for part in (node.lower, node.upper, node.step)]
    except ValueError:
        return None
    known = all(part is None or isinstance(part, int) for part in parts) and parts[2] != 0
    return slice(*parts) if known else None


def _of_data(machine: Machine, owner: Array | Tree | Unknown, key: Value) -> Value:
    taints = owner.taints
    if isinstance(key, Const) and isinstance(key.value, str) and names_evaluation_data(key.value):
        taints |= {Taint("eval-data")}
    if isinstance(owner, Unknown):
        return Unknown(taints, owner.reason)
    if isinstance(owner, Tree) and not (isinstance(key, External) and key.name == "builtins.Ellipsis"):
        return part_of_tree(machine, Tree(owner.kind, owner.root, owner.filters, taints), key)
    return Array(taints)
