"""Edits, byte by byte."""

import ast
from collections.abc import Iterator
from pathlib import Path

import click
import libcst as cst
import pytest
import rich

from nnxlint.edits import apply_edits
from nnxlint.source import make_source
from nnxlint.syntax import rewrite
from nnxlint.syntax.concrete import expression, head, statement
from nnxlint.syntax.rewrite.difference import Edits, difference
from nnxlint.syntax.tree import FSTRINGS_PLACED, Tree, parse_tree


def make_tree(text: str) -> Tree:
    """Parse the text."""
    return parse_tree(make_source("/project/a.py", text.encode()))


def call_of(tree: Tree, callee: str = "f") -> ast.Call:
    """Find the call of the name."""
    calls = (node for node in ast.walk(tree.module) if isinstance(node, ast.Call))
    return next(call for call in calls if ast.unparse(call.func) == callee)


def named(tree: Tree, name: str = "old") -> ast.Name:
    """Find the name."""
    return next(node for node in ast.walk(tree.module) if isinstance(node, ast.Name) and node.id == name)


def statement_of(tree: Tree, text: str) -> ast.stmt:
    """Find the statement that begins with the text."""
    nodes = (node for node in ast.walk(tree.module) if isinstance(node, ast.stmt))
    return next(node for node in nodes if tree.text(node).startswith(text))


def applied(tree: Tree, edits: Edits | None) -> str | None:
    """Apply the edits; the result must be Python."""
    if edits is None:
        return None
    text = apply_edits(tree.source.text, edits)
    ast.parse(text)
    return text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("f()", "f(t=1)"),
        ("f( )", "f(t=1 )"),
        ("f(  # none\n)", "f(t=1  # none\n)"),
        ("f(a)", "f(a, t=1)"),
        ("f(a,)", "f(a, t=1,)"),
        ("f(a,b)", "f(a,b,t=1)"),
        ("f( a )", "f( a, t=1 )"),
        ("f((a))", "f((a), t=1)"),
        ("((f)((a)))", "((f)((a), t=1))"),
        ("f(a for a in b)", "f((a for a in b), t=1)"),
        ("f(\n  a for a in b\n)", "f(\n  (a for a in b),\n  t=1\n)"),
        ("f((a for a in b))", "f((a for a in b), t=1)"),
        ("f(*a)", "f(*a, t=1)"),
        ("f(**k)", "f(t=1, **k)"),
        ("f(a, **k)", "f(a, t=1, **k)"),
        ("f(\n    a,\n    **k,\n)", "f(\n    a,\n    t=1,\n    **k,\n)"),
        ("f(\n    a,  # a\n    # k\n    **k,\n)", "f(\n    a,  # a\n    t=1,\n    # k\n    **k,\n)"),
        ("f(\n    # k\n    **k,\n)", "f(\n    t=1,\n    # k\n    **k,\n)"),
        ("f(a := 1)", "f(a := 1, t=1)"),
        ("f(lambda x: x)", "f(lambda x: x, t=1)"),
        ("f(a if b else c)", "f(a if b else c, t=1)"),
        ("f(\n    a\n)", "f(\n    a,\n    t=1\n)"),
        ("f(\n    a,\n    b,\n)", "f(\n    a,\n    b,\n    t=1,\n)"),
        ("f(\r\n\ta,\r\n\tb,\r\n)", "f(\r\n\ta,\r\n\tb,\r\n\tt=1,\r\n)"),
        ("f(\r\n\ta\r\n)", "f(\r\n\ta,\r\n\tt=1\r\n)"),
        ("f(\n    a,\n    b,  # b\n)", "f(\n    a,\n    b,  # b\n    t=1,\n)"),
        ("f(\n    a,\n    b  # b\n)", "f(\n    a,\n    b,  # b\n    t=1\n)"),
        ("f(\n    a,\n    b,\n    # end\n)", "f(\n    a,\n    b,\n    t=1,\n    # end\n)"),
        ("f(\n    a,  # a\n\n    b,\n)", "f(\n    a,  # a\n\n    b,\n    t=1,\n)"),
        ("f(a,\n  b)", "f(a,\n  b,\n  t=1)"),
        ("f(\n    a, b  # ab\n)", "f(\n    a, b, t=1  # ab\n)"),
        ("f(\n    a, b\n)", "f(\n    a, b, t=1\n)"),
        ("f(a, \\\n  b)", "f(a, \\\n  b, t=1)"),
        ("x = \\\n  f(a)", "x = \\\n  f(a, t=1)"),
        ("é = 'ñ😀'; f('ü')  # ö", "é = 'ñ😀'; f('ü', t=1)  # ö"),
        ("f('''a\n  b''')", "f('''a\n  b''', t=1)"),
        ("f(g(h(a)), k=g())", "f(g(h(a)), k=g(), t=1)"),
        ("f(a)(b)", "f(a, t=1)(b)"),
        ("@f(a)\ndef g(): pass", "@f(a, t=1)\ndef g(): pass"),
        ("class A:\n\t@f()\n\tdef g(): pass", "class A:\n\t@f(t=1)\n\tdef g(): pass"),
        ("f(a, t=2)", None),
        ("f(\n  g(\n    a,\n  )\n)", "f(\n  g(\n    a,\n  ),\n  t=1\n)"),
    ],
)
def test_add_keyword(before: str, after: str | None) -> None:
    tree = make_tree(before + "\n")
    edits = rewrite.add_keyword(tree, call_of(tree), "t", "1")
    assert applied(tree, edits) == (after if after is None else after + "\n")


@pytest.mark.parametrize(
    "value", ["a, b", "", "x for x in y", "a # c", "a)(b", "a)(b, c", "a := 1", "(", "a\nb", "yield"]
)
def test_add_keyword_refuses_what_is_no_value(value: str) -> None:
    tree = make_tree("f(a)\n")
    assert rewrite.add_keyword(tree, call_of(tree), "t", value) is None


def test_add_keyword_takes_the_newline_of_the_file() -> None:
    tree = make_tree("f(a)\r\ny = 1\r\n")
    edits = rewrite.add_keyword(tree, call_of(tree), "t", "g(\n    1,\n)")
    assert applied(tree, edits) == "f(a, t=g(\r\n    1,\r\n))\r\ny = 1\r\n"


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        ("x = f'{f(a)}'", "1", "x = f'{f(a, t=1)}'"),
        ("x = f'é{a}{f(a)!r:>{f}}'", "1", "x = f'é{a}{f(a, t=1)!r:>{f}}'"),
        ("x = f'''\n{f(a)}'''", "1", "x = f'''\n{f(a, t=1)}'''"),
        ("x = f'{f(a)}'", "'b'", None),
        ("x = f'{f(a)}'", '"b"', None),
        ("x = f'{f(a)}'", "g(\n1)", None),
        ("x = f'{f(a)=}'", "1", None),
        ("x = f'{[f(a)] = }'", "1", None),
        ("x = f'{b:{f(a)}}'", "1", "x = f'{b:{f(a, t=1)}}'"),
    ],
)
def test_inside_fstrings(before: str, value: str, after: str | None) -> None:
    tree = make_tree(before + "\n")
    edits = rewrite.add_keyword(tree, call_of(tree), "t", value)
    assert applied(tree, edits) == (None if after is None or not FSTRINGS_PLACED else after + "\n")


@pytest.mark.parametrize("new", ["lambda: 0", "a if b else c", "{1: 2}", "a != b"])
def test_field_of_fstring_stays_a_field(new: str) -> None:
    for suffix in ("", ".b", " + 1"):
        tree = make_tree(f"x = f'{{old{suffix}}}'\n")
        edits = rewrite.replace_expression(tree, named(tree), new)
        if edits is not None:
            fstring = ast.parse(apply_edits(tree.source.text, edits)).body[0]
            expected = ast.parse(f"x = f'{{({new}){suffix}}}'").body[0]
            assert ast.dump(fstring) == ast.dump(expected)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("f()", "f(m)"),
        ("f(a)", "f(m, a)"),
        ("f(a,b)", "f(m,a,b)"),
        ("f(**k)", "f(m, **k)"),
        ("f(a for a in b)", "f(m, (a for a in b))"),
        ("f(\n    a,\n    b,\n)", "f(\n    m,\n    a,\n    b,\n)"),
        ("f(\r\n    # a\r\n    a\r\n)", "f(\r\n    m,\r\n    # a\r\n    a\r\n)"),
        ("f(  # f\n    a\n)", "f(  # f\n    m,\n    a\n)"),
        ("f(a,\n  b)", "f(m,\n  a,\n  b)"),
    ],
)
def test_insert_first_argument(before: str, after: str) -> None:
    tree = make_tree(before + "\n")
    assert applied(tree, rewrite.insert_first_argument(tree, call_of(tree), "m")) == after + "\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("f()", "f(m)"),
        ("f(a, k=1)", "f(a, m, k=1)"),
        ("f(k=1)", "f(m, k=1)"),
        ("f(*a)", "f(*a, m)"),
        ("f(\n    a,  # a\n    k=1,\n)", "f(\n    a,  # a\n    m,\n    k=1,\n)"),
        ("f(k=1, *a)", None),
    ],
)
def test_add_argument_to_call(before: str, after: str | None) -> None:
    tree = make_tree(before + "\n")
    edits = rewrite.add_argument_to_call(tree, call_of(tree), "m")
    assert applied(tree, edits) == (after if after is None else after + "\n")


@pytest.mark.parametrize(
    ("before", "new", "after"),
    [
        ("f(old)", "a", "f(a)"),
        ("f((old), b)", "k=a", None),
        ("f(b, (old))", "k=a", "f(b, k=a)"),
        ("f(\n    old,  # old\n)", "*a", "f(\n    *a,  # old\n)"),
        ("f(old)", "a, b", None),
    ],
)
def test_replace_argument(before: str, new: str, after: str | None) -> None:
    tree = make_tree(before + "\n")
    edits = rewrite.replace_argument(tree, call_of(tree), named(tree), new)
    assert edits is None if after is None else applied(tree, edits) == after + "\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("f(old)", "f()"),
        ("f(old,)", "f()"),
        ("f(old, b)", "f(b)"),
        ("f(a, old)", "f(a)"),
        ("f(a, old,)", "f(a,)"),
        ("f(a, old, b)", "f(a, b)"),
        ("f(\n    a,\n    old,\n)", "f(\n    a,\n)"),
        ("f(\n    a,\n    old\n)", "f(\n    a\n)"),
        ("f(\n    a,  # a\n    old,\n)", None),
        ("f(\n    old,  # old\n    a,\n)", None),
    ],
)
def test_remove_argument(before: str, after: str | None) -> None:
    tree = make_tree(before + "\n")
    edits = rewrite.remove_argument(tree, call_of(tree), named(tree))
    assert applied(tree, edits) == (after if after is None else after + "\n")


@pytest.mark.parametrize(
    ("before", "new", "after"),
    [
        ("x = old", "a + b", "x = a + b"),
        ("x = old * 2", "a + b", "x = (a + b) * 2"),
        ("x = old.c", "a + b", "x = (a + b).c"),
        ("x = old.c", "1", "x = (1).c"),
        ("x = -old", "a ** b", "x = -(a ** b)"),
        ("f(old)", "a if b else c", "f(a if b else c)"),
        ("f(old)", "x for x in y", "f((x for x in y))"),
        ("f(b, old)", "x for x in y", "f(b, (x for x in y))"),
        ("f(old)", "a, b", "f((a, b))"),
        ("f(old)", "(a, b)", "f((a, b))"),
        ("x = old", "a\n+ b", "x = (a\n+ b)"),
        ("x = old", "a # c", None),
        ("x = old", "a)(b", None),
        ("x = old", "a), (b", None),
        ("x = old", "a, b", "x = (a, b)"),
        ("x = old", "(a), (b)", "x = ((a), (b))"),
        ("old = 1", "a + b", None),
        ("old = 1", "a.b", "a.b = 1"),
        ("x = (old)(c)", "a.b", "x = (a.b)(c)"),
        ("x = (old)", "a := 1", "x = ((a := 1))"),
        ("x = old", "old", "x = old"),
        ("x = [i for i in old]", "lambda: 0", "x = [i for i in (lambda: 0)]"),
        ("@old\ndef g(): pass", "a.b(c)", "@a.b(c)\ndef g(): pass"),
        ("x = old[0]", "yield a", "x = (yield a)[0]"),
        ("x = a if old else b", "not c", "x = a if (not c) else b"),
        ("x = 'ñ' + old  # ö", "ü", "x = 'ñ' + ü  # ö"),
    ],
)
def test_replace_expression(before: str, new: str, after: str | None) -> None:
    tree = make_tree(before + "\n")
    edits = rewrite.replace_expression(tree, named(tree), new)
    assert applied(tree, edits) == (after if after is None else after + "\n")


def test_replaced_tuple_does_not_run_into_a_keyword() -> None:
    tree = make_tree("def g():\n    return(1, 2)\n")
    node = next(node for node in ast.walk(tree.module) if isinstance(node, ast.Tuple))
    edits = rewrite.replace_expression(tree, node, "a")
    assert applied(tree, edits) == "def g():\n    return(a)\n"


@pytest.mark.parametrize(
    ("new", "after"),
    [
        ("[1]", "f([1])"),
        ("a + b", "f((a + b))"),
        ("a, b", "f((a, b))"),
        ("(a, b)", "f(((a, b)))"),
        ("x for x in z", "f(x for x in z)"),
        ("(x for x in z)", "f(x for x in z)"),
    ],
)
def test_replaced_sole_generator_leaves_a_call(new: str, after: str) -> None:
    tree = make_tree("f(x for x in y)\n")
    node = next(node for node in ast.walk(tree.module) if isinstance(node, ast.GeneratorExp))
    assert applied(tree, rewrite.replace_expression(tree, node, new)) == after + "\n"


def test_replace_by_concrete_node_keeps_comments() -> None:
    tree = make_tree("x = f(\r\n    a,  # a\r\n    b,\r\n)\r\n")
    call = call_of(tree)
    new = expression(tree, call).with_changes(func=cst.Name("g"))
    edits = rewrite.replace_expression(tree, call, new)
    assert applied(tree, edits) == "x = g(\r\n    a,  # a\r\n    b,\r\n)\r\n"
    assert edits is not None
    assert [edit.content for edit in edits] == ["g"]


def test_replace_callee_and_names() -> None:
    tree = make_tree("def g(a, *, b=f.h(c=1)):\n    pass\n")
    call = call_of(tree, "f.h")
    function = tree.module.body[0]
    assert isinstance(function, ast.FunctionDef)
    assert isinstance(call.func, ast.Attribute)
    parameter = function.args.kwonlyargs[0]
    edits = (
        rewrite.replace_name(tree, function, "g2"),
        rewrite.replace_name(tree, parameter, "b2"),
        rewrite.replace_name(tree, call.func, "h2"),
        rewrite.replace_name(tree, call.keywords[0], "c2"),
    )
    merged = tuple(edit for each in edits for edit in each or ())
    assert apply_edits(tree.source.text, merged) == "def g2(a, *, b2=f.h2(c2=1)):\n    pass\n"
    assert applied(tree, rewrite.replace_callee(tree, call, "k")) == "def g(a, *, b=k(c=1)):\n    pass\n"
    assert rewrite.replace_name(tree, parameter, "no name") is None


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("f(a)", "f(a, t=1)", ", t=1"),
        ("f(a, ab)", "f(ab)", ""),
        ("train=True", "train=False", "False"),
        ("a.b", "a.c", "c"),
        ("a\r\nb", "a\nb", "\n"),
        ("a", "a\r\n", "\r\n"),
    ],
)
def test_difference_cuts_no_word(old: str, new: str, expected: str) -> None:
    edits = difference(0, old, new)
    assert [edit.content for edit in edits] == [expected]
    assert apply_edits(old, edits) == new


@pytest.mark.parametrize(
    ("text", "anchor", "new", "before", "after"),
    [
        ("x = 1\n", "x", "y = 2", "y = 2\nx = 1\n", "x = 1\ny = 2\n"),
        ("x = 1", "x", "y = 2", "y = 2\nx = 1", "x = 1\ny = 2"),
        (
            "if a:\r\n\tx = 1  # x\r\n",
            "x",
            "y",
            "if a:\r\n\ty\r\n\tx = 1  # x\r\n",
            "if a:\r\n\tx = 1  # x\r\n\ty\r\n",
        ),
        ("if a: x = 1\n", "x", "y", "if a: y; x = 1\n", "if a: x = 1; y\n"),
        ("if a: x = 1\n", "x", "if b: y", None, None),
        ("a; x = 1; b\n", "x", "y", "a; y; x = 1; b\n", "a; x = 1; y; b\n"),
        ("x = 1;  # x\n", "x", "y", "y\nx = 1;  # x\n", "x = 1;  # x\ny\n"),
        ("x = 1; \\\n  b\n", "x", "y", "y\nx = 1; \\\n  b\n", "x = 1; y; \\\n  b\n"),
        ("a; \\\n  x = 1\n", "x", "y", "a; \\\n  y; x = 1\n", "a; \\\n  x = 1; y\n"),
        (
            "if a:\n  @d\n  # c\n  def x(): pass\n",
            "def x",
            "if y:\n    z",
            "if a:\n  if y:\n      z\n  @d\n  # c\n  def x(): pass\n",
            "if a:\n  @d\n  # c\n  def x(): pass\n  if y:\n      z\n",
        ),
        (
            "if x:\n  a\n\n  # in\n# out\nb\n",
            "if x",
            "y",
            "y\nif x:\n  a\n\n  # in\n# out\nb\n",
            "if x:\n  a\n\n  # in\ny\n# out\nb\n",
        ),
        ("if a:\n  b\nelif x:\n  c\n", "elif", "y", None, None),
        ("x = '''a\n b'''\n", "x", "y", "y\nx = '''a\n b'''\n", "x = '''a\n b'''\ny\n"),
        ("x = 1\n", "x", "y = '''\n'''", None, None),
        ("x = 1\n", "x", "y = (", None, None),
    ],
)
def test_insert_statement(text: str, anchor: str, new: str, before: str | None, after: str | None) -> None:
    tree = make_tree(text)
    node = statement_of(tree, anchor)
    assert applied(tree, rewrite.insert_statement_before(tree, node, new)) == before
    assert applied(tree, rewrite.insert_statement_after(tree, node, new)) == after


@pytest.mark.parametrize(
    ("text", "anchor", "expected"),
    [
        ("x = 1\n", "x", ""),
        ("a\nx = 1  # x\nb\n", "x", "a\nb\n"),
        ("a\r\nx = 1", "x", "a\r\n"),
        ("if a:\n    x = 1  # x\n", "x", "if a:\n    pass  # x\n"),
        ("if a: x = 1\n", "x", "if a: pass\n"),
        ("if a:\n\tx = f(\n1)\n\tb\n", "x", "if a:\n\tb\n"),
        ("x; b\n", "x", "b\n"),
        ("a; x; b\n", "x", "a; b\n"),
        ("a; x  # c\n", "x", "a  # c\n"),
        ("a; x;\n", "x", "a;\n"),
        ("class A:\n  @d\n  def x(): pass\n  y = 1\n", "def x", "class A:\n  y = 1\n"),
        ("class A:\n  @d\n  def x(): pass\n", "def x", "class A:\n  pass\n"),
        ("try:\n  a\nfinally:\n  x\n", "x", "try:\n  a\nfinally:\n  pass\n"),
        ("try:\n  a\nexcept E:\n  x\n", "x", "try:\n  a\nexcept E:\n  pass\n"),
        ("match a:\n  case 1:\n    x\n", "x", "match a:\n  case 1:\n    pass\n"),
        ("if a:\n  b\nelif x:\n  c\n", "elif", None),
        ("a; \\\n  x\n", "x", None),
    ],
)
def test_delete_statement(text: str, anchor: str, expected: str | None) -> None:
    tree = make_tree(text)
    assert applied(tree, rewrite.delete_statement(tree, statement_of(tree, anchor))) == expected


def test_replace_statement() -> None:
    tree = make_tree("if a:\r\n\tx = f(\r\n  1)  # x\r\n")
    node = statement_of(tree, "x")
    concrete = statement(tree, node)
    assert rewrite.replace_statement(tree, node, concrete) == ()
    text = applied(tree, rewrite.replace_statement(tree, node, "y\nz"))
    assert text == "if a:\r\n\ty\r\n\tz  # x\r\n"
    changed = cst.ensure_type(concrete, cst.Assign).with_deep_changes(
        cst.ensure_type(cst.ensure_type(concrete, cst.Assign).value, cst.Call), func=cst.Name("g")
    )
    text = applied(tree, rewrite.replace_statement(tree, node, changed))
    assert text == "if a:\r\n\tx = g(\r\n  1)  # x\r\n"


def test_replace_head() -> None:
    tree = make_tree("class A(\n    B,  # b\n):\n    x = 1\n")
    node = tree.module.body[0]
    concrete = cst.ensure_type(head(tree, node), cst.ClassDef)
    assert rewrite.replace_head(tree, node, concrete) == ()
    text = applied(tree, rewrite.replace_head(tree, node, concrete.with_changes(name=cst.Name("C"))))
    assert text == "class C(\n    B,  # b\n):\n    x = 1\n"


NNX = ("flax.nnx", None)
PARAM = ("flax.nnx", "Param")
LINE = "from flax import nnx\n"


@pytest.mark.parametrize(
    ("text", "wanted", "spelling", "expected"),
    [
        ("from flax import nnx\n", NNX, "nnx", None),
        ("from flax import nnx as nn\n", NNX, "nn", None),
        ("import flax.nnx as n\n", NNX, "n", None),
        ("import flax.nnx\n", NNX, "flax.nnx", None),
        ("import flax.nnx.nn.linear\n", NNX, "flax.nnx", None),
        ("from flax import nnx\n", PARAM, "nnx.Param", None),
        ("from flax.nnx import Param as P\n", PARAM, "P", None),
        ("from flax import nnx\n", ("flax", "nnx"), "nnx", None),
        ("try:\n    from flax import nnx\nexcept ImportError:\n    nnx2 = None\n", NNX, "nnx", None),
        ("import flax\n", NNX, "nnx", "import flax\n" + LINE),
        ("", NNX, "nnx", LINE),
        ("# only\n", NNX, "nnx", "# only\n" + LINE),
        ("x = 1\n", NNX, "nnx", LINE + "\nx = 1\n"),
        ("#!/bin/sh\n# c\nx = 1\n", NNX, "nnx", "#!/bin/sh\n# c\n" + LINE + "\nx = 1\n"),
        ('"""doc"""\nx = 1\n', NNX, "nnx", '"""doc"""\n\n' + LINE + "x = 1\n"),
        (
            '"""doc"""\r\nfrom __future__ import annotations\r\n\r\nx = 1\r\n',
            NNX,
            "nnx",
            '"""doc"""\r\nfrom __future__ import annotations\r\nfrom flax import nnx\r\n\r\nx = 1\r\n',
        ),
        (
            "import a\nimport os\nos.x = 1\nimport jax  # j\n\ndef f():\n    import z\nimport late\n",
            NNX,
            "nnx",
            "import a\nimport os\nos.x = 1\nimport jax  # j\n" + LINE + "\ndef f():\n    import z\nimport late\n",
        ),
        (
            "from flax import (\n    linen,\n)\nimport z\n",
            NNX,
            "nnx",
            "from flax import (\n    linen,\n)\n" + LINE + "import z\n",
        ),
        ("import a; import b\n", NNX, "nnx", "import a; import b; from flax import nnx\n"),
        ("import jax\n", ("jax.numpy", None), "jnp", "import jax\nimport jax.numpy as jnp\n"),
        ("import os\n", ("jax", None), "jax", "import os\nimport jax\n"),
        ("import os\n", PARAM, "Param", "import os\nfrom flax.nnx import Param\n"),
        (
            "from flax import linen as nn\nfrom flax import nnx as nn\n",
            NNX,
            "nnx",
            "from flax import linen as nn\nfrom flax import nnx as nn\n" + LINE,
        ),
    ],
)
def test_ensure_import(text: str, wanted: tuple[str, str | None], spelling: str, expected: str | None) -> None:
    tree = make_tree(text)
    found = rewrite.ensure_import(tree, *wanted)
    assert found is not None
    assert found[0] == spelling
    assert applied(tree, found[1]) == (text if expected is None else expected)


@pytest.mark.parametrize(
    "text", ["nnx = 1\n", "def f(nnx): pass\n", "from other import nnx\n", "def f():\n  import nnx\n"]
)
def test_ensure_import_refuses_a_taken_name(text: str) -> None:
    assert rewrite.ensure_import(make_tree(text), "flax.nnx") is None


def trees() -> Iterator[Tree]:
    """Parse real files, LF and CRLF."""
    for package in (rich, click):
        for path in sorted(Path(package.__file__ or "").parent.glob("*.py"))[:6]:
            data = path.read_bytes()
            yield parse_tree(make_source(path.as_posix(), data))
            yield parse_tree(make_source(path.as_posix(), data.replace(b"\n", b"\r\n")))


def test_identity_makes_no_edit() -> None:
    for tree in trees():
        for node in ast.walk(tree.module):
            if isinstance(node, (ast.Call, ast.BinOp, ast.Attribute)) and tree.is_placed(node):
                assert rewrite.replace_expression(tree, node, expression(tree, node)) == ()
            elif isinstance(node, (ast.Assign, ast.Return, ast.Expr)):
                assert rewrite.replace_statement(tree, node, statement(tree, node)) == ()
            elif isinstance(node, (ast.FunctionDef, ast.With, ast.Try)):
                assert rewrite.replace_head(tree, node, head(tree, node)) == ()


def test_add_keyword_to_real_calls() -> None:
    made = refused = 0
    for tree in trees():
        for call in (node for node in ast.walk(tree.module) if isinstance(node, ast.Call)):
            edits = rewrite.add_keyword(tree, call, "added_", "None")
            if edits is None:
                refused += 1
                continue
            made += 1
            if made % 13 == 0:  # parsing whole files again takes its time
                assert_adds_keyword(tree, call, edits)
    assert made > 20 * refused


def assert_adds_keyword(tree: Tree, call: ast.Call, edits: Edits) -> None:
    """Compare the file's new `ast` with the old one to which the keyword was added."""
    after = ast.dump(ast.parse(apply_edits(tree.source.text, edits)))
    keyword = ast.keyword("added_", ast.Constant(None))
    place = next((index for index, other in enumerate(call.keywords) if other.arg is None), len(call.keywords))
    call.keywords.insert(place, keyword)
    expected = ast.dump(tree.module)
    del call.keywords[place]
    assert after == expected
