"""Loops: bodies run until another round changes nothing, and ways out of them."""

import ast
from collections.abc import Callable, Sequence

from nnxlint.semantic.flow.assignment import assign
from nnxlint.semantic.flow.iteration import iterated
from nnxlint.semantic.flow.narrowing import narrow
from nnxlint.semantic.flow.paths import Path, merge, restore, take
from nnxlint.semantic.frames import Frame, LoopExits, Snapshot
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.values import (
    UNKNOWN,
    Value,
    join,
    truth,
)

_LOOP_ROUNDS = 4


_UNROLL = 12


def break_statement(machine: Machine, frame: Frame, _: ast.Break) -> bool:
    """`break`."""
    if frame.loops:
        exits = frame.loops[-1]
        exits.breaks.append(Snapshot(dict(frame.locals), machine.heap.changes(exits.mark)))
    return False


def continue_statement(machine: Machine, frame: Frame, _: ast.Continue) -> bool:
    """`continue`."""
    if frame.loops:
        exits = frame.loops[-1]
        exits.continues.append(Snapshot(dict(frame.locals), machine.heap.changes(exits.mark)))
    return False


def for_statement(machine: Machine, frame: Frame, node: ast.For | ast.AsyncFor) -> bool:
    """`for`: unrolled over few known elements, else run until nothing changes."""
    items, rest = iterated(machine, frame, node.iter)
    if rest is None and 0 < len(items) <= _UNROLL:
        return _unrolled(machine, frame, node, items)
    item: Value = rest if rest is not None else UNKNOWN
    for known in items:
        item = join(item, known)

    def step() -> bool:
        assign(machine, frame, node.target, item, node)
        return machine.execute(machine, frame, node.body)

    return _loop(machine, frame, step, node.orelse)


def _unrolled(machine: Machine, frame: Frame, node: ast.For | ast.AsyncFor, items: Sequence[Value]) -> bool:
    broken: list[Path] = []
    start = machine.heap.mark()
    reached = True
    frame.loop_depth += 1
    for item in items:
        exits = LoopExits(machine.heap.mark())
        frame.loops.append(exits)
        assign(machine, frame, node.target, item, node)
        before = dict(frame.locals)
        ended = machine.execute(machine, frame, node.body)
        frame.loops.pop()
        ends = [take(machine, frame, exits.mark)] if ended else []
        ends += [Path(snapshot.locals, snapshot.changes) for snapshot in exits.continues]
        restore(machine, frame, before, exits.mark)
        so_far = machine.heap.changes(start)
        broken += [Path(one.locals, {**so_far, **one.changes}) for one in exits.breaks]
        if not ends:
            reached = False
            break
        merge(machine, frame, ends)
    frame.loop_depth -= 1
    if reached:
        reached = machine.execute(machine, frame, node.orelse)
    return _leave(machine, frame, broken, start, reached=reached)


def _leave(machine: Machine, frame: Frame, broken: list[Path], mark: int, *, reached: bool) -> bool:
    if not broken:
        return reached
    ends = [take(machine, frame, mark)] if reached else []
    locals_before = dict(frame.locals)
    restore(machine, frame, locals_before, mark)
    merge(machine, frame, [*ends, *broken])
    return True


def while_statement(machine: Machine, frame: Frame, node: ast.While) -> bool:
    """`while`."""

    def step() -> bool:
        known = truth(machine.evaluate(machine, frame, node.test))
        if known is False:
            return False
        if known is None:
            narrow(machine, frame, node.test, holds=True)
        return machine.execute(machine, frame, node.body)

    endless = isinstance(node.test, ast.Constant) and bool(node.test.value)
    return _loop(machine, frame, step, node.orelse, endless=endless)


def _loop(
    machine: Machine,
    frame: Frame,
    step: Callable[[], bool],
    orelse: Sequence[ast.stmt],
    *,
    endless: bool = False,
) -> bool:
    """Run a loop's body until another round changes nothing, from the join of all ways into it."""
    start = machine.heap.mark()
    broken: list[Path] = []
    frame.loop_depth += 1
    for round_number in range(_LOOP_ROUNDS):
        exits = LoopExits(machine.heap.mark())
        entry = take(machine, frame, exits.mark)
        frame.loops.append(exits)
        ended = step()
        frame.loops.pop()
        ends = [take(machine, frame, exits.mark)] if ended else []
        ends += [Path(snapshot.locals, snapshot.changes) for snapshot in exits.continues]
        restore(machine, frame, entry.locals, exits.mark)
        so_far = machine.heap.changes(start)
        broken += [Path(one.locals, {**so_far, **one.changes}) for one in exits.breaks]
        changed = merge(machine, frame, [*ends, *([entry] if round_number or not ends else [])] or [entry])
        if not changed or not ends:
            break
    frame.loop_depth -= 1
    reached = True if endless and not broken else machine.execute(machine, frame, orelse)
    return _leave(machine, frame, broken, start, reached=reached and not (endless and broken))
