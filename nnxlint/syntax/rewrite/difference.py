"""An old and a new slice to the least edit between them, refused where the text is not what it seems."""

import ast
import re

import libcst as cst

from nnxlint.edits import Edit
from nnxlint.spans import Span
from nnxlint.syntax.concrete import code, expression, newline_of
from nnxlint.syntax.tree import Tree

Edits = tuple[Edit, ...]

_LINE_END = re.compile(r"\r\n|\r|\n")
_UNFIT_FOR_FSTRING = re.compile(r"['\"\\\r\n#]")
_SHOWS_ITSELF = re.compile(r"[\s)]*=")
_TEMPLATE = getattr(ast, "TemplateStr", ())  # of Python 3.14; an interpolation there keeps its own source text


def difference(start: int, old: str, new: str) -> Edits:
    """Find the least edit from the old text (at `start`) to the new; it cuts no word and no CRLF."""
    if old == new:
        return ()
    head = _common_head(old, new)
    while head and (_joined(old, head) or _joined(new, head)):
        head -= 1
    tail = _common_head(old[head:][::-1], new[head:][::-1])
    while tail and (_joined(old, len(old) - tail) or _joined(new, len(new) - tail)):
        tail -= 1
    span = Span(start + head, start + len(old) - tail)
    return (Edit(span, new[head : len(new) - tail]),)


def parsed(tree: Tree, node: ast.expr) -> cst.BaseExpression | None:
    """Parse the expression, or give None unless the LibCST's code is the slice itself."""
    if not tree.is_placed(node):
        return None
    text = tree.text(node)
    try:
        concrete = expression(tree, node)
    except (ValueError, cst.ParserSyntaxError):
        return None
    return concrete if code(concrete, newline_of(text)) == text else None


def expression_edits(tree: Tree, node: ast.expr, new: str) -> Edits | None:
    """Make the expression's slice `new`; None inside an f-string that would not bear it."""
    edits = difference(tree.span(node).start, tree.text(node), new)
    if not edits:
        return ()
    if not tree.is_placed(node) or not _fstrings_allow(tree, node, new, edits[0].content):
        return None
    return edits


def slice_newline(tree: Tree, node: ast.AST) -> str:
    """Find the newline of the node's slice; that of the source where the slice is of one line."""
    text = tree.text(node)
    return newline_of(text) if _LINE_END.search(text) else tree.source.newline


def with_newline(tree: Tree, text: str) -> str:
    """Give the text the newline of the source."""
    return _LINE_END.sub(tree.source.newline, text)


def parsed_code(text: str) -> ast.expr | None:
    """Parse an expression as it could stand in parentheses; None when it is none."""
    try:
        node = ast.parse(f"({text}\n)", mode="eval").body
        if node.col_offset == 0 and node.lineno == 1:  # the parentheses are part of it: are they a pair?
            ast.parse(f"[{text}\n]", mode="eval")
    except (SyntaxError, ValueError):
        return None
    return node


def _common_head(old: str, new: str) -> int:
    limit = min(len(old), len(new))
    return next((index for index in range(limit) if old[index] != new[index]), limit)


def _joined(text: str, offset: int) -> bool:
    """Whether the code points before and after the offset belong together."""
    before, after = text[offset - 1 : offset], text[offset : offset + 1]
    return (_is_word(before) and _is_word(after)) or (before == "\r" and after == "\n")


def _is_word(character: str) -> bool:
    return character == "_" or character.isalnum() or (character != "" and not character.isascii())


def _fstrings_allow(tree: Tree, node: ast.expr, new: str, content: str) -> bool:
    """Whether no f-string is around the node, or all of them stay as they are but for the node."""
    around = tree.ancestors(node)
    if any(isinstance(outer, _TEMPLATE) for outer in around):
        return False
    fields = [outer for outer in around if isinstance(outer, ast.FormattedValue)]
    if not fields:
        return True
    found = parsed_code(tree.text(node))
    if found is None or _dump(found) != _dump(node) or _UNFIT_FOR_FSTRING.search(content):
        return False
    if any(_SHOWS_ITSELF.match(tree.source.text, tree.span(field.value).end) for field in fields):
        return False
    field, span = tree.span(fields[-1].value), tree.span(node)
    text = tree.source.text
    return _is_field(text[field.start : span.start] + new + text[span.end : field.end])


def _dump(node: ast.expr) -> str:
    return ast.dump(node).replace("Store()", "Load()")


def _is_field(text: str) -> bool:
    """Whether the text between braces makes one plain field: no format, no conversion, no brace."""
    try:
        fstring = ast.parse(f'f"{{{text}}}"', mode="eval").body
    except SyntaxError:
        return False
    if not isinstance(fstring, ast.JoinedStr) or len(fstring.values) != 1:
        return False
    field = fstring.values[0]
    return isinstance(field, ast.FormattedValue) and field.conversion < 0 and field.format_spec is None
