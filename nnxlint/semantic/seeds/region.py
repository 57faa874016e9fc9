"""Regions of a function: what is bound in them, and which of them exclude each other."""

import ast
from collections.abc import Iterator, Sequence

from nnxlint.semantic.facts import ModuleFacts

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_LEAVING = (ast.Return, ast.Raise, ast.Continue, ast.Break)
_ARMS = ("body", "orelse", "handlers", "cases")


def function_around(facts: ModuleFacts, node: ast.AST) -> ast.AST:
    """The innermost function around a node, or the module."""
    around = facts.tree.ancestors(node)
    return next((outer for outer in reversed(around) if isinstance(outer, _FUNCTIONS)), facts.tree.module)


def rebinds(node: ast.AST, expression: ast.expr) -> bool:
    """Whether anything inside a node sets a name or an attribute that an expression reads."""
    return any(_sets(inner, expression) for inner in ast.walk(node))


def rebinds_between(facts: ModuleFacts, one: ast.expr, other: ast.expr) -> bool:
    """Whether a name or an attribute that `one` reads is set between two places of a function."""
    start, end = facts.tree.span(one).end, facts.tree.span(other).start
    around = ast.walk(function_around(facts, other))
    return any(_sets(inner, one) and start <= facts.tree.span(inner).start < end for inner in around)


def _sets(node: ast.AST, expression: ast.expr) -> bool:
    read = ast.walk(expression)
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            return any(isinstance(inner, ast.Name) and inner.id == name for inner in read)
        case ast.Attribute(attr=name, ctx=ast.Store()):
            return any(isinstance(inner, ast.Attribute) and inner.attr == name for inner in read)
    return False


def are_exclusive(facts: ModuleFacts, one: ast.AST, other: ast.AST) -> bool:
    """Whether two places, in order, belong to separate branches, or never run in one activation."""
    first, second = (*facts.tree.ancestors(one), one), (*facts.tree.ancestors(other), other)
    shared = sum(1 for left, right in zip(first, second, strict=False) if left is right)
    if not shared or shared == len(first) or shared == len(second):
        return False
    if _is_guarded(first[shared:]) and _is_guarded(second[shared:]):
        return True
    if isinstance(first[shared - 1], ast.If | ast.IfExp | ast.Match | ast.Try):
        arms = [_arm(first[shared - 1], inner) for inner in (first[shared], second[shared])]
        if arms[0] != arms[1] and not {"test", "finalbody"} & {name for name, _ in arms}:
            return True
    return any(_leaves(outer, inner) for outer, inner in zip(first[shared - 1 :], first[shared:], strict=False))


def are_handed_out(facts: ModuleFacts, one: ast.AST, other: ast.AST) -> bool:
    """Whether a generator gives away each of two values before it makes the next."""
    given = [[outer for outer in facts.tree.ancestors(node) if isinstance(outer, ast.Yield)] for node in (one, other)]
    return all(given) and given[0][-1] is not given[1][-1]


def is_fallback(facts: ModuleFacts, node: ast.AST) -> bool:
    """Whether a value is only there for want of another: `rngs or nnx.Rngs(0)`, `if rngs is None: rngs = …`."""
    for outer in reversed(facts.tree.ancestors(node)):
        if isinstance(outer, _FUNCTIONS):
            return False
        if isinstance(outer, ast.BoolOp) or (isinstance(outer, ast.If | ast.IfExp) and _asks_for_none(outer.test)):
            return True
    return False


def _asks_for_none(test: ast.expr) -> bool:
    comparing = isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Is | ast.IsNot)
    return comparing or isinstance(test, ast.Name)


def _is_guarded(path: Sequence[ast.AST]) -> bool:
    return any(isinstance(node, ast.If) for node in path)


def _arm(outer: ast.AST, inner: ast.AST) -> tuple[str, int]:
    """The field of a statement that a child stands in, and which of its cases."""
    for name, value in ast.iter_fields(outer):
        if value is inner:
            return name, 0
        if isinstance(value, list) and any(item is inner for item in value):
            position = next(index for index, item in enumerate(value) if item is inner)
            return name, position if name in {"handlers", "cases"} else 0
    return "", 0


def _leaves(outer: ast.AST, inner: ast.AST) -> bool:
    """Whether control leaves for good at the end of the arm of `outer` that `inner` stands in."""
    if not isinstance(outer, ast.If | ast.match_case | ast.ExceptHandler):
        return False
    return any(
        bool(block) and isinstance(block[-1], _LEAVING)
        for block in _blocks(outer)
        if any(item is inner for item in block)
    )


def _blocks(node: ast.AST) -> Iterator[Sequence[ast.stmt]]:
    for name in _ARMS:
        block = getattr(node, name, None)
        if isinstance(block, list):
            yield block
