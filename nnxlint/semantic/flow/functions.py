"""Running a function's body in a frame of its own, and joining its ways out."""

import ast
from collections.abc import Sequence

from nnxlint.semantic.flow import memo
from nnxlint.semantic.flow.binding import bind
from nnxlint.semantic.flow.entering import note_entered
from nnxlint.semantic.flow.modules import module_frame
from nnxlint.semantic.frames import Frame, Snapshot
from nnxlint.semantic.library import streams
from nnxlint.semantic.library.holding import note_holders
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.observe import Arguments
from nnxlint.semantic.values import (
    NONE,
    UNKNOWN,
    Func,
    Items,
    Place,
    Unknown,
    Value,
    union,
)


def run_function(
    machine: Machine,
    frame: Frame,
    function: Func,
    arguments: Arguments,
    place: Place,
    *,
    differentiated: bool = False,
    transforms: tuple[str, ...] = (),
) -> Value:
    """Run a function's body in a frame of its own and join its ways out."""
    decl = function.decl
    home = function.closure or module_frame(machine, decl.path)
    if home is None:
        return UNKNOWN
    inner = Frame(
        module=home.module,
        decl=decl,
        context=machine.context(frame.context, place.node),
        parent=frame,
        call_site=place,
        closure=home,
        instance=function.bound,
        depth=frame.depth + 1,
        differentiated=differentiated,
        in_gradient=frame.in_gradient or frame.differentiated,
        sure=frame.certain,
        transforms=transforms or frame.transforms,
        mark=machine.heap.mark(),
        serial=machine.next_serial(),
    )
    machine.entered.add(decl)
    machine.touched.add(decl)
    machine.calling.append(decl)
    given = arguments if function.bound is None else _with_self(function.bound, arguments)
    try:
        return memo.remembered(machine, inner, function, given, place, lambda: _run(machine, inner, given, place))
    finally:
        machine.calling.pop()


def _run(machine: Machine, frame: Frame, given: Arguments, place: Place) -> Value:
    decl = frame.decl
    if decl is None:
        return UNKNOWN
    bind(machine, frame, decl, given, place)
    note_entered(machine, frame, decl, place)
    value = _run_body(machine, frame)
    note_holders(machine, frame, value)
    if place.node is decl.node:
        # Nobody was seen to call it: whoever does gets what it returns.
        streams.let_go(machine, (value,))
    return value


def _with_self(bound: Value, arguments: Arguments) -> Arguments:
    return Arguments(
        (bound, *arguments.positional), arguments.keywords, arguments.more_positional, arguments.more_keywords
    )


def _run_body(machine: Machine, frame: Frame) -> Value:
    node = frame.decl.node if frame.decl is not None else None
    if isinstance(node, ast.Lambda):
        return machine.evaluate(machine, frame, node.body)
    body: Sequence[ast.stmt] = node.body if node is not None else ()
    if machine.execute(machine, frame, body):
        frame.returns.append((NONE, Snapshot({}, machine.heap.changes(frame.mark))))
    if not frame.returns:
        return Unknown(reason="the function does not return")
    machine.heap.rewind(frame.mark)
    machine.heap.join([snapshot.changes for _, snapshot in frame.returns])
    if frame.decl is not None and frame.decl.is_generator:
        return Items(union(frame.yields)) if frame.yields else UNKNOWN
    return union(value for value, _ in frame.returns)
