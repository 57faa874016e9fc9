"""What iterating over a value gives."""

import ast

from nnxlint.semantic.flow.evidence import named_after_evaluation_data
from nnxlint.semantic.frames import Frame
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.values import (
    ARRAY,
    UNKNOWN,
    Array,
    Const,
    Dictionary,
    Items,
    Ref,
    Sequence,
    Taint,
    Tree,
    Tuple,
    Union,
    Unknown,
    Value,
    join,
    taints_of,
    union,
    with_taints,
)


def elements(machine: Machine, value: Value) -> tuple[tuple[Value, ...], Value | None]:
    """The known elements in order, and what further elements may be (`None`: there are no others)."""
    match value:
        case Tuple():
            return value.items, None
        case Items():
            return (), value.item
        case Ref():
            return _of_record(machine, value)
        case Array() | Tree():
            return (), Array(value.taints)
        case Const() if isinstance(value.value, str):
            return (), ARRAY
        case Unknown():
            return (), Unknown(value.taints, value.reason)
        case Union():
            return (), union(element(machine, member) for member in value.members)
    return (), UNKNOWN


def _of_record(machine: Machine, value: Ref) -> tuple[tuple[Value, ...], Value | None]:
    record = machine.heap.get(value.target)
    match record:
        case Sequence():
            return record.items, record.rest
        case Dictionary():
            keys = tuple(Const(key) for key in record.items)
            return keys, UNKNOWN if record.rest is not None else None
    return (), UNKNOWN


def iterated(machine: Machine, frame: Frame, node: ast.expr) -> tuple[tuple[Value, ...], Value | None]:
    """The elements that a loop over an expression runs through, with what the expression's names tell of them."""
    items, rest = elements(machine, machine.evaluate(machine, frame, node))
    if not named_after_evaluation_data(machine, node):
        return items, rest
    taints = frozenset({Taint("eval-data")})
    return tuple(with_taints(item, taints) for item in items), with_taints(rest, taints) if rest is not None else None


def element(machine: Machine, value: Value) -> Value:
    """What any one element of the value may be."""
    items, rest = elements(machine, value)
    found = rest
    for item in items:
        found = item if found is None else join(found, item)
    return found if found is not None else UNKNOWN


def item_at(machine: Machine, value: Value, position: int) -> Value:
    """The element at a position, from the end for negative ones."""
    items, rest = elements(machine, value)
    if rest is None and -len(items) <= position < len(items):
        return items[position]
    if 0 <= position < len(items):
        return items[position]
    if rest is not None and not items:
        return rest
    return element(machine, value) if items or rest is not None else Unknown(taints_of(value))
