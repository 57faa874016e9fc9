"""Loops and comprehensions around an `Rngs(...)`, and whether what each round builds is kept."""

import ast
from collections.abc import Iterator

from nnxlint.semantic.facts import ModuleFacts
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.observe import Construction, Holder, RngsMade
from nnxlint.semantic.seeds.region import function_around

Loop = ast.For | ast.AsyncFor | ast.While | ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def keeping_loops(
    machine: Machine, made: RngsMade, construction: Construction
) -> Iterator[tuple[ModuleFacts, Loop, bool]]:
    """The loops that make the `Rngs` anew in each round and keep the modules, innermost first.

    With each its file, and whether the `Rngs(...)` stands in it: else it stands in what the loop calls.
    """
    holders = machine.seen.holders.get(construction.target, set())
    for site in made.sites if holders else ():
        facts = machine.index.modules.get(site.path)
        if facts is None or site.node is facts.tree.module:
            return
        for loop in _loops_around(facts, site.node):
            if any(_is_outside(facts, holder, loop, construction.target) for holder in holders):
                yield facts, loop, site is made.place


def innermost_loop(facts: ModuleFacts, node: ast.AST) -> Loop | None:
    """The loop whose rounds a node runs in, within its function."""
    return next(_loops_around(facts, node), None)


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


def _is_outside(facts: ModuleFacts, holder: Holder, loop: Loop, module: int) -> bool:
    """Whether a container lives longer than a round; a comprehension's own result does."""
    node = holder.place.node
    if node is loop:
        return True
    if holder.place.path == facts.path:
        span, other = facts.tree.span(loop), facts.tree.span(node)
        if span.start <= other.start and other.end <= span.end:
            return False
        if other.start <= span.start and span.end <= other.end:
            return True
        if function_around(facts, node) is function_around(facts, loop):
            return True
    # Elsewhere, what was there before the module outlives it; what came after was made in a round.
    return holder.target < module
