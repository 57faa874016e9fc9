"""Statements: assignments, branches, loops, and where control goes."""

import ast
from collections.abc import Callable, Mapping, Sequence

from nnxlint.semantic.flow.assignment import assign, delete
from nnxlint.semantic.flow.contexts import enter, leave
from nnxlint.semantic.flow.declare import declare_class, declare_function, declare_import, declare_import_from
from nnxlint.semantic.flow.iteration import iterated
from nnxlint.semantic.flow.narrowing import narrow
from nnxlint.semantic.flow.paths import Path, merge, restore, take
from nnxlint.semantic.frames import Frame, LoopExits, Snapshot
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.values import (
    NONE,
    UNKNOWN,
    Const,
    External,
    FlagDefault,
    Place,
    Value,
    join,
    taints_of,
    truth,
)
from nnxlint.semantic.vocabulary import evaluating

_LOOP_ROUNDS = 4
_UNROLL = 12


def execute(machine: Machine, frame: Frame, body: Sequence[ast.stmt]) -> bool:
    """Run statements in order; whether control reaches the end."""
    for statement in body:
        machine.tick()
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
    frame.targets = frame.results = tuple(_target_names(targets))
    value = machine.evaluate(machine, frame, node)
    frame.targets = frame.results = ()
    return value


def _augmented(machine: Machine, frame: Frame, node: ast.AugAssign) -> bool:
    load = _as_load(node.target)
    value = machine.evaluate(machine, frame, ast.copy_location(ast.BinOp(load, node.op, node.value), node))
    assign(machine, frame, node.target, value, node)
    return True


def _as_load(target: ast.expr) -> ast.expr:
    match target:
        case ast.Name():
            return ast.copy_location(ast.Name(target.id, ast.Load()), target)
        case ast.Attribute():
            return ast.copy_location(ast.Attribute(target.value, target.attr, ast.Load()), target)
        case ast.Subscript():
            return ast.copy_location(ast.Subscript(target.value, target.slice, ast.Load()), target)
    return target


def _target_names(targets: Sequence[ast.expr]) -> list[str]:
    names = []
    for target in targets:
        for node in ast.walk(target):
            if isinstance(node, ast.Name):
                names.append(node.id)
            elif isinstance(node, ast.Attribute):
                names.append(node.attr)
    return names


def _return(machine: Machine, frame: Frame, node: ast.Return) -> bool:
    value = machine.evaluate(machine, frame, node.value) if node.value is not None else NONE
    frame.returns.append((value, Snapshot({}, machine.heap.changes(frame.mark))))
    return False


def _raise(machine: Machine, frame: Frame, node: ast.Raise) -> bool:
    if node.exc is not None:
        machine.evaluate(machine, frame, node.exc)
    return False


def _break(machine: Machine, frame: Frame, _: ast.Break) -> bool:
    if frame.loops:
        exits = frame.loops[-1]
        exits.breaks.append(Snapshot(dict(frame.locals), machine.heap.changes(exits.mark)))
    return False


def _continue(machine: Machine, frame: Frame, _: ast.Continue) -> bool:
    if frame.loops:
        exits = frame.loops[-1]
        exits.continues.append(Snapshot(dict(frame.locals), machine.heap.changes(exits.mark)))
    return False


def _if(machine: Machine, frame: Frame, node: ast.If) -> bool:
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
    origin = condition.origin if isinstance(condition, Const) else None
    if not isinstance(origin, FlagDefault) or evaluating(origin.parameter, value=True) is None:
        return execute(machine, frame, taken)
    decisions, frame.decisions = frame.decisions, (*frame.decisions, origin)
    reached = execute(machine, frame, taken)
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
    return execute(machine, frame, body)


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


def _for(machine: Machine, frame: Frame, node: ast.For | ast.AsyncFor) -> bool:
    items, rest = iterated(machine, frame, node.iter)
    if rest is None and 0 < len(items) <= _UNROLL:
        return _unrolled(machine, frame, node, items)
    item: Value = rest if rest is not None else UNKNOWN
    for known in items:
        item = join(item, known)

    def step() -> bool:
        assign(machine, frame, node.target, item, node)
        return execute(machine, frame, node.body)

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
        ended = execute(machine, frame, node.body)
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
        reached = execute(machine, frame, node.orelse)
    return _leave(machine, frame, broken, start, reached=reached)


def _leave(machine: Machine, frame: Frame, broken: list[Path], mark: int, *, reached: bool) -> bool:
    if not broken:
        return reached
    ends = [take(machine, frame, mark)] if reached else []
    locals_before = dict(frame.locals)
    restore(machine, frame, locals_before, mark)
    merge(machine, frame, [*ends, *broken])
    return True


def _while(machine: Machine, frame: Frame, node: ast.While) -> bool:
    def step() -> bool:
        known = truth(machine.evaluate(machine, frame, node.test))
        if known is False:
            return False
        if known is None:
            narrow(machine, frame, node.test, holds=True)
        return execute(machine, frame, node.body)

    endless = isinstance(node.test, ast.Constant) and bool(node.test.value)
    return _loop(machine, frame, step, node.orelse, endless=endless)


def _loop(
    machine: Machine, frame: Frame, step: Callable[[], bool], orelse: Sequence[ast.stmt], *, endless: bool = False
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
    reached = True if endless and not broken else execute(machine, frame, orelse)
    return _leave(machine, frame, broken, start, reached=reached and not (endless and broken))


def _with(machine: Machine, frame: Frame, node: ast.With | ast.AsyncWith) -> bool:
    guards = frame.guards
    managers: list[tuple[Value, ast.expr]] = []
    for item in node.items:
        value = machine.evaluate(machine, frame, item.context_expr)
        managers.append((value, item.context_expr))
        entered = enter(machine, frame, value, Place(frame.path, item.context_expr))
        if item.optional_vars is not None:
            assign(machine, frame, item.optional_vars, entered, node)
        frame.guards = (*frame.guards, *_expected_errors(machine, frame, item.context_expr))
    reached = execute(machine, frame, node.body)
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


def _try(machine: Machine, frame: Frame, node: ast.Try) -> bool:
    mark = machine.heap.mark()
    before = dict(frame.locals)
    guards, frame.guards = frame.guards, (*frame.guards, *_handled_errors(machine, frame, node))
    reached = execute(machine, frame, node.body)
    if reached and node.orelse:
        reached = execute(machine, frame, node.orelse)
    ends = [take(machine, frame, mark)]
    completed = list(ends) if reached else []
    restore(machine, frame, before, mark)
    frame.conditional += 1
    for handler in node.handlers:
        merge(machine, frame, [Path(before, {}), *ends])
        if handler.name:
            frame.locals[handler.name] = UNKNOWN
        if execute(machine, frame, handler.body):
            completed.append(take(machine, frame, mark))
        restore(machine, frame, before, mark)
    frame.conditional -= 1
    frame.guards = guards
    merge(machine, frame, completed)
    ended = execute(machine, frame, node.finalbody)
    return bool(completed) and ended


def _match(machine: Machine, frame: Frame, node: ast.Match) -> bool:
    subject = machine.evaluate(machine, frame, node.subject)

    def run(case: ast.match_case) -> bool:
        for pattern in ast.walk(case.pattern):
            name = getattr(pattern, "name", None) or getattr(pattern, "rest", None)
            if isinstance(name, str):
                frame.locals[name] = subject if isinstance(pattern, ast.MatchAs) else UNKNOWN
        return execute(machine, frame, case.body)

    alternatives: list[Callable[[], bool]] = [lambda case=case: run(case) for case in node.cases]  # type: ignore[misc]
    if not any(_catches_all(case) for case in node.cases):
        alternatives.append(lambda: True)
    return branch(machine, frame, alternatives)


def _catches_all(case: ast.match_case) -> bool:
    return case.guard is None and isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None


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
    ast.Break: _break,
    ast.Continue: _continue,
    ast.If: _if,
    ast.For: _for,
    ast.AsyncFor: _for,
    ast.While: _while,
    ast.With: _with,
    ast.AsyncWith: _with,
    ast.Try: _try,
    ast.TryStar: _try,
    ast.Match: _match,
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
