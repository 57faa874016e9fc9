"""Branches: `if` and `match`, alternatives run from one state and joined."""

import ast
from collections.abc import Callable, Sequence

from nnxlint.semantic.flow.narrowing import narrow
from nnxlint.semantic.flow.paths import Path, merge, restore, take
from nnxlint.semantic.frames import Frame
from nnxlint.semantic.library.decisions import decision
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.values import (
    UNKNOWN,
    Const,
    Value,
    taints_of,
    truth,
)


def if_statement(machine: Machine, frame: Frame, node: ast.If) -> bool:
    """`if`: one block where the condition is known, else both and their join."""
    condition = _condition(machine, frame, node.test)
    known = truth(condition)
    if known is not None:
        return _decided(machine, frame, node, condition, holds=known)
    guards, conditional = frame.guards, frame.conditional
    if any(taint.kind == "version" for taint in taints_of(condition)):
        frame.guards = (*guards, "version")
    reached = branch(
        machine,
        frame,
        (
            lambda: _narrowed(machine, frame, node.test, node.body, holds=True),
            lambda: _narrowed(machine, frame, node.test, node.orelse, holds=False),
        ),
    )
    if frame.conditional == conditional:
        # Where one alternative returned, what follows is the other alternative: as guarded as that.
        frame.guards = guards
    if any(body and isinstance(body[-1], ast.Raise) for body in (node.body, node.orelse)):
        # A check that refuses bad input: what follows runs whenever the function does its work.
        frame.conditional = conditional
    return reached


def _decided(machine: Machine, frame: Frame, node: ast.If, condition: Value, *, holds: bool) -> bool:
    """Run the one block that a known condition chooses; a mode flag that chose it is remembered meanwhile."""
    taken, skipped = (node.body, node.orelse) if holds else (node.orelse, node.body)
    made = decision(machine, frame, node.test, condition)
    if made is None:
        return machine.execute(machine, frame, taken)
    decisions, frame.decisions = frame.decisions, (*frame.decisions, made)
    reached = machine.execute(machine, frame, taken)
    # `if not train: return x`: what follows is what the flag chose, too.
    if not (skipped and isinstance(skipped[-1], ast.Return)):
        frame.decisions = decisions
    return reached


def _condition(machine: Machine, frame: Frame, test: ast.expr) -> Value:
    if _is_main_guard(test) or _is_typing_guard(test):
        return Const(value=True)
    return machine.evaluate(machine, frame, test)


def _is_main_guard(test: ast.expr) -> bool:
    match test:
        case ast.Compare(left=ast.Name(id="__name__"), comparators=[ast.Constant(value="__main__")]):
            return True
    return False


def _is_typing_guard(test: ast.expr) -> bool:
    match test:
        case ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING"):
            return True
    return False


def _narrowed(machine: Machine, frame: Frame, test: ast.expr, body: Sequence[ast.stmt], *, holds: bool) -> bool:
    narrow(machine, frame, test, holds=holds)
    return machine.execute(machine, frame, body)


def branch(machine: Machine, frame: Frame, alternatives: Sequence[Callable[[], bool]]) -> bool:
    """Run alternatives from the same state and join what those that reach their end leave behind."""
    mark = machine.heap.mark()
    before = dict(frame.locals)
    ends: list[Path] = []
    frame.conditional += 1
    for alternative in alternatives:
        if alternative():
            ends.append(take(machine, frame, mark))
        restore(machine, frame, before, mark)
    # Where an alternative left for good, what follows runs only in the other cases.
    if len(ends) == len(alternatives) or not ends:
        frame.conditional -= 1
    merge(machine, frame, ends)
    return bool(ends)


def match_statement(machine: Machine, frame: Frame, node: ast.Match) -> bool:
    """`match`: every case from the same state."""
    subject = machine.evaluate(machine, frame, node.subject)

    def run(case: ast.match_case) -> bool:
        for pattern in ast.walk(case.pattern):
            name = getattr(pattern, "name", None) or getattr(pattern, "rest", None)
            if isinstance(name, str):
                frame.locals[name] = subject if isinstance(pattern, ast.MatchAs) else UNKNOWN
        return machine.execute(machine, frame, case.body)

    alternatives: list[Callable[[], bool]] = [lambda case=case: run(case) for case in node.cases]  # type: ignore[misc]
    if not any(_catches_all(case) for case in node.cases):
        alternatives.append(lambda: True)
    return branch(machine, frame, alternatives)


def _catches_all(case: ast.match_case) -> bool:
    return case.guard is None and isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None
