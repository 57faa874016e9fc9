"""Spans of nodes, and LibCST on demand."""

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import libcst as cst
import pytest

from nnxlint.source import Source, make_source
from nnxlint.syntax import concrete
from nnxlint.syntax.tree import FSTRINGS_PLACED, Tree, parse_tree


def make_tree(text: str) -> Tree:
    """Parse the text as a file of that name would be."""
    return parse_tree(make_source("/project/a.py", text.encode()))


def first(tree: Tree, kind: type[ast.AST]) -> ast.AST:
    """Find the first node of the kind, outermost first."""
    return next(node for node in ast.walk(tree.module) if isinstance(node, kind))


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("x = f(1)\n", ast.Call, "f(1)"),
        ("x = ((f(1)))\n", ast.Call, "f(1)"),
        ("é = 'ñ', f(ü)\r\n", ast.Call, "f(ü)"),
        ("a = '😀'; b = f('😀')\n", ast.Call, "f('😀')"),
        ("if x:\n\ty = f(\n\t\t1,\n\t)\n", ast.Call, "f(\n\t\t1,\n\t)"),
        ("if x:\r\n  y = f(\r\n\r\n1)\r\n", ast.Call, "f(\r\n\r\n1)"),
        ("x = f(a for a in b)\n", ast.GeneratorExp, "(a for a in b)"),
        ("@d\nclass A:\n  x = 1\n", ast.ClassDef, "class A:\n  x = 1"),
        ("x = [a for b in c if d]\n", ast.comprehension, "b in c if d"),
        ("x = 1\fy\n".replace("\f", " + "), ast.BinOp, "1 + y"),
        ("s = '\u2028'; f(1)\n", ast.Call, "f(1)"),
    ],
)
def test_span(text: str, kind: type[ast.AST], expected: str) -> None:
    tree = make_tree(text)
    assert tree.text(first(tree, kind)) == expected


def test_syntax_error_goes_through() -> None:
    with pytest.raises(SyntaxError):
        make_tree("x = (\n")


def test_no_place() -> None:
    tree = make_tree("def f(): pass\n")
    with pytest.raises(ValueError, match="no place"):
        tree.span(first(tree, ast.arguments))


def test_foreign_node_has_no_ancestors() -> None:
    with pytest.raises(LookupError):
        make_tree("x = 1\n").ancestors(ast.parse("x = 1").body[0])


def test_nodes_in_fstrings() -> None:
    tree = make_tree("x = f'''a\n{f(1)}'''\n")
    call = first(tree, ast.Call)
    assert tree.is_placed(call) == FSTRINGS_PLACED
    assert tree.text(call) == ("f(1)" if FSTRINGS_PLACED else "f'''a\n{f(1)}'''")
    assert isinstance(call, ast.Call)
    assert concrete.code(concrete.expression(tree, call), "\n") == "f(1)"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("if a(b):\n  pass\n", "if a(b):"),
        ("if a:\n  pass\nelif (b):  # c: d\n  pass\n", "if a:"),
        ("for a in (b):  x = {1: 2}\n", "for a in (b):"),
        ("while (a := b):\n pass\n", "while (a := b):"),
        ("with (a as b,\r\n  c  # d: e\r\n ) :\r\n  pass\r\n", "with (a as b,\r\n  c  # d: e\r\n ) :"),
        ("try:\n  pass\nfinally:\n  pass\n", "try:"),
        ("match a, b:\n  case _: pass\n", "match a, b:"),
        ("@d(x)\ndef f(a, /, b: int = {1: 2}, *c, **d) -> x[1:2]:\n  '''doc'''\n", None),
        ("def f(  # a: b\n):\n  pass\n", "def f(  # a: b\n):"),
        ("async def f(x=lambda: 0): pass\n", "async def f(x=lambda: 0):"),
        ("class A: pass\n", "class A:"),
        ("class A(B, metaclass=C): pass\n", "class A(B, metaclass=C):"),
    ],
)
def test_head(text: str, expected: str | None) -> None:
    tree = make_tree(text)
    node = tree.module.body[0]
    expected = expected or "def f(a, /, b: int = {1: 2}, *c, **d) -> x[1:2]:"
    newline = concrete.newline_of(expected)
    assert concrete.code(concrete.head(tree, node), newline).startswith(expected)


def test_head_of_elif_is_an_if() -> None:
    tree = make_tree("if a:\n  pass\nelif (b):  # c: d\n  pass\n")
    outer = tree.module.body[0]
    assert isinstance(outer, ast.If)
    assert isinstance(concrete.head(tree, outer.orelse[0]), cst.If)


def test_simple_statement_has_no_head() -> None:
    tree = make_tree("x = 1\ny: int = 2\n")
    for node in tree.module.body:
        with pytest.raises(ValueError, match="not a compound statement"):
            concrete.head(tree, node)


def test_not_an_expression_of_its_own() -> None:
    tree = make_tree("f(*a)\n")
    starred = first(tree, ast.Starred)
    assert isinstance(starred, ast.Starred)
    with pytest.raises(ValueError, match="no expression of its own"):
        concrete.expression(tree, starred)


def real_sources() -> Iterator[Source]:
    """Yield files of packages that people installed, LF and CRLF."""
    for name in ("rich", "click", "libcst", "flax"):
        try:
            package = importlib.import_module(name).__file__
        except ImportError:
            continue
        for path in sorted(Path(package or "").parent.glob("*.py"))[:12]:
            data = path.read_bytes()
            yield make_source(path.as_posix(), data)
            yield make_source(path.as_posix(), data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))


def test_real_code_comes_back_byte_by_byte() -> None:
    seen, enough = 0, 1000
    for source in real_sources():
        tree = parse_tree(source)
        for node in ast.walk(tree.module):
            if isinstance(node, ast.Call) and tree.is_placed(node):
                text = tree.text(node)
                assert concrete.code(concrete.expression(tree, node), concrete.newline_of(text)) == text
            elif isinstance(node, ast.stmt) and not hasattr(node, "body") and not isinstance(node, ast.Match):
                text = tree.text(node)
                assert concrete.code(concrete.statement(tree, node), concrete.newline_of(text)) == text
            elif isinstance(node, ast.stmt):
                span = concrete.head_span(tree, node)
                text = source.text[span.start : span.end]
                newline = concrete.newline_of(text)
                assert concrete.code(concrete.head(tree, node), newline).startswith(text)
            seen += 1
    assert seen > enough
