"""Small changes to what an edit changed: if none of them is noticed, nothing looks at the edit."""

import ast
import copy
import difflib
import io
import tokenize
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from nnxlint.verify.child.perturb import PERTURB

Place = tuple[int, int]

LAYOUT = {tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.COMMENT, tokenize.ENDMARKER}

# A dtype that was dropped may be the default, and go unnoticed.
OTHER_DTYPES = {
    "float64": "float32",
    "float32": "float16",
    "float16": "float32",
    "bfloat16": "float32",
    "int64": "int16",
    "int32": "int16",
    "uint8": "int16",
    "bool_": "int16",
}


@dataclass(frozen=True, slots=True)
class Point:
    """An expression that an edit changed: where it stands, and as what the tree finds it."""

    row: int
    text: str
    path: tuple[tuple[str, int | None], ...]


@dataclass(frozen=True, slots=True)
class Mutant:
    """A change of the tree at a point."""

    point: Point
    change: Callable[[ast.Module], ast.Module]


def changed_places(own: str, other: str) -> list[Place]:
    """Where the tokens (row from 1, column in code points) start that `own` has and `other` lacks."""
    mine, theirs = own.splitlines(), other.splitlines()
    places: list[Place] = []
    for tag, first, last, other_first, other_last in _opcodes(mine, theirs):
        if tag != "equal":
            tokens = list(_tokens(mine[first:last], first))
            others = [text for text, _ in _tokens(theirs[other_first:other_last], other_first)]
            for kind, start, end, _, _ in _opcodes([text for text, _ in tokens], others):
                places.extend(place for _, place in tokens[start:end] if kind in {"replace", "delete"})
    return places


def points(tree: ast.Module, places: Sequence[Place], text: str) -> list[Point]:
    """The smallest expressions around these places, each once, in the order of the text."""
    lines = text.splitlines()
    chars = [(row, len(lines[row - 1][:column].encode())) for row, column in places]
    found: dict[tuple[tuple[str, int | None], ...], Point] = {}
    for place in chars:
        path = _path_to(tree, place)
        node = None if path is None else _at(tree, path)
        if path is not None and isinstance(node, ast.expr | ast.keyword) and not _is_docstring(tree, path):
            found.setdefault(path, Point(place[0], ast.unparse(node), path))
    return list(found.values())


def mutants(tree: ast.Module, point: Point) -> list[Mutant]:
    """Changes at a point, the most telling first."""
    node = _at(tree, point.path)
    # Whose attribute is asked for matters by its kind, not by its numbers.
    perturbed = () if isinstance(_at(tree, point.path[:-1]), ast.Attribute) else _perturbed(node)
    variants = [*perturbed, *_variants(node)]
    return [Mutant(point, _replacing(point.path, each)) for each in variants]


def _perturbed(node: ast.AST) -> Iterator[ast.expr]:
    """The expression with other numbers in the arrays that it gives."""
    evaluated = ast.Name | ast.Attribute | ast.Subscript | ast.Call | ast.BinOp | ast.UnaryOp | ast.IfExp | ast.Compare
    if isinstance(node, evaluated) and not isinstance(getattr(node, "ctx", None), ast.Store | ast.Del):
        yield ast.Call(ast.Name(PERTURB, ast.Load()), [node], [])


def _opcodes(mine: Sequence[str], theirs: Sequence[str]) -> Sequence[tuple[str, int, int, int, int]]:
    return difflib.SequenceMatcher(None, mine, theirs, autojunk=False).get_opcodes()


def _tokens(lines: Sequence[str], offset: int) -> Iterator[tuple[str, Place]]:
    """The tokens of some lines, however they begin and end; what cannot be read ends the tokens."""
    source = io.StringIO("\n".join(lines) + "\n")
    try:
        for token in tokenize.generate_tokens(source.readline):
            if token.type not in LAYOUT:
                yield token.string, (token.start[0] + offset, token.start[1])
    except (tokenize.TokenError, IndentationError):
        return


def _path_to(tree: ast.AST, place: Place) -> tuple[tuple[str, int | None], ...] | None:
    """The way down to the smallest expression (or named argument) around a place, outside annotations."""
    best: tuple[tuple[str, int | None], ...] | None = None
    node, path = tree, tuple[tuple[str, int | None], ...]()
    while True:
        if isinstance(node, ast.expr | ast.keyword):
            best = path
        step = next(((name, at, child) for name, at, child in _children(node) if _holds(child, place)), None)
        if step is None:
            return best
        path, node = (*path, (step[0], step[1])), step[2]


def _children(node: ast.AST) -> Iterator[tuple[str, int | None, ast.AST]]:
    for name, value in ast.iter_fields(node):
        if name in {"annotation", "returns"}:
            continue
        if isinstance(value, ast.AST):
            yield name, None, value
        elif isinstance(value, list):
            yield from ((name, at, child) for at, child in enumerate(value) if isinstance(child, ast.AST))


def _holds(node: ast.AST, place: Place) -> bool:
    if isinstance(node, ast.arguments):
        return any(_holds(child, place) for _, _, child in _children(node))
    if isinstance(node, ast.comprehension | ast.withitem | ast.match_case):
        return any(_holds(child, place) for _, _, child in _children(node))
    if not isinstance(node, ast.expr | ast.stmt | ast.keyword | ast.arg | ast.excepthandler | ast.pattern):
        return False
    if any(_holds(each, place) for each in getattr(node, "decorator_list", ())):
        return True
    end = node.end_lineno or node.lineno, node.end_col_offset or 0
    return (node.lineno, node.col_offset) <= place < end


def _is_docstring(tree: ast.AST, path: Sequence[tuple[str, int | None]]) -> bool:
    return isinstance(_at(tree, path), ast.Constant) and isinstance(_at(tree, path[:-1]), ast.Expr)


def _at(tree: ast.AST, path: Sequence[tuple[str, int | None]]) -> ast.AST:
    node = tree
    for name, at in path:
        value = getattr(node, name)
        node = value if at is None else value[at]
    return node


def _replacing(path: tuple[tuple[str, int | None], ...], new: ast.AST | None) -> Callable[[ast.Module], ast.Module]:
    def change(tree: ast.Module) -> ast.Module:
        """Put the new node at the path, or drop what stands there."""
        tree = copy.deepcopy(tree)
        parent = _at(tree, path[:-1])
        name, at = path[-1]
        if at is None:
            setattr(parent, name, new)
        elif new is None:
            del getattr(parent, name)[at]
        else:
            getattr(parent, name)[at] = copy.deepcopy(new)
        return ast.fix_missing_locations(tree)

    return change


def _variants(node: ast.AST) -> list[ast.AST | None]:
    """What may stand instead of a node; None stands for nothing."""
    nothing: list[ast.AST | None] = [ast.Constant(None), ast.Constant(17)]
    match node:
        case ast.keyword(name, value):
            return [*(ast.keyword(name, each) for each in _variants(value) if isinstance(each, ast.expr)), None]
        case ast.Constant(value):
            return [*map(ast.Constant, _other_constants(value)), *nothing]
        case ast.BinOp(left, operator, right):
            other = ast.Add() if isinstance(operator, ast.Sub) else ast.Sub()
            return [ast.BinOp(left, other, right), ast.BinOp(right, operator, left), left, *nothing]
        case ast.Name(name) | ast.Attribute(_, name) if name in OTHER_DTYPES:
            return [_renamed(node, OTHER_DTYPES[name]), *nothing]
        case ast.UnaryOp(_, operand):
            return [operand, *nothing]
        case ast.Call(function, [*arguments, _], keywords):
            return [ast.Call(function, arguments, keywords), *nothing]
        case _ if isinstance(getattr(node, "ctx", None), ast.Store | ast.Del):
            return _other_targets(node)
        case _:
            return [] if isinstance(node, ast.Starred) else nothing


def _renamed(node: ast.Name | ast.Attribute, name: str) -> ast.expr:
    if isinstance(node, ast.Name):
        return ast.Name(name, node.ctx)
    return ast.Attribute(node.value, name, node.ctx)


def _other_constants(value: object) -> list[bool | float | str]:
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int | float):
        return [value + 1, value * 2 + 3]
    return [f"{value}_mutant"] if isinstance(value, str) else []


def _other_targets(node: ast.AST) -> list[ast.AST | None]:
    """Something else that is assigned to, so that what was meant keeps its value."""
    match node:
        case ast.Name(name, context):
            return [ast.Name(f"{name}_mutant", context)]
        case ast.Attribute(value, name, context):
            return [ast.Attribute(value, f"{name}_mutant", context)]
        case _:
            return []
