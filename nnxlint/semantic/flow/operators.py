"""Operators: arithmetic, logic, and conditional expressions."""

import ast
import operator
from collections.abc import Callable, Mapping

from nnxlint.semantic.flow.iteration import element
from nnxlint.semantic.flow.narrowing import narrow
from nnxlint.semantic.flow.paths import Path, merge, restore, take
from nnxlint.semantic.frames import Frame
from nnxlint.semantic.library import dtypes, variables
from nnxlint.semantic.library.decisions import decision
from nnxlint.semantic.library.forms import kept_form
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.values import (
    ARRAY,
    NONE,
    UNKNOWN,
    Array,
    Const,
    Place,
    Sequence,
    Tree,
    Tuple,
    Union,
    Unknown,
    Value,
    all_taints,
    join,
    truth,
    union,
)


def binary(machine: Machine, frame: Frame, node: ast.BinOp) -> Value:
    """`a + b` and its relatives."""
    left = machine.evaluate(machine, frame, node.left)
    return combine(machine, frame, node, left, machine.evaluate(machine, frame, node.right))


def combine(machine: Machine, frame: Frame, node: ast.BinOp | ast.AugAssign, left: Value, right: Value) -> Value:
    """What an operator makes of two values; `node` is the operation, of an expression or an assignment."""
    if isinstance(left, Const) and isinstance(right, Const):
        return _fold(node.op, left, right)
    if isinstance(node.op, ast.BitOr) and _is_type(left) and _is_type(right):
        return union((left, right))
    joined = _concatenated(machine, frame, node, left, right)
    if joined is not None:
        return joined
    place = Place(frame.path, node)
    return operate(machine, (left, right), place, node.op)


def operate(
    machine: Machine,
    operands: tuple[Value, ...],
    place: Place,
    operator_: ast.operator | ast.unaryop | None = None,
) -> Value:
    """Arithmetic on values: an array of what they are made of, unknown where an operand may be an object."""
    read = [variables.payload(machine, operand, place) for operand in operands]
    taints = all_taints(read)
    numeric = any(isinstance(operand, Array | Tree) for operand in read)
    known = all(isinstance(operand, Array | Tree | Const) for operand in read)
    taints = dtypes.without(taints) | dtypes.of_operation(operator_, tuple(read))
    return Array(taints, kept_form(read)) if numeric or known else Unknown(taints)


def _is_type(value: Value) -> bool:
    return type(value).__name__ in {"ClassRef", "External"} or value == NONE


def _concatenated(
    machine: Machine, frame: Frame, node: ast.BinOp | ast.AugAssign, left: Value, right: Value
) -> Value | None:
    if isinstance(left, Tuple) and isinstance(right, Tuple) and isinstance(node.op, ast.Add):
        return Tuple((*left.items, *right.items))
    first, second = machine.sequence(left), machine.sequence(right)
    if isinstance(node.op, ast.Add) and first is not None and second is not None:
        rest = second.rest if first.rest is None else join(first.rest, element(machine, right))
        items = first.items if first.rest is not None else (*first.items, *second.items)
        return machine.allocate(frame, node, Sequence(items, rest, Place(frame.path, node)))
    if isinstance(node.op, ast.Mult) and (first or second) is not None:
        held = element(machine, left if first is not None else right)
        return machine.allocate(frame, node, Sequence((), held, Place(frame.path, node)))
    return None


_OPERATORS: Mapping[type[ast.operator], Callable[..., object]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}


def _fold(op: ast.operator, left: Const, right: Const) -> Value:
    function = _OPERATORS.get(type(op))
    numbers = isinstance(left.value, int | float) and isinstance(right.value, int | float)
    texts = isinstance(left.value, str) and isinstance(right.value, str) and isinstance(op, ast.Add)
    if function is None or not (numbers or texts):
        return ARRAY
    try:
        result = function(left.value, right.value)
    except (ArithmeticError, ValueError):
        return ARRAY
    return Const(result) if isinstance(result, int | float | str) else ARRAY


def unary(machine: Machine, frame: Frame, node: ast.UnaryOp) -> Value:
    """`not a`, `-a`."""
    value = machine.evaluate(machine, frame, node.operand)
    if isinstance(node.op, ast.Not):
        known = truth(value)
        if known is None:
            return Array() if not isinstance(value, Union) else _negated(value)
        return Const(not known, value.origin if isinstance(value, Const) else None)
    if isinstance(value, Const) and isinstance(value.value, int | float) and isinstance(node.op, ast.USub):
        return Const(-value.value)
    return operate(machine, (value,), Place(frame.path, node), node.op)


def _negated(value: Union) -> Value:
    known = [(truth(member), member) for member in value.members]
    return union(UNKNOWN if answer is None else Const(not answer) for answer, _ in known)


def boolean(machine: Machine, frame: Frame, node: ast.BoolOp) -> Value:
    """`a and b`, `a or b`."""
    stops_on = isinstance(node.op, ast.Or)
    possible: list[Value] = []
    for operand in node.values:
        value = machine.evaluate(machine, frame, operand)
        known = truth(value)
        if known is stops_on:
            return union((*possible, value)) if possible else value
        if known is None or operand is node.values[-1]:
            possible.append(value)
    return union(possible) if possible else UNKNOWN


def conditional(machine: Machine, frame: Frame, node: ast.IfExp) -> Value:
    """`a if test else b`."""
    test = machine.evaluate(machine, frame, node.test)
    known = truth(test)
    if known is not None:
        decisions = frame.decisions
        made = decision(machine, frame, node.test, test)
        if made is not None:
            frame.decisions = (*decisions, made)
        value = machine.evaluate(machine, frame, node.body if known else node.orelse)
        frame.decisions = decisions
        decided = isinstance(test, Const) and test.origin and isinstance(value, Const) and not value.origin
        return Const(value.value, test.origin) if decided else value  # type: ignore[union-attr]
    mark, before = machine.heap.mark(), dict(frame.locals)
    values: list[Value] = []
    ends: list[Path] = []
    frame.conditional += 1
    for holds, branch in ((True, node.body), (False, node.orelse)):
        narrow(machine, frame, node.test, holds=holds)
        values.append(machine.evaluate(machine, frame, branch))
        ends.append(take(machine, frame, mark))
        restore(machine, frame, before, mark)
    frame.conditional -= 1
    merge(machine, frame, ends)
    return union(values)
