"""Edits of a call's arguments; separators, comments and trailing commas are those of the neighbours."""

import ast
from collections.abc import Sequence

import libcst as cst
import libcst.matchers as m

from nnxlint.syntax.concrete import code, parse_expression
from nnxlint.syntax.rewrite.difference import (
    Edits,
    expression_edits,
    parsed,
    parsed_code,
    slice_newline,
    with_newline,
)
from nnxlint.syntax.tree import Tree

_ONE_SPACE = cst.SimpleWhitespace(" ")
_NOTHING = cst.SimpleWhitespace("")


def add_keyword(tree: Tree, call: ast.Call, name: str, value: str) -> Edits | None:
    """Add `name=value` after the arguments, before a `**mapping`; None where the name is passed already."""
    if any(keyword.arg == name for keyword in call.keywords):
        return None
    place = len(call.args) + len(call.keywords)
    for index, argument in enumerate(_in_order(call)):
        if isinstance(argument, ast.keyword) and argument.arg is None:
            place = index
            break
    return _insert(tree, call, f"{name}={value}", place)


def insert_first_argument(tree: Tree, call: ast.Call, value: str) -> Edits | None:
    """Put `value` before all arguments."""
    return _insert(tree, call, value, 0)


def add_argument_to_call(tree: Tree, call: ast.Call, value: str) -> Edits | None:
    """Put `value` after the positional arguments; None where a `*iterable` comes after a keyword."""
    kinds = [isinstance(argument, ast.keyword) for argument in _in_order(call)]
    if kinds != sorted(kinds):
        return None
    return _insert(tree, call, value, len(call.args))


def replace_argument(tree: Tree, call: ast.Call, argument: ast.expr | ast.keyword, new: str) -> Edits | None:
    """Put `new` (`value`, `name=value`, `*iterable`) in the place of one of the call's arguments."""
    index = _index(call, argument)
    concrete = _parsed_call(tree, call)
    if concrete is None:
        return None
    fresh, old = _argument(tree, new), concrete.args[index]
    if fresh is None:
        return None
    fresh = fresh.with_changes(comma=old.comma, whitespace_after_arg=old.whitespace_after_arg)
    return _call_edits(tree, call, concrete, (*concrete.args[:index], fresh, *concrete.args[index + 1 :]))


def remove_argument(tree: Tree, call: ast.Call, argument: ast.expr | ast.keyword) -> Edits | None:
    """Take one of the call's arguments out with its comma; None where a comment would go with it."""
    index = _index(call, argument)
    concrete = _parsed_call(tree, call)
    if concrete is None:
        return None
    old, arguments = concrete.args[index], list(concrete.args)
    if _has_comment(old):
        return None
    del arguments[index]
    if index == len(arguments) and arguments:  # the last one: what closed the list closes it still
        arguments[-1] = arguments[-1].with_changes(comma=old.comma, whitespace_after_arg=old.whitespace_after_arg)
        if _has_comment(concrete.args[index - 1].comma):
            return None
    return _call_edits(tree, call, concrete, arguments)


def _insert(tree: Tree, call: ast.Call, argument: str, index: int) -> Edits | None:
    concrete = _parsed_call(tree, call)
    new = _argument(tree, argument)
    if concrete is None or new is None:
        return None
    arguments = [_in_parentheses(old) if _is_bare_generator(old) else old for old in concrete.args]
    before = concrete.whitespace_before_args
    if not arguments:
        return _call_edits(tree, call, concrete, (new.with_changes(whitespace_after_arg=before),), _NOTHING)
    if index == len(arguments):
        return _call_edits(tree, call, concrete, _appended(arguments, new, before))
    lead, rest = _split(before if index == 0 else _space_after(arguments[index - 1]))
    if index == 0:
        separator = rest if _is_vertical(rest) else _separator_after_first(arguments)
        first = new.with_changes(comma=cst.Comma(whitespace_after=separator))
        return _call_edits(tree, call, concrete, (first, *arguments), lead)
    arguments[index - 1] = arguments[index - 1].with_deep_changes(
        cst.ensure_type(arguments[index - 1].comma, cst.Comma), whitespace_after=lead
    )
    arguments.insert(index, new.with_changes(comma=cst.Comma(whitespace_after=rest)))
    return _call_edits(tree, call, concrete, arguments)


def _appended(
    arguments: Sequence[cst.Arg], new: cst.Arg, before: cst.BaseParenthesizableWhitespace
) -> tuple[cst.Arg, ...]:
    """Add a new last argument, which takes over what stands before the closing parenthesis."""
    last, closing = arguments[-1], _space_after(arguments[-1])
    separator = _bare(before if len(arguments) == 1 else _space_after(arguments[-2]))
    if len(arguments) == 1 and not _is_vertical(separator):
        separator = _ONE_SPACE
    if isinstance(separator, cst.ParenthesizedWhitespace) and isinstance(
        closing, cst.ParenthesizedWhitespace
    ):  # a comment after the last argument stays with it
        separator = separator.with_changes(first_line=closing.first_line)
        closing = closing.with_changes(first_line=_line_end(closing))
    if isinstance(last.comma, cst.Comma):
        comma = last.comma.with_changes(whitespace_after=separator)
        new = new.with_changes(comma=cst.Comma(whitespace_after=closing))
        return (*arguments[:-1], last.with_changes(comma=comma), new)
    last = last.with_changes(comma=cst.Comma(whitespace_after=separator), whitespace_after_arg=_NOTHING)
    return (*arguments[:-1], last, new.with_changes(whitespace_after_arg=closing))


def _call_edits(
    tree: Tree,
    call: ast.Call,
    concrete: cst.Call,
    arguments: Sequence[cst.Arg],
    before: cst.BaseParenthesizableWhitespace | None = None,
) -> Edits | None:
    before = concrete.whitespace_before_args if before is None else before
    try:
        changed = concrete.with_changes(args=arguments, whitespace_before_args=before)
    except cst.CSTValidationError:  # a positional argument after a keyword
        return None
    text = code(changed, slice_newline(tree, call))
    return None if parsed_code(text) is None else expression_edits(tree, call, text)


def _parsed_call(tree: Tree, call: ast.Call) -> cst.Call | None:
    concrete = parsed(tree, call)
    return concrete if isinstance(concrete, cst.Call) else None


def _argument(tree: Tree, text: str) -> cst.Arg | None:
    """Read the text as one argument; None when it is none, several, or needs parentheses."""
    text = with_newline(tree, text.strip())
    try:
        found = ast.parse(f"_(_, {text})", mode="eval").body
        concrete = parse_expression(f"_({text})")
    except (SyntaxError, ValueError, cst.ParserSyntaxError):
        return None
    if not isinstance(found, ast.Call) or not isinstance(found.func, ast.Name):
        return None
    if len(found.args) + len(found.keywords) != len(("_", text)):
        return None
    call = cst.ensure_type(concrete, cst.Call)
    return call.args[0].with_changes(comma=cst.MaybeSentinel.DEFAULT)


def _in_order(call: ast.Call) -> list[ast.expr | ast.keyword]:
    arguments: list[ast.expr | ast.keyword] = [*call.args, *call.keywords]
    return sorted(arguments, key=lambda argument: (argument.lineno, argument.col_offset))


def _index(call: ast.Call, argument: ast.expr | ast.keyword) -> int:
    return next(index for index, other in enumerate(_in_order(call)) if other is argument)


def _is_bare_generator(argument: cst.Arg) -> bool:
    return isinstance(argument.value, cst.GeneratorExp) and not argument.value.lpar


def _in_parentheses(argument: cst.Arg) -> cst.Arg:
    generator = argument.value.with_changes(lpar=(cst.LeftParen(),), rpar=(cst.RightParen(),))
    return argument.with_changes(value=generator)


def _space_after(argument: cst.Arg) -> cst.BaseParenthesizableWhitespace:
    if isinstance(argument.comma, cst.Comma):
        return argument.comma.whitespace_after
    return argument.whitespace_after_arg


def _separator_after_first(arguments: Sequence[cst.Arg]) -> cst.BaseParenthesizableWhitespace:
    return _bare(_space_after(arguments[0])) if len(arguments) > 1 else _ONE_SPACE


def _split(
    space: cst.BaseParenthesizableWhitespace,
) -> tuple[cst.BaseParenthesizableWhitespace, cst.BaseParenthesizableWhitespace]:
    """Split the space: a comment at a line's end stays before, comments on lines of their own come after."""
    if not isinstance(space, cst.ParenthesizedWhitespace):
        return space, _bare(space)
    return space.with_changes(empty_lines=()), space.with_changes(first_line=_line_end(space))


def _bare(space: cst.BaseParenthesizableWhitespace) -> cst.BaseParenthesizableWhitespace:
    """Return the space without comments, blank lines and backslashes."""
    if isinstance(space, cst.ParenthesizedWhitespace):
        return space.with_changes(first_line=_line_end(space), empty_lines=())
    return space if "\\" not in cst.ensure_type(space, cst.SimpleWhitespace).value else _ONE_SPACE


def _line_end(space: cst.ParenthesizedWhitespace) -> cst.TrailingWhitespace:
    return cst.TrailingWhitespace(newline=space.first_line.newline)


def _is_vertical(space: cst.BaseParenthesizableWhitespace) -> bool:
    return isinstance(space, cst.ParenthesizedWhitespace)


def _has_comment(node: cst.Arg | cst.Comma | cst.MaybeSentinel) -> bool:
    return isinstance(node, cst.CSTNode) and bool(m.findall(node, m.Comment()))
