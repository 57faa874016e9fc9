"""Writes of a Param by its own module: which keep a statistic, and which set up, clip or train weights."""

import ast
import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from nnxlint.semantic.facts import FunctionDecl
from nnxlint.semantic.kinds.bodies import Body
from nnxlint.semantic.kinds.declared import Declared
from nnxlint.semantic.kinds.families import CONSTRUCTORS, Family
from nnxlint.semantic.kinds.names import WEIGHTS
from nnxlint.semantic.kinds.uses import called
from nnxlint.semantic.observe import VariableWrite
from nnxlint.semantic.values import taints_of
from nnxlint.semantic.vocabulary import words

_FORWARD = frozenset({"__call__", "forward", "apply"})
_INITIAL = frozenset(
    """init inits initial initialise initialised initialize initialized initializing first calibrated
    fresh""".split()
)
_SURGERY = frozenset(
    """load restore reset set assign copy sync tie import from merge fuse clip clamp prune perturb mutate
    swap replace quantize rescale init initialise initialize apply mask sparsify shrink evolve crossover
    transfer inherit fold bake ablate polyak""".split()
)
_KEEPING = frozenset(
    """update observe accumulate track record push add ingest advance enqueue append collect adapt absorb
    insert store remember register tick step count see note""".split()
)
_BY_HAND = frozenset({"lr", "grad", "grads", "gradient", "gradients"})
_GRADIENTS = frozenset({"grad", "grad-name", "updates"})
_DRAWS = frozenset({"random", "normal", "uniform", "truncated_normal"})
_POWER_ITERATION = frozenset({"u", "v", "singular"})


@dataclass(frozen=True, slots=True, eq=False)
class OwnWrite:
    """A write that keeps a statistic; `forward`: whenever the module is called."""

    write: VariableWrite
    forward: bool


def own_writes(writes: Iterator[VariableWrite], family: Family, declared: Declared) -> Iterator[OwnWrite]:
    """The writes by which the module, or one around it when called, keeps the value up to date."""
    for write in writes:
        inside = [method for method in write.methods if family.owns(method)]
        if write.function is None or any(method.name in CONSTRUCTORS for method in inside):
            continue
        if not inside:
            if _keeps_in_parent(write, family, declared):
                yield OwnWrite(write, forward=True)
            continue
        forward = any(method.name in _FORWARD for method in inside)
        if _keeps(write, family, declared, inside, forward=forward):
            yield OwnWrite(write, forward)


def _keeps_in_parent(write: VariableWrite, family: Family, declared: Declared) -> bool:
    """Whether the call of another module mixes its input into the value: `self.norm.mean[...] = …`."""
    callers = [
        method for method in write.methods if method.name in _FORWARD and family.families.is_module(method.owner)
    ]
    value = _written(write.place.node)
    if not callers or value is None or write.function is None:
        return False
    body = family.families.body(write.function)
    if not body.depends(value) or not (write.self_update or isinstance(write.place.node, ast.AugAssign)):
        return False
    return _keeps(write, family, declared, callers, forward=True)


def _keeps(
    write: VariableWrite, family: Family, declared: Declared, inside: list[FunctionDecl], *, forward: bool
) -> bool:
    value = _written(write.place.node)
    if (
        value is None
        or write.function is None
        or _trains(write, value)
        or _initialises(write, family, value, inside, declared.attribute)
    ):
        return False
    body = family.families.body(write.function)
    if _copies(body, write.place.node, value, declared.attribute):
        return False
    itself = write.self_update or isinstance(write.place.node, ast.AugAssign)
    moves = body.depends(value) or _counts(write.place.node, value)
    if itself and any(name in _DRAWS for node in ast.walk(value) for name in _identifier(node)):
        return False
    name = words(inside[0].name)
    if forward:
        return moves or (not itself and not name & _SURGERY) or bool(declared.words & _POWER_ITERATION)
    if name & _SURGERY or not moves or declared.words & WEIGHTS:
        return False
    if name & _KEEPING:
        return True
    return itself and _adds(write.place.node, value) and not declared.tainted("random")


def _adds(node: ast.AST, value: ast.expr) -> bool:
    """Whether something is added, as to a sum or an average; what is multiplied is scaled, or masked."""
    if isinstance(node, ast.AugAssign):
        return isinstance(node.op, ast.Add | ast.Sub)
    return isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add | ast.Sub)


def _written(node: ast.AST) -> ast.expr | None:
    """The expression whose value is written."""
    match node:
        case ast.Assign(value=value) | ast.AugAssign(value=value) | ast.AnnAssign(value=ast.expr() as value):
            return value
        case ast.Call(args=[*_, value]):
            return value
        case ast.Call(keywords=[keyword, *_]):
            return keyword.value
    return None


def _trains(write: VariableWrite, value: ast.expr) -> bool:
    """Whether it is a step of gradient descent by hand."""
    if any(taint.kind in _GRADIENTS for taint in taints_of(write.value)):
        return True
    names = frozenset(name for node in ast.walk(value) for name in _identifier(node))
    return any(
        words(name) & _BY_HAND or words(name) >= {"learning", "rate"} or words(name) >= {"step", "size"}
        for name in names
    )


def _identifier(node: ast.AST) -> tuple[str, ...]:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return (name,)
    return ()


def _initialises(
    write: VariableWrite, family: Family, value: ast.expr, inside: list[FunctionDecl], attribute: str
) -> bool:
    """Whether it only gives a start: by the names around it, or once, until a mark of the module is set."""
    tests = list(_tests(write, family, inside))
    names = [method.name for method in inside] + ([write.function.name] if write.function is not None else [])
    names += [name for part in (value, *tests) for node in ast.walk(part) for name in _identifier(node)]
    if any(words(name) & _INITIAL for name in names):
        return True
    if _keeps_when_set(value, attribute):
        return True
    return not write.self_update and any(_asks_once(test) for test in tests)


def _tests(write: VariableWrite, family: Family, inside: list[FunctionDecl]) -> Iterator[ast.expr]:
    """The conditions that the write stands under, in its own function and in the methods that call that."""
    if write.function is not None:
        yield from _conditions(family.families.body(write.function), write.place.node)
    for method, caller in itertools.pairwise(inside):
        body = family.families.body(caller)
        for mention in body.attributes(method.name):
            yield from _conditions(body, mention)


def _conditions(body: Body, node: ast.AST) -> Iterator[ast.expr]:
    return (around.test for around in body.climb(node) if isinstance(around, ast.If | ast.IfExp))


def _keeps_when_set(value: ast.expr, attribute: str) -> bool:
    """`jnp.where(self.is_set[...], self.shift[...], x.mean(0))`: kept as it is, or set anew."""
    match value:
        case ast.Call(func=function, args=[_, first, second]) if called(function) in {"where", "select"}:
            own = [any(attribute in _identifier(node) for node in ast.walk(part)) for part in (first, second)]
            kept = first if own[0] else second
            return own[0] != own[1] and not any(isinstance(node, ast.BinOp) for node in ast.walk(kept))
    return False


def _asks_once(test: ast.expr) -> bool:
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return any(isinstance(node, ast.Attribute) for node in ast.walk(operand))
        case ast.Compare(ops=[ast.Eq() | ast.Is()], comparators=[ast.Constant(value=0 | None | False)]):
            return True
    return False


def _copies(body: Body, node: ast.AST, value: ast.expr, attribute: str) -> bool:
    """`online.kernel[...]` mixed into `self.kernel[...]`: weights of another module, no statistic."""
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", node)]
    written = {ast.unparse(one) for target in targets for one in ast.walk(target) if isinstance(one, ast.Attribute)}
    return any(
        isinstance(one, ast.Attribute)
        and one.attr == attribute
        and ast.unparse(one) not in written
        and not _is_called(body, one)  # `x.mean()` beside `self.mean`
        for one in ast.walk(value)
    )


def _is_called(body: Body, node: ast.Attribute) -> bool:
    parent = body.parents.get(node)
    return isinstance(parent, ast.Call) and parent.func is node


def _counts(node: ast.AST, value: ast.expr) -> bool:
    """`n + 1`."""
    if isinstance(node, ast.AugAssign):
        return isinstance(node.op, ast.Add | ast.Sub) and isinstance(value, ast.Constant)
    return any(
        isinstance(part, ast.BinOp)
        and isinstance(part.op, ast.Add | ast.Sub)
        and isinstance(part.right, ast.Constant)
        and part is value
        for part in ast.walk(value)
    )
