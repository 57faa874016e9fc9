"""Where one `Rngs` could be made for several modules."""

import ast
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nnxlint.semantic.facts import ModuleFacts
from nnxlint.semantic.seeds.region import function_around


@dataclass(frozen=True)
class Hoisting:
    """The statement before which the `Rngs` is made, its name, and the calls that it replaces."""

    statement: ast.stmt
    name: str
    calls: tuple[ast.Call, ...]


def hoisting(facts: ModuleFacts, calls: Sequence[ast.Call], loop: ast.AST | None) -> Hoisting | None:
    """How to share one `Rngs`; `None` unless the calls are equal arguments of statements of one block."""
    function = function_around(facts, calls[0])
    name = next(name for name in _names() if not _knows(function, name))
    if isinstance(function, ast.Lambda) or len({facts.tree.text(call) for call in calls}) != 1:
        return None
    if not all(_is_argument(facts, call) for call in calls):
        return None
    statement = _statement(facts, loop if loop is not None else calls[0])
    if statement is None or not all(_follows(facts, statement, call) for call in calls):
        return None
    return Hoisting(statement, name, tuple(calls))


def _names() -> Iterator[str]:
    yield from ("rngs", "shared_rngs")
    yield from (f"shared_rngs_{number}" for number in itertools.count(2))


def _knows(function: ast.AST, name: str) -> bool:
    return any(getattr(node, "id", None) == name or getattr(node, "arg", None) == name for node in _bindings(function))


def _bindings(function: ast.AST) -> list[ast.AST]:
    return [node for node in ast.walk(function) if isinstance(node, ast.Name | ast.arg)]


def _is_argument(facts: ModuleFacts, call: ast.Call) -> bool:
    parent = facts.tree.ancestors(call)[-1]
    return isinstance(parent, ast.keyword) or (isinstance(parent, ast.Call) and parent.func is not call)


def _statement(facts: ModuleFacts, node: ast.AST) -> ast.stmt | None:
    if isinstance(node, ast.stmt):
        return node
    around = [outer for outer in facts.tree.ancestors(node) if isinstance(outer, ast.stmt)]
    return around[-1] if around and not hasattr(around[-1], "body") else None


def _follows(facts: ModuleFacts, statement: ast.stmt, call: ast.Call) -> bool:
    """Whether a call stands in the statement, or in a simple one after it in the same block."""
    around = facts.tree.ancestors(call)
    if any(outer is statement for outer in around):
        return True
    own = _statement(facts, call)
    return own is not None and facts.tree.ancestors(own)[-1] is facts.tree.ancestors(statement)[-1]
