"""Edits of declarations: of which class the object is that a statement makes, what a parameter is by default."""

import ast

from nnxlint.syntax.rewrite.difference import Edits, difference
from nnxlint.syntax.rewrite.expressions import replace_callee, replace_expression
from nnxlint.syntax.tree import Tree


def replace_declared_class(tree: Tree, statement: ast.AST, call: ast.Call, new: str) -> Edits | None:
    """Make the object of another class; an annotation that named the old one says the same."""
    made = replace_callee(tree, call, new)
    if made is None or not isinstance(statement, ast.AnnAssign):
        return made
    annotation = statement.annotation
    named = annotation.value if isinstance(annotation, ast.Subscript) else annotation
    if ast.dump(named) != ast.dump(call.func):
        return made
    annotated = replace_expression(tree, named, new)
    return (*annotated, *made) if annotated is not None else made


def default_to_none(tree: Tree, parameter: ast.arg, default: ast.expr) -> Edits:
    """Make `None` a parameter's default; where it was annotated as `bool`, it may be `None` then, too."""
    made = difference(tree.span(default).start, tree.text(default), "None")
    annotation = parameter.annotation
    if isinstance(annotation, ast.Name) and annotation.id == "bool":
        return (*difference(tree.span(annotation).start, annotation.id, "bool | None"), *made)
    return made
