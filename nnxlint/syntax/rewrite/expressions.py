"""Edits that put one expression or name in the place of another."""

import ast

import libcst as cst

from nnxlint.spans import Span
from nnxlint.syntax.concrete import code
from nnxlint.syntax.rewrite.difference import (
    Edits,
    difference,
    expression_edits,
    parsed,
    parsed_code,
    slice_newline,
    with_newline,
)
from nnxlint.syntax.tree import Tree

Named = ast.Name | ast.Attribute | ast.keyword | ast.arg | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef

_NEVER_BARE = (ast.NamedExpr, ast.Yield, ast.YieldFrom, ast.GeneratorExp, ast.Starred, ast.Tuple)
_WHOLE = (
    ast.Name,
    ast.Attribute,
    ast.Call,
    ast.Subscript,
    ast.List,
    ast.Dict,
    ast.Set,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
)
_FREE_FIELDS = {
    ast.Assign: ("value",),
    ast.AugAssign: ("value",),
    ast.AnnAssign: ("value", "annotation"),
    ast.Return: ("value",),
    ast.Expr: ("value",),
    ast.If: ("test",),
    ast.While: ("test",),
    ast.Call: ("args",),
    ast.keyword: ("value",),
    ast.List: ("elts",),
    ast.Dict: ("values",),
    ast.Subscript: ("slice",),
}


def replace_expression(tree: Tree, node: ast.expr, new: str | cst.BaseExpression) -> Edits | None:
    """Put `new` in the node's place, in parentheses where it would be read otherwise without."""
    old = parsed(tree, node)
    if old is None:
        return None
    text = with_newline(tree, new.strip()) if isinstance(new, str) else code(new, slice_newline(tree, node))
    if text == tree.text(node):
        return ()
    fresh = parsed_code(text)
    if fresh is None or _parsed_on_a_line(f"({text})") is None:  # a comment at its end would swallow what follows
        return None
    if not isinstance(getattr(node, "ctx", ast.Load()), ast.Load) and not isinstance(
        fresh, (ast.Name, ast.Attribute, ast.Subscript)
    ):
        return None
    if _is_sole_generator(tree, node):  # its parentheses are the call's own, so they stay
        if not isinstance(fresh, ast.GeneratorExp):
            text = f"({text})" if isinstance(fresh, (*_WHOLE, ast.Constant)) else f"(({text}))"
        elif not _is_enclosed(text):
            text = f"({text})"
    elif not _stands_bare(tree, node, text, fresh):
        text = f"({text})"
    return expression_edits(tree, node, text)


def replace_callee(tree: Tree, call: ast.Call, new: str) -> Edits | None:
    """Call `new` with the same arguments."""
    return replace_expression(tree, call.func, new)


def replace_name(tree: Tree, node: Named, new: str) -> Edits | None:
    """Give the name, attribute, keyword, parameter, function or class another name, here alone."""
    if not new.isidentifier():
        return None
    span = _span_of_name(tree, node)
    if span is None or not tree.is_placed(node):
        return None
    if isinstance(node, ast.expr):
        whole, text = tree.span(node), tree.text(node)
        changed = text[: span.start - whole.start] + new + text[span.end - whole.start :]
        return expression_edits(tree, node, changed)
    if any(isinstance(outer, ast.JoinedStr) for outer in tree.ancestors(node)):
        return None
    return difference(span.start, tree.source.text[span.start : span.end], new)


def _is_sole_generator(tree: Tree, node: ast.expr) -> bool:
    """Whether Python counts the call's parentheses as the generator's."""
    if not isinstance(node, ast.GeneratorExp):
        return False
    parent = tree.ancestors(node)[-1]
    return isinstance(parent, ast.Call) and tree.span(parent).end == tree.span(node).end


def _stands_bare(tree: Tree, node: ast.expr, text: str, fresh: ast.expr) -> bool:
    """Whether the text needs no parentheses in the node's place; when in doubt it needs them."""
    source, span = tree.source.text, tree.span(node)
    before, after = source[: span.start][-1:], source[span.end : span.end + 1]
    if _runs_together(before, text[:1]) or _runs_together(text[-1:], after):
        return False
    if _is_enclosed(text):
        return True
    if _parsed_on_a_line(text) is None or isinstance(fresh, _NEVER_BARE):
        return False
    if isinstance(fresh, _WHOLE) or (before == "(" and after == ")"):
        return True
    if isinstance(fresh, ast.Constant) and isinstance(node, ast.Constant):
        return type(fresh.value) is type(node.value)
    parent = tree.ancestors(node)[-1]
    fields = next((names for kind, names in _FREE_FIELDS.items() if isinstance(parent, kind)), ())
    values = [getattr(parent, name) for name in fields]
    return any(value is node or (isinstance(value, list) and node in value) for value in values)


def _is_enclosed(text: str) -> bool:
    """Whether the text is one expression in brackets of its own."""
    try:
        concrete = cst.parse_expression(text)
    except cst.ParserSyntaxError:
        return False
    return bool(getattr(concrete, "lpar", ()))


def _parsed_on_a_line(text: str) -> ast.expr | None:
    try:
        return ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError):
        return None


def _runs_together(before: str, after: str) -> bool:
    return (before == "_" or before.isalnum()) and (after in {"_", "'", '"'} or after.isalnum())


def _span_of_name(tree: Tree, node: Named) -> Span | None:
    """Find the identifier; None when it is written in another form of the same letters."""
    span = tree.span(node)
    name, text = _name_of(node), tree.source.text
    if name is None:
        return None
    if isinstance(node, ast.Attribute):
        start = span.end - len(name)
    elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        start = text.find(name, span.start + len("def "), span.end)
        if text[span.start : start].replace("async", "").strip(" \t\f") not in {"def", "class"}:
            return None
    else:
        start = span.start
    return Span(start, start + len(name)) if text.startswith(name, start) else None


def _name_of(node: Named) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.arg if isinstance(node, (ast.keyword, ast.arg)) else node.name
