"""`with` and `try`: blocks that are entered, guarded and left."""

import ast
from collections.abc import Sequence

from nnxlint.semantic.flow.assignment import assign
from nnxlint.semantic.flow.contexts import enter, leave
from nnxlint.semantic.flow.paths import Path, merge, restore, take
from nnxlint.semantic.frames import Frame
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.values import (
    UNKNOWN,
    External,
    Place,
    Value,
)


def with_statement(machine: Machine, frame: Frame, node: ast.With | ast.AsyncWith) -> bool:
    """`with`: entered, run under what it waits for, and left."""
    guards = frame.guards
    managers: list[tuple[Value, ast.expr]] = []
    for item in node.items:
        value = machine.evaluate(machine, frame, item.context_expr)
        managers.append((value, item.context_expr))
        entered = enter(machine, frame, value, Place(frame.path, item.context_expr))
        if item.optional_vars is not None:
            assign(machine, frame, item.optional_vars, entered, node)
        frame.guards = (*frame.guards, *_expected_errors(machine, frame, item.context_expr))
    reached = machine.execute(machine, frame, node.body)
    frame.guards = guards
    for value, expression in reversed(managers):
        leave(machine, frame, value, Place(frame.path, expression))
    return reached


def _expected_errors(machine: Machine, frame: Frame, node: ast.expr) -> tuple[str, ...]:
    """The exceptions that `pytest.raises(…)`, `assertRaises(…)` and `suppress(…)` wait for."""
    match node:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=expected) if name in _EXPECTING:
            return _caught(machine, frame, expected)
    return ()


_EXPECTING = frozenset({"raises", "assertRaises", "assertRaisesRegex", "suppress"})


def _caught(machine: Machine, frame: Frame, nodes: Sequence[ast.expr]) -> tuple[str, ...]:
    listed = [item for node in nodes for item in (node.elts if isinstance(node, ast.Tuple) else [node])]
    values = [machine.evaluate(machine, frame, node) for node in listed]
    return tuple(value.name.removeprefix("builtins.") for value in values if isinstance(value, External))


def _handled_errors(machine: Machine, frame: Frame, node: ast.Try) -> tuple[str, ...]:
    caught: list[str] = []
    for handler in node.handlers:
        caught += ["Exception"] if handler.type is None else _caught(machine, frame, [handler.type])
    return tuple(caught)


def try_statement(machine: Machine, frame: Frame, node: ast.Try) -> bool:
    """`try`: the body, then handlers from any point of it."""
    mark = machine.heap.mark()
    before = dict(frame.locals)
    guards, frame.guards = frame.guards, (*frame.guards, *_handled_errors(machine, frame, node))
    reached = machine.execute(machine, frame, node.body)
    if reached and node.orelse:
        reached = machine.execute(machine, frame, node.orelse)
    ends = [take(machine, frame, mark)]
    completed = list(ends) if reached else []
    restore(machine, frame, before, mark)
    frame.conditional += 1
    for handler in node.handlers:
        merge(machine, frame, [Path(before, {}), *ends])
        if handler.name:
            frame.locals[handler.name] = UNKNOWN
        if machine.execute(machine, frame, handler.body):
            completed.append(take(machine, frame, mark))
        restore(machine, frame, before, mark)
    frame.conditional -= 1
    frame.guards = guards
    merge(machine, frame, completed)
    ended = machine.execute(machine, frame, node.finalbody)
    return bool(completed) and ended
