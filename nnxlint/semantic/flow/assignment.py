"""Binding values to names, attributes, elements and patterns of them."""

import ast

from nnxlint.semantic.flow import attributes
from nnxlint.semantic.flow.iteration import element, elements, item_at
from nnxlint.semantic.frames import Frame
from nnxlint.semantic.heap import join_optional
from nnxlint.semantic.library.watching import note_seen
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.values import (
    Array,
    Const,
    Dictionary,
    Items,
    Place,
    Ref,
    Sequence,
    Taint,
    Union,
    Value,
    members,
    taints_of,
    with_taints,
)
from nnxlint.semantic.vocabulary import names_evaluation_data, names_gradient


def assign(machine: Machine, frame: Frame, target: ast.expr, value: Value, statement: ast.AST) -> None:
    """Bind the value to the target; `statement` is the place that writes are reported at."""
    match target:
        case ast.Name():
            bind_name(machine, frame, target.id, value)
            if machine.log.watched is not None:
                note_seen(machine, target, value)
        case ast.Tuple() | ast.List():
            _unpack(machine, frame, target.elts, value, statement)
        case ast.Starred():
            assign(machine, frame, target.value, value, statement)
        case ast.Attribute():
            owner = machine.evaluate(machine, frame, target.value)
            attributes.store(machine, frame, owner, target.attr, value, Place(frame.path, statement))
            if machine.log.watched is not None:
                note_seen(machine, target, value)
        case ast.Subscript():
            owner = machine.evaluate(machine, frame, target.value)
            key = machine.evaluate(machine, frame, target.slice)
            store_item(machine, frame, owner, key, value, Place(frame.path, statement))
            _fill(frame, target, value)


def _fill(frame: Frame, target: ast.Subscript, value: Value) -> None:
    """`table[:, ::2] = np.sin(angles)`: a local array is then made of what was put into it."""
    if not isinstance(target.value, ast.Name):
        return
    held = frame.locals.get(target.value.id)
    if isinstance(held, Array):
        content = frozenset(taint for taint in taints_of(value) if taint.kind in _CONTENT)
        frame.locals[target.value.id] = with_taints(held, content)


_CONTENT = frozenset({"random", "initializer", "discrete", "table", "wave"})


def bind_name(machine: Machine, frame: Frame, name: str, value: Value) -> None:
    """Set a variable of the frame, or of an outer one that the name was declared to be of."""
    if name in frame.globals:
        _bind_global(machine, machine.modules[frame.path], name, value)
        return
    if name in frame.nonlocals:
        machine.spoil()
        outer = frame.closure
        while outer is not None and name not in outer.locals:
            outer = outer.closure
        (outer or frame).locals[name] = value
        return
    if frame.decl is None:
        _bind_global(machine, frame, name, signed(name, value))
        return
    frame.locals[name] = signed(name, value)


def _bind_global(machine: Machine, module: Frame, name: str, value: Value) -> None:
    if name not in module.rebound and name in module.locals and module.locals[name] != value:
        # Functions that looked at the old value may do something else now; from now on it is noted who looks.
        machine.epoch += 1
        module.rebound.add(name)
    module.locals[name] = value


def signed(name: str, value: Value) -> Value:
    """The value with what its name tells of it."""
    if names_evaluation_data(name):
        return with_taints(value, frozenset({Taint("eval-data")}))
    if names_gradient(name):
        return with_taints(value, frozenset({Taint("grad-name")}))
    return value


def _unpack(machine: Machine, frame: Frame, targets: list[ast.expr], value: Value, statement: ast.AST) -> None:
    items, rest = elements(machine, value)
    starred = next((place for place, target in enumerate(targets) if isinstance(target, ast.Starred)), None)
    for position, target in enumerate(targets):
        if starred is None or position < starred:
            part = (
                item_at(machine, value, position)
                if not isinstance(value, Union)
                else _of_each(machine, value, position)
            )
        elif position == starred:
            part = Items(element(machine, value))
        else:
            part = (
                item_at(machine, value, position - len(targets)) if rest is None and items else element(machine, value)
            )
        assign(machine, frame, target, part, statement)


def _of_each(machine: Machine, value: Union, position: int) -> Value:
    result: Value | None = None
    for member in value.members:
        result = join_optional(result, item_at(machine, member, position))
    return result if result is not None else value


def store_item(machine: Machine, frame: Frame, owner: Value, key: Value, value: Value, place: Place) -> None:
    """`owner[key] = value`."""
    for member in members(owner):
        record = machine.heap.get(member.target) if isinstance(member, Ref) else None
        match record:
            case Dictionary() if isinstance(member, Ref):
                machine.heap.write(member.target, _with_key(record, key, value))
            case Sequence() if isinstance(member, Ref):
                machine.heap.write(member.target, _with_element(record, key, value))
            case _:
                attributes.store_payload(machine, frame, member, value, "[...]", place)


def _with_key(record: Dictionary, key: Value, value: Value) -> Dictionary:
    if isinstance(key, Const):
        return Dictionary({**record.items, key.value: value}, record.rest, record.place)
    return Dictionary(record.items, join_optional(record.rest, value), record.place)


def _with_element(record: Sequence, key: Value, value: Value) -> Sequence:
    if isinstance(key, Const) and isinstance(key.value, int) and 0 <= key.value < len(record.items):
        items = (*record.items[: key.value], value, *record.items[key.value + 1 :])
        return Sequence(items, record.rest, record.place)
    return Sequence(record.items, join_optional(record.rest, value), record.place)


def delete(machine: Machine, frame: Frame, target: ast.expr) -> None:
    """`del target`."""
    if isinstance(target, ast.Name):
        frame.locals.pop(target.id, None)
        return
    for node in ast.iter_child_nodes(target):
        if isinstance(node, ast.expr):
            machine.evaluate(machine, frame, node)
