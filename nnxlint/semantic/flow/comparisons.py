"""Comparisons: answered where the values are known."""

import ast
import operator
from collections.abc import Callable, Mapping

from nnxlint.semantic.flow.iteration import elements
from nnxlint.semantic.frames import Frame
from nnxlint.semantic.library import streams
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.values import (
    NONE,
    Array,
    Const,
    Ref,
    Taint,
    Tuple,
    Unknown,
    Value,
    members,
    taints_of,
)

# What a comparison tells of its operands: that it asks for a version, or is made of evaluation data.
_KEPT = frozenset({"eval-data", "version"})


_COMPARISONS: Mapping[type[ast.cmpop], Callable[..., object]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


def compare(machine: Machine, frame: Frame, node: ast.Compare) -> Value:
    """`a < b`, `a is None`, `a in b`: answered where both sides are known."""
    left = machine.evaluate(machine, frame, node.left)
    others = [machine.evaluate(machine, frame, other) for other in node.comparators]
    taints = frozenset(taint for value in (left, *others) for taint in taints_of(value) if taint.kind in _KEPT)
    if any(Taint("table") in taints_of(value) for value in (left, *others)):
        taints |= {Taint("table"), Taint("bool")}
    if len(others) != 1:
        return Array(taints)
    answer = _compared(machine, node.ops[0], left, others[0])
    if answer is None:
        return Array(taints)
    origins = [value.origin for value in (left, others[0]) if isinstance(value, Const) and value.origin]
    return Const(answer, origins[0] if origins else None)


def _compared(machine: Machine, op: ast.cmpop, left: Value, right: Value) -> bool | None:
    if isinstance(op, ast.Is | ast.IsNot):
        same = _identical(left, right)
        return same if same is None or isinstance(op, ast.Is) else not same
    if isinstance(op, ast.In | ast.NotIn):
        found = _contained(machine, left, right)
        return found if found is None or isinstance(op, ast.In) else not found
    if not isinstance(left, Const) or not isinstance(right, Const):
        return None
    try:
        return bool(_COMPARISONS[type(op)](left.value, right.value))
    except TypeError:
        return None


def _identical(left: Value, right: Value) -> bool | None:
    for one, other in ((left, right), (right, left)):
        if other == NONE:
            answers = {_is_known_none(member) for member in members(one)}
            return answers.pop() if len(answers) == 1 else None
    if isinstance(left, Const) and isinstance(right, Const):
        return left.value is right.value
    return None


def _is_known_none(value: Value) -> bool | None:
    return None if isinstance(value, Unknown) else isinstance(value, Const) and value.value is None


def _contained(machine: Machine, left: Value, right: Value) -> bool | None:
    if isinstance(left, Const) and isinstance(left.value, str) and isinstance(right, Ref):
        held = streams.holds(machine, right, left.value)
        if held is not None:
            return held
    items, rest = elements(machine, right)
    if rest is not None or not isinstance(left, Const) or not all(isinstance(item, Const) for item in items):
        return None
    if not isinstance(right, Tuple | Ref):
        return None
    return any(isinstance(item, Const) and item.value == left.value for item in items)
