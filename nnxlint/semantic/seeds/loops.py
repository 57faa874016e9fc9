"""Loops and comprehensions around an `Rngs(...)`, and whether what each round builds is kept."""

import ast
from collections.abc import Iterator

from nnxlint.semantic.facts import ModuleFacts
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.observe import Construction, RngsMade
from nnxlint.semantic.values import Place

Loop = ast.For | ast.AsyncFor | ast.While | ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def keeping_loops(facts: ModuleFacts, machine: Machine, made: RngsMade, construction: Construction) -> Iterator[Loop]:
    """The loops that make the `Rngs` anew in each round and keep the modules, innermost first."""
    holders = machine.log.holders.get(construction.target, set())
    for loop in _loops_around(facts, made.place.node):
        if any(_is_outside(facts, holder, loop) for holder in holders):
            yield loop


def _loops_around(facts: ModuleFacts, node: ast.AST) -> Iterator[Loop]:
    inner = node
    for outer in reversed(facts.tree.ancestors(node)):
        if isinstance(outer, _FUNCTIONS):
            return
        if isinstance(outer, _COMPREHENSIONS):
            first = outer.generators[0]
            if not (inner is first and _holds(first.iter, node)):
                yield outer
        elif isinstance(outer, ast.For | ast.AsyncFor | ast.While) and any(inner is one for one in outer.body):
            yield outer
        inner = outer


def _holds(outer: ast.AST, node: ast.AST) -> bool:
    return any(inner is node for inner in ast.walk(outer))


def _is_outside(facts: ModuleFacts, holder: Place, loop: Loop) -> bool:
    """Whether a container lives longer than a round; a comprehension's own result does."""
    if holder.node is loop or holder.path != facts.path:
        return True
    span, inside = facts.tree.span(loop), facts.tree.span(holder.node)
    return not (span.start <= inside.start and inside.end <= span.end)
