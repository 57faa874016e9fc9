"""Lists and dicts, `nnx.List` and `nnx.Dict`, and functions that hand their argument back."""

from collections.abc import Mapping
from dataclasses import replace

from nnxlint.semantic.flow.iteration import element, elements
from nnxlint.semantic.frames import Frame
from nnxlint.semantic.heap import join_optional
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.observe import Arguments
from nnxlint.semantic.values import (
    NONE,
    UNKNOWN,
    Const,
    Dictionary,
    Items,
    Literal,
    Place,
    Ref,
    Sequence,
    Tuple,
    Value,
    union,
)


def make_list(machine: Machine, frame: Frame, arguments: Arguments, place: Place) -> Value:
    """`nnx.List(items)`."""
    given = arguments.get(0, "it")
    items, rest = elements(machine, given) if given is not None else ((), None)
    return machine.allocate(frame, place.node, Sequence(items, rest, place))


def make_dict(machine: Machine, frame: Frame, arguments: Arguments, place: Place) -> Value:
    """`nnx.Dict(mapping)`, `nnx.Dict(a=…)`."""
    first = machine.dictionary(arguments.positional[0]) if arguments.positional else None
    items: dict[Literal, Value] = {**(first.items if first is not None else {}), **arguments.by_key()}
    rest = first.rest if first is not None else (UNKNOWN if arguments.positional else arguments.more_keywords)
    return machine.allocate(frame, place.node, Dictionary(items, rest, place))


def same(machine: Machine, frame: Frame, arguments: Arguments, place: Place) -> Value:
    """The first argument."""
    return arguments.positional[0] if arguments.positional else UNKNOWN


def call_method(machine: Machine, frame: Frame, receiver: Ref, name: str, arguments: Arguments, place: Place) -> Value:
    """A method of a list or a dict."""
    record = machine.heap.get(receiver.target)
    if isinstance(record, Sequence):
        return _of_list(machine, frame, receiver, record, name, arguments)
    if isinstance(record, Dictionary):
        return _of_dict(machine, receiver, record, name, arguments)
    return UNKNOWN


def _of_list(machine: Machine, frame: Frame, receiver: Ref, record: Sequence, name: str, arguments: Arguments) -> Value:
    first = arguments.positional[0] if arguments.positional else UNKNOWN
    match name:
        case "append":
            machine.heap.write(receiver.target, _appended(frame, record, first))
            return NONE
        case "extend":
            items, rest = elements(machine, first)
            grown = (*record.items, *items) if record.rest is None else record.items
            machine.heap.write(receiver.target, Sequence(grown, join_optional(record.rest, rest), record.place))
            return NONE
        case "insert":
            inserted = arguments.positional[1] if len(arguments.positional) > 1 else UNKNOWN
            machine.heap.write(receiver.target, replace(record, rest=join_optional(record.rest, inserted)))
            return NONE
        case "pop" | "__getitem__":
            return element(machine, receiver)
        case "copy":
            return receiver
    return UNKNOWN


def _appended(frame: Frame, record: Sequence, value: Value) -> Sequence:
    if frame.loop_depth or record.rest is not None:
        if value in record.items:
            return record
        return replace(record, rest=join_optional(record.rest, value))
    return replace(record, items=(*record.items, value))


def _of_dict(machine: Machine, receiver: Ref, record: Dictionary, name: str, arguments: Arguments) -> Value:
    values = [*record.items.values(), *((record.rest,) if record.rest is not None else ())]
    any_value = union(values) if values else UNKNOWN
    match name:
        case "items":
            if record.rest is None:
                return Tuple(tuple(Tuple((Const(key), value)) for key, value in record.items.items()))
            return Items(Tuple((UNKNOWN, any_value)))
        case "values":
            return Tuple(tuple(record.items.values())) if record.rest is None else Items(any_value)
        case "keys":
            return Tuple(tuple(Const(key) for key in record.items)) if record.rest is None else Items(UNKNOWN)
        case "get" | "pop" | "setdefault" | "__getitem__":
            return _looked_up(record, arguments, any_value)
        case "update":
            other = machine.dictionary(arguments.positional[0]) if arguments.positional else None
            known: Mapping[Literal, Value] = other.items if other is not None else {}
            items: dict[Literal, Value] = {**record.items, **known, **arguments.by_key()}
            rest = record.rest if other is not None or not arguments.positional else join_optional(record.rest, UNKNOWN)
            machine.heap.write(receiver.target, Dictionary(items, rest, record.place))
            return NONE
        case "copy":
            return receiver
    return UNKNOWN


def _looked_up(record: Dictionary, arguments: Arguments, any_value: Value) -> Value:
    key = arguments.positional[0] if arguments.positional else UNKNOWN
    if isinstance(key, Const) and key.value in record.items:
        return record.items[key.value]
    default = arguments.positional[1] if len(arguments.positional) > 1 else NONE
    return union((any_value, default)) if record.rest is not None or not isinstance(key, Const) else default
