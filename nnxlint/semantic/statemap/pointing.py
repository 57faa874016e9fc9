"""Which name, attribute or class stands at an offset of a file."""

import ast
from collections.abc import Iterator

from nnxlint.syntax.nodes import push_children
from nnxlint.syntax.tree import Tree


def node_at(tree: Tree, offset: int) -> ast.AST | None:
    """The name, the attribute by its own name, the parameter, the import or the class definition at an offset."""
    found: ast.AST | None = None
    for node in _around(tree, offset):
        if isinstance(node, ast.Name | ast.arg | ast.alias | ast.ClassDef | ast.Attribute) and _is_named(
            tree, node, offset
        ):
            found = node
    return found


def _around(tree: Tree, offset: int) -> Iterator[ast.AST]:
    """The nodes whose span holds the offset, outer ones first."""
    waiting: list[ast.AST] = list(tree.module.body)
    while waiting:
        node = waiting.pop()
        if hasattr(node, "lineno"):
            span = tree.span(node)
            # Decorators stand before the span of what they decorate.
            if not span.start <= offset <= span.end and not getattr(node, "decorator_list", None):
                continue
            yield node
        push_children(waiting, node)


def _is_named(tree: Tree, node: ast.AST, offset: int) -> bool:
    """Whether the offset is in the part of the text that names the node."""
    span = tree.span(node)
    match node:
        case ast.Attribute(attr=name):
            return span.end - len(name) <= offset <= span.end
        case ast.ClassDef(name=name):
            start = tree.source.text.find(name, span.start + len("class"))
            return start <= offset <= start + len(name)
        case ast.arg(arg=name):
            return span.start <= offset <= span.start + len(name)
    return True
