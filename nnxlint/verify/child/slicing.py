"""Reduce a module to what some of its statements need, so that they can be run without the rest around them.

A script reads its data and its options long before it makes the optimizer that is looked at; of all that, the optimizer
may need two lines. What is kept keeps its rows. Only names are followed: what changes an object elsewhere is left out.
"""

import ast
import copy
from collections.abc import Collection, Iterator, Sequence

from nnxlint.verify.child import toplevel
from nnxlint.verify.child.rows import own_rows
from nnxlint.verify.protocol import SCRIPT

_BLOCKS = ("body", "orelse", "finalbody")


def reduced(tree: ast.Module, rows: Collection[int]) -> ast.Module:
    """The module with a function `SCRIPT` of what these rows need at the top level, with them if they stand there.

    The function around them is cut down to what they need in it, and runs that first.
    """
    holder = next((each for each in tree.body if _holds(each, rows)), None)
    if holder is None:
        return tree
    run, _ = toplevel.split(tree)
    inside = isinstance(holder, toplevel.DEFINITIONS)
    rest = [each for each in tree.body if each not in run and not (inside and each is holder)]
    names: set[str] = set()
    if inside:
        _cut_function(holder, rows)
    # A function reads the names of the module when it is called, whichever row they are bound on.
    names.update(_read(holder) if inside else ())
    kept = _needed(rest, rows, names)
    script = _script(kept, holder)
    body = [each for each in run if each is not holder] + [script]
    return ast.Module([*body, holder] if inside else body, tree.type_ignores)


def _script(kept: Sequence[ast.stmt], at: ast.stmt) -> ast.stmt:
    """The function of these statements. What they bind is bound for the module, whose functions may read it."""
    names = sorted({name for each in kept for name in toplevel.bound_names(each)})
    [script] = ast.parse(f"def {SCRIPT}(): pass").body
    for node in ast.walk(script):
        ast.copy_location(node, at)
    if isinstance(script, ast.FunctionDef) and kept:
        script.body = [*([ast.copy_location(ast.Global(names), at)] if names else []), *kept]
    return script


def _cut_function(holder: ast.stmt, rows: Collection[int]) -> None:
    """Cut down the outermost function in a definition that holds the rows."""
    if not isinstance(holder, ast.FunctionDef | ast.AsyncFunctionDef):
        for each in getattr(holder, "body", ()):
            if _holds(each, rows):
                _cut_function(each, rows)
        return
    kept = _needed(holder.body, rows, set())
    [first] = ast.parse(f"{SCRIPT}()").body
    for node in ast.walk(first):
        ast.copy_location(node, holder.body[0])
    holder.body = [first, *kept] if kept else holder.body


def _needed(statements: Sequence[ast.stmt], rows: Collection[int], names: set[str]) -> list[ast.stmt]:
    """Of a block, what its statements on these rows need, and these themselves; `names` gets what is still needed."""
    kept: list[ast.stmt] = []
    for statement in reversed(statements):
        if not _holds(statement, rows):
            if not names.isdisjoint(_changed(statement)):
                names.update(_read(statement))
                kept.append(statement)
        elif branch := _branch(statement, rows):
            kept += reversed(_needed(branch, rows, names))
        else:
            kept.append(_with_less(statement, rows, names))
    return kept[::-1]


def _with_less(statement: ast.stmt, rows: Collection[int], names: set[str]) -> ast.stmt:
    """A statement on the rows; where they are inside of it, without what they do not need there."""
    own = own_rows(statement)
    inside = isinstance(statement, toplevel.DEFINITIONS) or any(own.first <= row <= own.last for row in rows)
    cut = copy.copy(statement)
    if not inside:
        for name in _BLOCKS:
            block = getattr(statement, name, None)
            if isinstance(block, list) and block:
                setattr(cut, name, _needed(block, rows, names) or [ast.copy_location(ast.Pass(), block[0])])
    names.update(_read(cut))
    return cut


def _branch(statement: ast.stmt, rows: Collection[int]) -> list[ast.stmt]:
    """The branch of a condition on which the rows are, which is run as if the condition held; else nothing."""
    own = own_rows(statement)
    if not isinstance(statement, ast.If) or any(own.first <= row <= own.last for row in rows):
        return []
    return next(block for block in (statement.body, statement.orelse) if any(_holds(each, rows) for each in block))


def _holds(statement: ast.stmt, rows: Collection[int]) -> bool:
    return any(own_rows(statement).first <= row <= (statement.end_lineno or statement.lineno) for row in rows)


def _read(statement: ast.stmt) -> Iterator[str]:
    return (each.id for each in ast.walk(statement) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load))


def _changed(statement: ast.stmt) -> Iterator[str]:
    """The names that a statement binds, parts of whose values it sets, or a method of which is all that it calls."""
    yield from toplevel.bound_names(statement)
    for node in ast.walk(statement):
        if isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store):
            yield from _first_name(node)
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        yield from _first_name(statement.value.func)


def _first_name(node: ast.expr) -> Iterator[str]:
    """The name that a chain of attributes and subscripts begins with; none for a name by itself."""
    inner = node
    while isinstance(inner, ast.Attribute | ast.Subscript):
        inner = inner.value
    if isinstance(inner, ast.Name) and inner is not node:
        yield inner.id
