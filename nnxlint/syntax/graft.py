"""A changed file's tree made of the old one's nodes, wherever the text is the same.

Whoever knows things about syntax nodes keeps them that way: after a change in one function, all other nodes are still
the same objects, at the places where they are now.
"""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from nnxlint.syntax.nodes import push_children
from nnxlint.syntax.tree import Tree, first_row

FunctionStatement = ast.FunctionDef | ast.AsyncFunctionDef
_ROW_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Graft:
    """The new tree, and how it differs from the old one.

    `bodies`: the functions of which only the body is new; `replaced`: the nodes that are no more (who tells nodes
    apart by their identity must keep them); `elsewhere`: whether anything else is new, at the top level or in a class.
    """

    tree: Tree
    bodies: tuple[FunctionStatement, ...]
    replaced: tuple[ast.AST, ...]
    elsewhere: bool


def graft(old: Tree, new: Tree) -> Graft:
    """Make the new tree of the old one's nodes; the old tree is used up."""
    work = _Work(_lines(old), _lines(new))
    module = old.module
    module.body = _block(work, module.body, new.module.body)
    return Graft(Tree(new.source, module), tuple(work.bodies), tuple(work.replaced), work.elsewhere)


@dataclass(slots=True)
class _Work:
    """The lines of both texts, and the differences found so far."""

    old: Sequence[str]
    new: Sequence[str]
    bodies: list[FunctionStatement] = field(default_factory=list)
    replaced: list[ast.AST] = field(default_factory=list)
    elsewhere: bool = False


def _lines(tree: Tree) -> Sequence[str]:
    return _ROW_END.split(tree.source.text)


def _block(work: _Work, old: list[ast.stmt], new: list[ast.stmt]) -> list[ast.stmt]:
    """The statements of a block: those that are the same are the old ones."""
    first = 0
    while first < min(len(old), len(new)) and _keeps(work, old[first], new[first]):
        first += 1
    last = 0
    while last < min(len(old), len(new)) - first and _keeps(work, old[-1 - last], new[-1 - last]):
        last += 1
    middle = _changed(work, old[first : len(old) - last], new[first : len(new) - last])
    return [*old[:first], *middle, *old[len(old) - last :]]


def _changed(work: _Work, old: Sequence[ast.stmt], new: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    if len(old) != len(new):
        work.elsewhere = True
        work.replaced += old
        yield from new
        return
    for before, after in zip_longest(old, new):
        if _keeps(work, before, after) or _keeps_head(work, before, after):
            yield before
        else:
            work.elsewhere = True
            work.replaced.append(before)
            yield after


def _keeps(work: _Work, old: ast.stmt, new: ast.stmt) -> bool:
    """Whether the statements have the same text; the old one is moved to where the new one stands."""
    start, now = first_row(old), first_row(new)
    end, until = old.end_lineno or start, new.end_lineno or now
    same = end - start == until - now and old.col_offset == new.col_offset and old.end_col_offset == new.end_col_offset
    if not same or work.old[start - 1 : end] != work.new[now - 1 : until]:
        return False
    if start != now:
        _move(old, now - start)
    return True


def _move(statement: ast.stmt, rows: int) -> None:
    pending: list[ast.AST] = [statement]
    while pending:
        node = pending.pop()
        if hasattr(node, "lineno"):
            node.lineno += rows
            node.end_lineno += rows  # type: ignore[attr-defined]
        push_children(pending, node)


def _keeps_head(work: _Work, old: ast.stmt, new: ast.stmt) -> bool:
    """Whether only the body of a function, or of things in a class, is new; the old node is given it."""
    if isinstance(old, FunctionStatement) and type(old) is type(new) and _same_head(old, new):
        work.bodies.append(old)
        work.replaced += old.body
        _take_place(old, new)
        old.body = new.body
        return True
    if isinstance(old, ast.ClassDef) and isinstance(new, ast.ClassDef) and _same_head(old, new):
        body = _block(work, old.body, new.body)
        _take_place(old, new)
        old.body = body
        return True
    return False


def _same_head(old: ast.stmt, new: ast.stmt) -> bool:
    return [ast.dump(part) for part in _head(old)] == [ast.dump(part) for part in _head(new)] and (
        getattr(old, "name", None) == getattr(new, "name", None)
    )


def _head(statement: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a definition that stand before its body."""
    for name in ("decorator_list", "args", "returns", "bases", "keywords", "type_params"):
        part = getattr(statement, name, None)
        if isinstance(part, list):
            yield from part
        elif part is not None:
            yield part


def _take_place(old: ast.stmt, new: ast.stmt) -> None:
    """Let a definition and what stands before its body be where the new one has it."""
    heads = zip(_head(old), _head(new), strict=True)
    pairs: list[tuple[ast.AST, ast.AST]] = [(old, new), *((a, b) for one, two in heads for a, b in _pairs(one, two))]
    for node, other in pairs:
        for name in ("lineno", "col_offset", "end_lineno", "end_col_offset"):
            if hasattr(other, name):
                setattr(node, name, getattr(other, name))


def _pairs(old: ast.AST, new: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
    return zip(ast.walk(old), ast.walk(new), strict=True)
