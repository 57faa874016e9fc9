"""Comprehensions: loops whose targets live in a scope of their own."""

import ast
from collections.abc import Callable
from collections.abc import Sequence as Sequence_

from nnxlint.semantic.flow.assignment import assign
from nnxlint.semantic.flow.iteration import iterated
from nnxlint.semantic.flow.narrowing import narrow
from nnxlint.semantic.frames import Frame
from nnxlint.semantic.heap import join_optional
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.values import (
    UNKNOWN,
    Const,
    Dictionary,
    Items,
    Literal,
    Place,
    Sequence,
    Tuple,
    Value,
    union,
)


def list_comprehension(machine: Machine, frame: Frame, node: ast.ListComp | ast.SetComp) -> Value:
    """A list of what the element may be; as long as the iterable where that is known."""
    known = _known_items(machine, frame, node.generators)

    def one() -> Value:
        return machine.evaluate(machine, frame, node.elt)

    if known is not None:
        items = tuple(_scoped(machine, frame, node.generators, one, item) for item in known)
        return machine.allocate(frame, node, Sequence(items, None, Place(frame.path, node)))
    value = _scoped(machine, frame, node.generators, one)
    return machine.allocate(frame, node, Sequence((), value, Place(frame.path, node)))


_FEW = 8


def _known_items(machine: Machine, frame: Frame, generators: list[ast.comprehension]) -> tuple[Value, ...] | None:
    if (
        len(generators) != 1
        or generators[0].ifs
        or not isinstance(generators[0].iter, ast.Name | ast.Tuple | ast.List | ast.Attribute)
    ):
        return None
    items, rest = iterated(machine, frame, generators[0].iter)
    return items if rest is None and 0 < len(items) <= _FEW else None


def generator(machine: Machine, frame: Frame, node: ast.GeneratorExp) -> Value:
    """An iterable of what the element may be."""
    return Items(_scoped(machine, frame, node.generators, lambda: machine.evaluate(machine, frame, node.elt)))


def dict_comprehension(machine: Machine, frame: Frame, node: ast.DictComp) -> Value:
    """A dict of what the value may be, by key where the keys are known."""

    def pair() -> Value:
        return Tuple((machine.evaluate(machine, frame, node.key), machine.evaluate(machine, frame, node.value)))

    items: dict[Literal, Value] = {}
    rest: Value | None = None
    known = _known_items(machine, frame, node.generators)
    for item in known if known is not None else (None,):
        made = _scoped(machine, frame, node.generators, pair, item)
        key, value = made.items if isinstance(made, Tuple) else (UNKNOWN, UNKNOWN)
        if known is not None and isinstance(key, Const):
            items[key.value] = value
        else:
            rest = join_optional(rest, value)
    return machine.allocate(frame, node, Dictionary(items, rest, Place(frame.path, node)))


def _scoped(
    machine: Machine,
    frame: Frame,
    generators: Sequence_[ast.comprehension],
    body: Callable[[], Value],
    item: Value | None = None,
) -> Value:
    outside = dict(frame.locals)
    frame.loop_depth += 1
    for part in generators:
        assign(
            machine,
            frame,
            part.target,
            item if item is not None else _any(*iterated(machine, frame, part.iter)),
            part.target,
        )
        for condition in part.ifs:
            machine.evaluate(machine, frame, condition)
            narrow(machine, frame, condition, holds=True)
    value = body()
    frame.loop_depth -= 1
    frame.locals = outside
    return value


def _any(items: tuple[Value, ...], rest: Value | None) -> Value:
    held = (*items, *((rest,) if rest is not None else ()))
    return union(held) if held else UNKNOWN
