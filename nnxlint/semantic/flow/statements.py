"""Statements: assignments, branches, loops, and where control goes."""

import ast
from collections.abc import Callable, Mapping, Sequence

from nnxlint.semantic.flow.assignment import assign, delete
from nnxlint.semantic.flow.branches import if_statement, match_statement
from nnxlint.semantic.flow.declare import declare_class, declare_function, declare_import, declare_import_from
from nnxlint.semantic.flow.guarded import try_statement, with_statement
from nnxlint.semantic.flow.loops import break_statement, continue_statement, for_statement, while_statement
from nnxlint.semantic.flow.narrowing import narrow
from nnxlint.semantic.flow.operators import combine
from nnxlint.semantic.frames import Frame, Snapshot
from nnxlint.semantic.machine import BudgetError, Machine
from nnxlint.semantic.values import (
    NONE,
    Value,
)


def execute(machine: Machine, frame: Frame, body: Sequence[ast.stmt]) -> bool:
    """Run statements in order; whether control reaches the end."""
    for statement in body:
        machine.steps += 1
        if machine.steps > machine.most_steps:
            raise BudgetError
        handler = _HANDLERS.get(type(statement))
        if handler is not None and not handler(machine, frame, statement):
            return False
    return True


def _expression(machine: Machine, frame: Frame, node: ast.Expr) -> bool:
    machine.evaluate(machine, frame, node.value)
    return True


def _assign(machine: Machine, frame: Frame, node: ast.Assign) -> bool:
    value = _assigned(machine, frame, node.value, node.targets)
    for target in node.targets:
        assign(machine, frame, target, value, node)
    return True


def _annotated(machine: Machine, frame: Frame, node: ast.AnnAssign) -> bool:
    if node.value is None:
        return True
    value = _assigned(machine, frame, node.value, [node.target])
    assign(machine, frame, node.target, value, node)
    return True


def _assigned(machine: Machine, frame: Frame, node: ast.expr, targets: Sequence[ast.expr]) -> Value:
    """The value of an assignment; the frame knows meanwhile where it goes."""
    frame.targets = frame.results = _target_names(machine, targets)
    value = machine.evaluate(machine, frame, node)
    frame.targets = frame.results = ()
    return value


def _augmented(machine: Machine, frame: Frame, node: ast.AugAssign) -> bool:
    left = machine.evaluate(machine, frame, node.target)
    value = combine(machine, frame, node, left, machine.evaluate(machine, frame, node.value))
    assign(machine, frame, node.target, value, node)
    return True


def _target_names(machine: Machine, targets: Sequence[ast.expr]) -> tuple[str, ...]:
    if len(targets) == 1:
        return machine.names_in(targets[0])
    return tuple(name for target in targets for name in machine.names_in(target))


def _return(machine: Machine, frame: Frame, node: ast.Return) -> bool:
    value = machine.evaluate(machine, frame, node.value) if node.value is not None else NONE
    frame.returns.append((value, Snapshot({}, machine.heap.changes(frame.mark))))
    return False


def _raise(machine: Machine, frame: Frame, node: ast.Raise) -> bool:
    if node.exc is not None:
        machine.evaluate(machine, frame, node.exc)
    return False


def _delete(machine: Machine, frame: Frame, node: ast.Delete) -> bool:
    for target in node.targets:
        delete(machine, frame, target)
    return True


def _assert(machine: Machine, frame: Frame, node: ast.Assert) -> bool:
    machine.evaluate(machine, frame, node.test)
    narrow(machine, frame, node.test, holds=True)
    return True


def _global(_: Machine, frame: Frame, node: ast.Global) -> bool:
    frame.globals.update(node.names)
    return True


def _nonlocal(_: Machine, frame: Frame, node: ast.Nonlocal) -> bool:
    frame.nonlocals.update(node.names)
    return True


_HANDLERS: Mapping[type[ast.stmt], Callable[..., bool]] = {
    ast.Expr: _expression,
    ast.Assign: _assign,
    ast.AnnAssign: _annotated,
    ast.AugAssign: _augmented,
    ast.Return: _return,
    ast.Raise: _raise,
    ast.Break: break_statement,
    ast.Continue: continue_statement,
    ast.If: if_statement,
    ast.For: for_statement,
    ast.AsyncFor: for_statement,
    ast.While: while_statement,
    ast.With: with_statement,
    ast.AsyncWith: with_statement,
    ast.Try: try_statement,
    ast.TryStar: try_statement,
    ast.Match: match_statement,
    ast.Delete: _delete,
    ast.Assert: _assert,
    ast.Global: _global,
    ast.Nonlocal: _nonlocal,
    ast.FunctionDef: declare_function,
    ast.AsyncFunctionDef: declare_function,
    ast.ClassDef: declare_class,
    ast.Import: declare_import,
    ast.ImportFrom: declare_import_from,
}
