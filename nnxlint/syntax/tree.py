"""The `ast` of a source, and where its nodes lie in the text."""

import ast
import functools
import itertools
import re
import sys
import warnings
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import cast

from nnxlint.source import Source
from nnxlint.spans import Span
from nnxlint.syntax.nodes import push_children

FSTRINGS_PLACED = sys.version_info >= (3, 12)
"""Whether the running Python tells where the nodes inside an f-string are; before 3.12 it only guesses."""

_FSTRING = re.compile(r"(?i:f|fr|rf)['\"]")


@dataclass(frozen=True)
class Tree:
    """A parsed source. Where Python does not know a node's place (`is_placed`), the f-string's stands in."""

    source: Source
    module: ast.Module

    @functools.cached_property
    def _unplaced(self) -> Mapping[int, ast.expr]:
        """The f-strings by the nodes inside them. Few files are asked for spans, so most are spared the search."""
        if FSTRINGS_PLACED or _FSTRING.search(self.source.text) is None:
            return MappingProxyType({})
        return MappingProxyType(dict(_nodes_in_fstrings(self.module)))

    def span(self, node: ast.AST) -> Span:
        """Return the code points of the node, without parentheses around it, decorators and comments.

        A node to which Python gives no place (`arguments`, `comprehension`, `withitem`) spans its children.
        """
        node = self._unplaced.get(id(node), node)
        row = getattr(node, "lineno", None)
        if row is None:
            return self._span_of_children(node)
        placed = cast("ast.expr", node)  # or whatever else has a place
        lines = self.source.lines
        return Span(
            lines.offset_of_utf8(row, placed.col_offset),
            lines.offset_of_utf8(placed.end_lineno or row, placed.end_col_offset or 0),
        )

    def text(self, node: ast.AST) -> str:
        """Return the source text of the node's span."""
        span = self.span(node)
        return self.source.text[span.start : span.end]

    def is_placed(self, node: ast.AST) -> bool:
        """Whether the span is the node's own; it is not inside an f-string before Python 3.12."""
        return id(node) not in self._unplaced

    def ancestors(self, node: ast.AST) -> tuple[ast.AST, ...]:
        """List the nodes around the node, the module first; `LookupError` when it is not of this tree."""
        path = _path_to(self.module, node, getattr(node, "lineno", None)) or _path_to(self.module, node, None)
        if path is None:
            message = f"no node of {self.source.path}: {ast.dump(node)}"
            raise LookupError(message)
        return path

    def _span_of_children(self, node: ast.AST) -> Span:
        if isinstance(node, ast.Module):
            return Span(0, len(self.source.text))
        inner = [child for child in ast.walk(node) if hasattr(child, "lineno")]
        if not inner:
            message = f"no place in the text: {ast.dump(node)}"
            raise ValueError(message)
        spans = [self.span(child) for child in inner]
        return Span(min(span.start for span in spans), max(span.end for span in spans))


def parse_tree(source: Source) -> Tree:
    """Parse the source; the parser's `SyntaxError` goes through untouched."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of invalid escapes and the like: none of our business
        return Tree(source, ast.parse(source.text))


def first_row(node: ast.AST) -> int:
    """Return the row where the statement begins, its decorators counted."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    rows = [decorator.lineno for decorator in decorators]
    return min(rows, default=cast("ast.stmt", node).lineno)


def _nodes_in_fstrings(module: ast.Module) -> Iterator[tuple[int, ast.expr]]:
    waiting: list[ast.AST] = [module]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.JoinedStr):
            yield from ((id(inner), node) for inner in ast.walk(node) if inner is not node)
        else:
            push_children(waiting, node)


def _path_to(module: ast.Module, node: ast.AST, row: int | None) -> tuple[ast.AST, ...] | None:
    """List the nodes down to the node's parent; with a row, only statements on it are searched."""
    if node is module:
        return ()
    top = ast.iter_child_nodes(module) if row is None else _statements_on(module.body, row)
    path: list[tuple[ast.AST, Iterator[ast.AST]]] = [(module, top)]
    while path:
        child = next(path[-1][1], None)
        if child is None:
            path.pop()
        elif child is node:
            return tuple(parent for parent, _ in path)
        elif row is None or not isinstance(child, ast.stmt) or _covers(child, row):
            path.append((child, ast.iter_child_nodes(child)))
    return None


def _statements_on(body: list[ast.stmt], row: int) -> Iterator[ast.AST]:
    """Yield the top-level statements of the row, found without a look at those before it."""
    first = bisect_left(body, row, key=lambda statement: statement.end_lineno or statement.lineno)
    return itertools.takewhile(lambda statement: first_row(statement) <= row, itertools.islice(body, first, None))


def _covers(statement: ast.stmt, row: int) -> bool:
    return first_row(statement) <= row <= (statement.end_lineno or statement.lineno)
