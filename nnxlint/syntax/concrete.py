"""LibCST of one expression, one simple statement or the head of one compound statement, on demand.

Nothing is dedented, ever: that rewrites the strings inside. The parser gets the slice's own newline, and
`code` gives it back, so that a node's code equals the slice, byte by byte.
"""

import ast
import re

import libcst as cst

from nnxlint.spans import Span
from nnxlint.syntax.tree import Tree

_NEWLINE = re.compile(r"\r\n|\r|\n")
_TO_COLON = re.compile(r"(?:#[^\r\n]*|[^:#])*?:")
SimpleStatement = cst.BaseSmallStatement
CompoundStatement = cst.BaseCompoundStatement


def expression(tree: Tree, node: ast.expr) -> cst.BaseExpression:
    """Parse the expression's slice; parentheses around it are not part of it.

    Where Python does not know the expression's place (f-strings before 3.12) the node is one of equal
    meaning, not of equal text. `ValueError` for what is no expression of its own: a slice, a starred
    argument, a part of an f-string; `libcst.ParserSyntaxError` for syntax that LibCST does not know.
    """
    if isinstance(node, (ast.Slice, ast.Starred, ast.FormattedValue)):
        message = f"no expression of its own: {ast.dump(node)}"
        raise ValueError(message)  # noqa: TRY004 - one kind of error for all that cannot be parsed alone
    text = tree.text(node) if tree.is_placed(node) else ast.unparse(node)
    return parse_expression(text)


def statement(tree: Tree, node: ast.stmt) -> SimpleStatement:
    """Parse the simple statement's slice, without semicolon and comment after it."""
    return parse_statement(tree.text(node))


def head(tree: Tree, node: ast.stmt) -> CompoundStatement:
    """Parse the compound statement's head (no decorators) with `pass` for a body; `elif` reads as `if`."""
    span = head_span(tree, node)
    return parse_head(tree.source.text[span.start : span.end], node)


def parse_expression(text: str) -> cst.BaseExpression:
    """Parse the text as it could stand in parentheses."""
    newline = newline_of(text)
    config = cst.PartialParserConfig(default_newline=newline)
    node = cst.parse_expression(f"({text}{newline})", config)
    return node.with_changes(lpar=node.lpar[1:], rpar=node.rpar[:-1])


def parse_statement(text: str) -> SimpleStatement:
    """Parse the text of one simple statement."""
    newline = newline_of(text)
    line = cst.parse_statement(text + newline, cst.PartialParserConfig(default_newline=newline))
    if not isinstance(line, cst.SimpleStatementLine) or len(line.body) != 1:
        message = f"not one simple statement: {text}"
        raise ValueError(message)
    return line.body[0]


def parse_head(text: str, node: ast.stmt) -> CompoundStatement:
    """Parse the text of the node's head, up to the colon."""
    newline = newline_of(text)
    config = cst.PartialParserConfig(default_newline=newline)
    parsed = cst.parse_statement(text + _body(node, newline), config)
    if not isinstance(parsed, cst.BaseCompoundStatement):
        message = f"not the head of a compound statement: {text}"
        raise ValueError(message)  # noqa: TRY004 - the text is at fault
    return parsed


def head_span(tree: Tree, node: ast.stmt) -> Span:
    """From the keyword (of `elif`, its `if`) to the colon."""
    text = tree.source.text
    start = tree.span(node).start
    if isinstance(node, ast.If) and text.startswith("elif", start):
        start += len("el")
    after = max((tree.span(part).end for part in _head_parts(node)), default=start)
    colon = _TO_COLON.match(text, after)
    if colon is None or not hasattr(node, "body" if not isinstance(node, ast.Match) else "cases"):
        message = f"not a compound statement: {ast.dump(node)}"
        raise ValueError(message)
    return Span(start, colon.end())


def code(node: cst.CSTNode, newline: str) -> str:
    """Return the node's text, with this newline where the node does not insist on another."""
    return cst.Module((), default_newline=newline).code_for_node(node)


def newline_of(text: str) -> str:
    r"""Find the first newline of the text, or `\n`."""
    found = _NEWLINE.search(text)
    return found.group() if found else "\n"


def _body(node: ast.stmt, newline: str) -> str:
    """Return the least that may follow the node's head."""
    if isinstance(node, ast.Match):
        return f"{newline} case _: pass{newline}"
    if isinstance(node, ast.Try):
        return f" pass{newline}finally: pass{newline}"
    if isinstance(node, ast.TryStar):
        return f" pass{newline}except* _: pass{newline}"
    return f" pass{newline}"


def _head_parts(node: ast.stmt) -> tuple[ast.AST, ...]:
    """List the nodes of the head that have a place."""
    inside = {"body", "orelse", "finalbody", "handlers", "cases", "decorator_list"}
    children: list[ast.AST] = []
    for name, value in ast.iter_fields(node):
        if name not in inside:
            children += value if isinstance(value, list) else (value,)
    found = [part for part in children if isinstance(part, ast.AST)]
    return tuple(part for part in found if any(hasattr(inner, "lineno") for inner in ast.walk(part)))
