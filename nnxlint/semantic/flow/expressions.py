"""Expressions: what each may evaluate to."""

import ast
from collections.abc import Callable, Mapping

from nnxlint.semantic.flow import attributes
from nnxlint.semantic.flow.assignment import assign
from nnxlint.semantic.flow.comparisons import compare
from nnxlint.semantic.flow.comprehensions import dict_comprehension, generator, list_comprehension
from nnxlint.semantic.flow.iteration import element, elements
from nnxlint.semantic.flow.names import look_up
from nnxlint.semantic.flow.operators import binary, boolean, conditional, unary
from nnxlint.semantic.flow.subscripts import subscript
from nnxlint.semantic.frames import Frame
from nnxlint.semantic.library.parts import part_of_tree
from nnxlint.semantic.library.watching import note_seen
from nnxlint.semantic.machine import BudgetError, Machine
from nnxlint.semantic.observe import Arguments
from nnxlint.semantic.values import (
    ARRAY,
    NONE,
    UNKNOWN,
    Const,
    Dictionary,
    External,
    Func,
    Items,
    Literal,
    Place,
    Sequence,
    Tree,
    Tuple,
    Value,
    join,
    union,
)


def evaluate(machine: Machine, frame: Frame, node: ast.expr) -> Value:
    """The value of an expression."""
    machine.steps += 1  # half of all calls would be of `tick`
    if machine.steps > machine.most_steps:
        raise BudgetError
    handler = _HANDLERS.get(type(node))
    return handler(machine, frame, node) if handler is not None else UNKNOWN


def _constant(_: Machine, __: Frame, node: ast.Constant) -> Value:
    if node.value is Ellipsis:
        return External("builtins.Ellipsis")
    return Const(node.value)


def _name(machine: Machine, frame: Frame, node: ast.Name) -> Value:
    value = look_up(machine, frame, node.id)
    if machine.log.watched is not None:
        note_seen(machine, node, value)
    return value


def _attribute(machine: Machine, frame: Frame, node: ast.Attribute) -> Value:
    owner = machine.evaluate(machine, frame, node.value)
    value = attributes.load(machine, frame, owner, node.attr, Place(frame.module.path, node))
    if machine.log.watched is not None:
        note_seen(machine, node, value)
    return value


def _call(machine: Machine, frame: Frame, node: ast.Call) -> Value:
    callee = machine.evaluate(machine, frame, node.func)
    stops = isinstance(callee, External) and callee.name in _STOPS
    machine.stopping += stops
    targets, frame.targets = frame.targets, ()
    arguments = _arguments(machine, frame, node)
    frame.targets = targets
    machine.stopping -= stops
    return machine.call(machine, frame, callee, arguments, Place(frame.module.path, node))


_STOPS = frozenset({"jax.lax.stop_gradient"})


def _arguments(machine: Machine, frame: Frame, node: ast.Call) -> Arguments:
    positional, more_positional = _positional(machine, frame, node.args)
    keywords: dict[str, Value] = {}
    more_keywords: Value | None = None
    for keyword in node.keywords:
        value = machine.evaluate(machine, frame, keyword.value)
        if keyword.arg is not None:
            keywords[keyword.arg] = value
            continue
        mapping = machine.dictionary(value)
        if mapping is not None:
            keywords.update({key: held for key, held in mapping.items.items() if isinstance(key, str)})
        if isinstance(value, Tree):
            more_keywords = part_of_tree(machine, value, None)
        elif mapping is None or mapping.rest is not None:
            more_keywords = mapping.rest if mapping is not None and mapping.rest is not None else UNKNOWN
    return Arguments(positional, keywords, more_positional, more_keywords)


def _positional(machine: Machine, frame: Frame, nodes: list[ast.expr]) -> tuple[tuple[Value, ...], Value | None]:
    """The positional arguments up to a `*` of unknown length, and what that may hold."""
    positional: list[Value] = []
    more: Value | None = None
    for argument in nodes:
        if not isinstance(argument, ast.Starred):
            value = machine.evaluate(machine, frame, argument)
            if more is None:
                positional.append(value)
            continue
        items, rest = elements(machine, machine.evaluate(machine, frame, argument.value))
        if more is None:
            positional.extend(items)
        more = rest if rest is not None else more
    return tuple(positional), more


def _lambda(_: Machine, frame: Frame, node: ast.Lambda) -> Value:
    decl = frame.module.functions.get(node)
    return Func(decl, None, frame) if decl is not None else UNKNOWN


def _tuple(machine: Machine, frame: Frame, node: ast.Tuple) -> Value:
    items, rest = _display(machine, frame, node.elts)
    return Tuple(tuple(items)) if rest is None else Items(union((*items, rest)))


def _list(machine: Machine, frame: Frame, node: ast.List | ast.Set) -> Value:
    items, rest = _display(machine, frame, node.elts)
    return machine.allocate(frame, node, Sequence(tuple(items), rest, Place(frame.path, node)))


def _display(machine: Machine, frame: Frame, nodes: list[ast.expr]) -> tuple[list[Value], Value | None]:
    items: list[Value] = []
    rest: Value | None = None
    for node in nodes:
        if not isinstance(node, ast.Starred):
            value = machine.evaluate(machine, frame, node)
            if rest is None:
                items.append(value)
            else:
                rest = join(rest, value)
            continue
        known, more = elements(machine, machine.evaluate(machine, frame, node.value))
        items.extend(known if rest is None else ())
        if more is not None:
            rest = more if rest is None else join(rest, more)
    return items, rest


def _dict(machine: Machine, frame: Frame, node: ast.Dict) -> Value:
    items: dict[Literal, Value] = {}
    rest: Value | None = None
    for key_node, value_node in zip(node.keys, node.values, strict=True):
        value = machine.evaluate(machine, frame, value_node)
        key = machine.evaluate(machine, frame, key_node) if key_node is not None else None
        if isinstance(key, Const):
            items[key.value] = value
        elif key is None and (inner := machine.dictionary(value)) is not None:
            items.update(inner.items)
            rest = inner.rest if rest is None else rest
        else:
            rest = value if rest is None else join(rest, value)
    return machine.allocate(frame, node, Dictionary(items, rest, Place(frame.path, node)))


def _named(machine: Machine, frame: Frame, node: ast.NamedExpr) -> Value:
    value = machine.evaluate(machine, frame, node.value)
    assign(machine, frame, node.target, value, node)
    return value


def _joined(machine: Machine, frame: Frame, node: ast.JoinedStr) -> Value:
    for part in node.values:
        if isinstance(part, ast.FormattedValue):
            machine.evaluate(machine, frame, part.value)
    return ARRAY


def _starred(machine: Machine, frame: Frame, node: ast.Starred) -> Value:
    return Items(element(machine, machine.evaluate(machine, frame, node.value)))


def _await(machine: Machine, frame: Frame, node: ast.Await) -> Value:
    return machine.evaluate(machine, frame, node.value)


def _yield(machine: Machine, frame: Frame, node: ast.Yield) -> Value:
    frame.yields.append(machine.evaluate(machine, frame, node.value) if node.value is not None else NONE)
    machine.spoil(len(machine.calling) - 1)
    machine.yielded = machine.heap.changes(frame.mark)
    return UNKNOWN


def _yield_from(machine: Machine, frame: Frame, node: ast.YieldFrom) -> Value:
    frame.yields.append(element(machine, machine.evaluate(machine, frame, node.value)))
    return UNKNOWN


def _slice(machine: Machine, frame: Frame, node: ast.Slice) -> Value:
    for part in (node.lower, node.upper, node.step):
        if part is not None:
            machine.evaluate(machine, frame, part)
    return ARRAY


_HANDLERS: Mapping[type[ast.expr], Callable[..., Value]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Call: _call,
    ast.BinOp: binary,
    ast.UnaryOp: unary,
    ast.BoolOp: boolean,
    ast.IfExp: conditional,
    ast.Compare: compare,
    ast.Subscript: subscript,
    ast.Lambda: _lambda,
    ast.Tuple: _tuple,
    ast.List: _list,
    ast.Set: _list,
    ast.Dict: _dict,
    ast.NamedExpr: _named,
    ast.JoinedStr: _joined,
    ast.Starred: _starred,
    ast.Await: _await,
    ast.Yield: _yield,
    ast.YieldFrom: _yield_from,
    ast.Slice: _slice,
    ast.ListComp: list_comprehension,
    ast.SetComp: list_comprehension,
    ast.GeneratorExp: generator,
    ast.DictComp: dict_comprehension,
}
