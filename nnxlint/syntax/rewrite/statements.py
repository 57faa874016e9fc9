"""Edits of whole statements: put before or after, replace, delete; semicolons included."""

import ast
import re
from dataclasses import dataclass

import libcst as cst

from nnxlint.edits import Edit
from nnxlint.spans import Span
from nnxlint.syntax.concrete import code, head, head_span, newline_of
from nnxlint.syntax.rewrite.difference import Edits, difference, slice_newline, with_newline
from nnxlint.syntax.tree import Tree, first_row

_BLANK = re.compile(r"[ \t\f]*\Z")
_SEMICOLON = re.compile(r"[ \t\f]*;[ \t\f]*")
_TAIL = re.compile(r"[ \t\f]*(?:;[ \t\f]*)?(?:#.*)?\Z")
_INDENT = re.compile(r"[ \t\f]*")
_BLOCKS = ("body", "orelse", "finalbody")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a statement stands: its span with decorators, and whether it has the lines for itself."""

    span: Span
    indent: str
    first: bool  # nothing but indentation before it on its line
    last: bool  # nothing but a comment after it on its line

    @property
    def alone(self) -> bool:
        return self.first and self.last


def insert_statement_before(tree: Tree, stmt: ast.stmt, text: str) -> Edits | None:
    """Put the statements of `text`, written without indentation, before the statement and its decorators."""
    place = _place(tree, stmt)
    if _is_elif(tree, stmt):
        return None
    if place.first:
        lines = _indented(tree, text, place.indent)
        if lines is None:
            return None
        return _insertion(place.span.start, f"{lines}{tree.source.newline}{place.indent}")
    return _insertion(place.span.start, f"{text}; ") if _is_simple(text) else None


def insert_statement_after(tree: Tree, stmt: ast.stmt, text: str) -> Edits | None:
    """Put the statements of `text`, written without indentation, after the statement and its comment."""
    place = _place(tree, stmt)
    if _is_elif(tree, stmt):
        return None
    if place.alone:
        lines = _indented(tree, text, place.indent)
        if lines is None:
            return None
        end = _end_of_lines(tree, stmt, place)
        return _insertion(end, f"{tree.source.newline}{place.indent}{lines}")
    simple = not hasattr(stmt, "body") and not isinstance(stmt, ast.Match)
    return _insertion(place.span.end, f"; {text}") if simple and _is_simple(text) else None


def replace_statement(tree: Tree, stmt: ast.stmt, new: str | cst.BaseSmallStatement) -> Edits | None:
    """Put `new` in the place of the statement and its decorators; a comment after it stays."""
    place = _place(tree, stmt)
    if _is_elif(tree, stmt):
        return None
    if isinstance(new, str):
        lines = _indented(tree, new, place.indent) if place.alone else new if _is_simple(new) else None
    else:
        lines = code(new, slice_newline(tree, stmt)).rstrip()
    if lines is None:
        return None
    return difference(place.span.start, tree.source.text[place.span.start : place.span.end], lines)


def replace_head(tree: Tree, stmt: ast.stmt, new: cst.BaseCompoundStatement) -> Edits | None:
    """Put the head of `new`, made from that of `concrete.head`, in the place of the statement's."""
    span = head_span(tree, stmt)
    text = tree.source.text[span.start : span.end]
    newline = newline_of(text)
    old = code(head(tree, stmt), newline)
    if not old.startswith(text):
        return None
    return difference(span.start, old, code(new, newline))


def delete_statement(tree: Tree, stmt: ast.stmt) -> Edits | None:
    """Delete the statement, its decorators and a comment on its line; `pass` stays for an empty block."""
    place = _place(tree, stmt)
    if _is_elif(tree, stmt):
        return None
    block = _block(tree, stmt)
    if len(block) == 1 and not isinstance(tree.ancestors(stmt)[-1], ast.Module):
        return difference(place.span.start, tree.source.text[place.span.start : place.span.end], "pass")
    if place.alone:
        return (Edit(_whole_lines(tree, place), ""),)
    if hasattr(stmt, "body"):
        return None
    after = _SEMICOLON.match(tree.source.text, place.span.end)
    if after and not place.last:
        return _between(tree, place.span.start, after.end())
    index = next(index for index, other in enumerate(block) if other is stmt)
    return _between(tree, tree.span(block[index - 1]).end, place.span.end)


def _place(tree: Tree, stmt: ast.stmt) -> _Place:
    text, lines, span = tree.source.text, tree.source.lines, tree.span(stmt)
    row, start = stmt.lineno, span.start
    if first_row(stmt) != row:
        row = first_row(stmt)
        start = lines.line_start(row) + _indent_of(tree, row)
    line = lines.line_span(row)
    before = text[line.start : start]
    continued = row > 1 and text[lines.line_span(row - 1).start : lines.line_span(row - 1).end].endswith("\\")
    end_line = lines.line_span(stmt.end_lineno or row)
    tail = text[span.end : end_line.end]
    first = _BLANK.match(before) is not None and not continued
    indent = text[line.start : line.start + _indent_of(tree, row)]
    return _Place(Span(start, span.end), indent, first, _TAIL.match(tail) is not None)


def _indent_of(tree: Tree, row: int) -> int:
    line = tree.source.lines.line_span(row)
    found = _INDENT.match(tree.source.text, line.start, line.end)
    return 0 if found is None else found.end() - line.start


def _insertion(offset: int, content: str) -> Edits:
    return (Edit(Span(offset, offset), content),)


def _between(tree: Tree, start: int, end: int) -> Edits | None:
    """Delete the range, unless it has a comment or a line end that something relies on."""
    if re.search(r"[#\\]", tree.source.text[start:end]) and "\n" in tree.source.text[start:end]:
        return None
    return (Edit(Span(start, end), ""),)


def _whole_lines(tree: Tree, place: _Place) -> Span:
    lines = tree.source.lines
    start, last_row = lines.position(place.span.start).row, lines.position(place.span.end).row
    end = lines.line_start(last_row + 1) if last_row < lines.row_count else len(tree.source.text)
    return Span(lines.line_start(start), end)


def _end_of_lines(tree: Tree, stmt: ast.stmt, place: _Place) -> int:
    """Find the end of the statement's last line, deeper comments under a compound statement counted in."""
    lines, text = tree.source.lines, tree.source.text
    row = end_row = lines.position(place.span.end).row
    while hasattr(stmt, "body") and row < lines.row_count:
        row += 1
        span = lines.line_span(row)
        line = text[span.start : span.end].strip(" \t\f")
        if line.startswith("#") and _indent_of(tree, row) > len(place.indent):
            end_row = row
        elif line:
            break
    return lines.line_span(end_row).end


def _block(tree: Tree, stmt: ast.stmt) -> list[ast.stmt]:
    parent = tree.ancestors(stmt)[-1]
    blocks: list[list[ast.stmt]] = [getattr(parent, name, []) for name in _BLOCKS]
    return next(block for block in blocks if any(other is stmt for other in block))


def _is_elif(tree: Tree, stmt: ast.stmt) -> bool:
    return isinstance(stmt, ast.If) and tree.source.text.startswith("elif", tree.span(stmt).start)


def _is_simple(text: str) -> bool:
    """Whether the text is simple statements on one line, without a comment."""
    try:
        statements = ast.parse(f"if _: {text}; _").body
    except (SyntaxError, ValueError):
        return False
    return len(statements) == 1 and "\n" not in text and "\r" not in text


def _indented(tree: Tree, text: str, indent: str) -> str | None:
    """Indent all lines but the first; None when the text is no code or has strings of several lines."""
    lines = with_newline(tree, text.strip()).split(tree.source.newline)
    try:
        module = ast.parse("\n".join(lines))
    except (SyntaxError, ValueError):
        return None
    strings = (node for node in ast.walk(module) if isinstance(node, (ast.Constant, ast.JoinedStr)))
    if not module.body or any(node.lineno != node.end_lineno for node in strings):
        return None
    return tree.source.newline.join((lines[0], *(f"{indent}{line}" if line else "" for line in lines[1:])))
