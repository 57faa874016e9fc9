"""Expressions: what each may evaluate to."""

import ast
import operator
from collections.abc import Callable, Mapping

from nnxlint.semantic.facts import FunctionNode
from nnxlint.semantic.flow import attributes
from nnxlint.semantic.flow.assignment import assign
from nnxlint.semantic.flow.comprehensions import dict_comprehension, generator, list_comprehension
from nnxlint.semantic.flow.iteration import element, elements, item_at
from nnxlint.semantic.flow.names import look_up
from nnxlint.semantic.flow.narrowing import narrow
from nnxlint.semantic.flow.paths import Path, merge, restore, take
from nnxlint.semantic.frames import Frame
from nnxlint.semantic.library import dtypes, streams, variables
from nnxlint.semantic.library.parts import part_of_tree
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.observe import Arguments
from nnxlint.semantic.values import (
    ARRAY,
    NONE,
    UNKNOWN,
    Array,
    Const,
    Dictionary,
    External,
    FlagDefault,
    Func,
    Items,
    Method,
    Place,
    Ref,
    Sequence,
    Taint,
    Tree,
    Tuple,
    Union,
    Unknown,
    Value,
    join,
    members,
    taints_of,
    truth,
    union,
)
from nnxlint.semantic.vocabulary import evaluating, names_evaluation_data


def evaluate(machine: Machine, frame: Frame, node: ast.expr) -> Value:
    """The value of an expression."""
    machine.tick()
    handler = _HANDLERS.get(type(node))
    return handler(machine, frame, node) if handler is not None else UNKNOWN


def _constant(_: Machine, __: Frame, node: ast.Constant) -> Value:
    if node.value is Ellipsis:
        return External("builtins.Ellipsis")
    return Const(node.value)  # type: ignore[arg-type]


def _name(machine: Machine, frame: Frame, node: ast.Name) -> Value:
    return look_up(machine, frame, node.id)


def _attribute(machine: Machine, frame: Frame, node: ast.Attribute) -> Value:
    owner = machine.evaluate(machine, frame, node.value)
    return attributes.load(machine, frame, owner, node.attr, Place(frame.path, node))


def _call(machine: Machine, frame: Frame, node: ast.Call) -> Value:
    callee = machine.evaluate(machine, frame, node.func)
    stops = isinstance(callee, External) and callee.name in _STOPS
    machine.stopping += stops
    targets, frame.targets = frame.targets, ()
    arguments = _arguments(machine, frame, node)
    frame.targets = targets
    machine.stopping -= stops
    return machine.call(machine, frame, callee, arguments, Place(frame.path, node))


_STOPS = frozenset({"jax.lax.stop_gradient"})


def _arguments(machine: Machine, frame: Frame, node: ast.Call) -> Arguments:
    positional: list[Value] = []
    more_positional: Value | None = None
    for argument in node.args:
        if not isinstance(argument, ast.Starred):
            value = machine.evaluate(machine, frame, argument)
            if more_positional is None:
                positional.append(value)
            continue
        items, rest = elements(machine, machine.evaluate(machine, frame, argument.value))
        if more_positional is None:
            positional.extend(items)
        if rest is not None:
            more_positional = rest
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
    return Arguments(tuple(positional), keywords, more_positional, more_keywords)


def _binary(machine: Machine, frame: Frame, node: ast.BinOp) -> Value:
    left = machine.evaluate(machine, frame, node.left)
    right = machine.evaluate(machine, frame, node.right)
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
    machine: Machine, operands: tuple[Value, ...], place: Place, operator_: ast.operator | ast.unaryop | None = None
) -> Value:
    """Arithmetic on values: an array of what they are made of, unknown where an operand may be an object."""
    read = [variables.payload(machine, operand, place) for operand in operands]
    taints = frozenset().union(*(taints_of(operand) for operand in read))
    numeric = any(isinstance(operand, Array | Tree) for operand in read)
    known = all(isinstance(operand, Array | Tree | Const) for operand in read)
    taints = dtypes.without(taints) | dtypes.of_operation(operator_, tuple(read))
    return Array(taints) if numeric or known else Unknown(taints)


def _is_type(value: Value) -> bool:
    return type(value).__name__ in {"ClassRef", "External"} or value == NONE


def _concatenated(machine: Machine, frame: Frame, node: ast.BinOp, left: Value, right: Value) -> Value | None:
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


def _unary(machine: Machine, frame: Frame, node: ast.UnaryOp) -> Value:
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


def _boolean(machine: Machine, frame: Frame, node: ast.BoolOp) -> Value:
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


def _is_mode(origin: FlagDefault) -> bool:
    return evaluating(origin.parameter, value=True) is not None


def _conditional(machine: Machine, frame: Frame, node: ast.IfExp) -> Value:
    test = machine.evaluate(machine, frame, node.test)
    known = truth(test)
    if known is not None:
        decisions = frame.decisions
        if isinstance(test, Const) and isinstance(test.origin, FlagDefault) and _is_mode(test.origin):
            frame.decisions = (*decisions, test.origin)
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


def _compare(machine: Machine, frame: Frame, node: ast.Compare) -> Value:
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


def _subscript(machine: Machine, frame: Frame, node: ast.Subscript) -> Value:
    owner = machine.evaluate(machine, frame, node.value)
    key = machine.evaluate(machine, frame, node.slice)
    place = Place(frame.path, node)
    return union(_item(machine, frame, member, key, place) for member in members(owner))


def _item(machine: Machine, frame: Frame, owner: Value, key: Value, place: Place) -> Value:
    record = machine.heap.get(owner.target) if isinstance(owner, Ref) else None
    match owner, record:
        case _, Dictionary():
            return _of_dictionary(record, key)
        case Tuple() | Items(), _:
            return _of_sequence(machine, frame, owner, key, place)
        case Ref(), Sequence():
            return _of_sequence(machine, frame, owner, key, place)
        case (Array() | Tree() | Unknown()), _:
            return _of_data(machine, owner, key)
        case Ref(), _:
            return variables.load_item(machine, frame, owner, key, place)
        case Method(receiver=Array(), name="at"), _:
            return Array(taints_of(owner))
    return owner if type(owner).__name__ in {"ClassRef", "External"} else UNKNOWN


def _of_dictionary(record: Dictionary, key: Value) -> Value:
    if isinstance(key, Const) and key.value in record.items:
        return record.items[key.value]
    values = [] if isinstance(key, Const) and record.rest is not None else list(record.items.values())
    if record.rest is not None:
        values.append(record.rest)
    return union(values) if values else UNKNOWN


def _of_sequence(machine: Machine, frame: Frame, owner: Value, key: Value, place: Place) -> Value:
    if isinstance(key, Const) and isinstance(key.value, int):
        return item_at(machine, owner, key.value)
    if isinstance(place.node, ast.Subscript) and isinstance(place.node.slice, ast.Slice):
        bounds = _bounds(place.node.slice)
        if isinstance(owner, Tuple) and bounds is not None:
            return Tuple(owner.items[bounds])
        return machine.allocate(frame, place.node, Sequence((), element(machine, owner), place))
    return element(machine, owner)


def _bounds(node: ast.Slice) -> slice | None:
    """A slice whose bounds are written out."""
    try:
        parts = [None if part is None else ast.literal_eval(part) for part in (node.lower, node.upper, node.step)]
    except ValueError:
        return None
    known = all(part is None or isinstance(part, int) for part in parts) and parts[2] != 0
    return slice(*parts) if known else None


def _of_data(machine: Machine, owner: Array | Tree | Unknown, key: Value) -> Value:
    taints = owner.taints
    if isinstance(key, Const) and isinstance(key.value, str) and names_evaluation_data(key.value):
        taints |= {Taint("eval-data")}
    if isinstance(owner, Unknown):
        return Unknown(taints, owner.reason)
    if isinstance(owner, Tree) and not (isinstance(key, External) and key.name == "builtins.Ellipsis"):
        return part_of_tree(machine, Tree(owner.kind, owner.root, owner.filters, taints), key)
    return Array(taints)


def _lambda(_: Machine, frame: Frame, node: ast.Lambda) -> Value:
    lambdas: Mapping[FunctionNode, object] = frame.module.functions
    return Func(frame.module.functions[node], None, frame) if node in lambdas else UNKNOWN


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
    items: dict[object, Value] = {}
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
    return machine.allocate(frame, node, Dictionary(items, rest, Place(frame.path, node)))  # type: ignore[arg-type]


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
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.BoolOp: _boolean,
    ast.IfExp: _conditional,
    ast.Compare: _compare,
    ast.Subscript: _subscript,
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
