"""Files that the running Python cannot parse."""

import ast
from pathlib import Path

import pytest

from nnxlint.newer_syntax import newer_python_needed, python_needed
from nnxlint.source import make_source
from nnxlint.syntax_errors import syntax_diagnostic


def _error_of(text: str) -> SyntaxError:
    with pytest.raises(SyntaxError) as caught:
        ast.parse(text)
    return caught.value


@pytest.mark.parametrize(
    ("text", "row", "marked"),
    [
        ("x = (1,\n", 1, "("),
        ("x = 1\ny = = 2\n", 2, "="),
        ("ßß = 'é'; y = = 2\n", 1, "="),
        ("x = 1\r\n\r\ny = = 2\r\n", 3, "="),
        ("def f(:\n    pass\n", 1, ":"),
        ("x = 'abc\n", 1, "'"),
        ("if x:\nprint()\n", 2, "print"),
        ("if x:\n", 1, ""),
    ],
)
def test_the_finding_stands_where_the_parser_stopped(text: str, row: int, marked: str) -> None:
    source = make_source("/a.py", text.encode())
    found = syntax_diagnostic(source, _error_of(text))
    assert (found.code, found.name) == ("NNX900", "syntax-error")
    assert source.lines.position(found.span.start).row == row
    assert source.text[found.span.start : found.span.end] == marked
    assert found.message.startswith("cannot be parsed: ")


@pytest.mark.parametrize(
    "details",
    [
        ("/a.py", None, None, None, None, None),
        ("/a.py", 0, 0, None, 0, 0),
        ("/a.py", 99, 99, None, 99, 99),
        ("/a.py", 1, -1, None, 1, -1),
        ("/a.py", 1, 99, None, 2, 3),
        ("/a.py", 2, 1, None, 2, 1),
    ],
)
def test_a_place_outside_the_text_does_not_matter(details: tuple[str, None, None, None, None, None]) -> None:
    source = make_source("/a.py", b"x = (\n")
    span = syntax_diagnostic(source, SyntaxError("bad", details)).span
    assert 0 <= span.start <= span.end <= len(source.text)


@pytest.mark.parametrize(
    ("text", "needed"),
    [
        ("type X = int\n", (3, 12)),
        ("def f[T](x): pass\n", (3, 12)),
        ("class A[T]: pass\n", (3, 12)),
        ("def f[T = int](x): pass\n", (3, 13)),
        ("type X = int\ndef f[T = int](x): pass\n", (3, 13)),
        ("x = f'{a['b']}'\n", (3, 12)),
        ("x = f'{a\n}'\n", (3, 12)),
        ("x = f'{a # c\n}'\n", (3, 12)),
        ("x = f\"{'\\n'.join(a)}\"\n", (3, 12)),
        ("x = t'{a}'\n", (3, 14)),
        ("try:\n    pass\nexcept A, B:\n    pass\n", (3, 14)),
        # Nothing new, or an error in every Python.
        ("x = f'{a}'\n", None),
        ("x = f'''{a\n}'''\n", None),
        ("try:\n    pass\nexcept (A, B):\n    pass\n", None),
        ("'\\N{no such name}'\n", None),
        ("x = (1,\n", None),
        ("print 'x'\n", None),
        ("type X = int\nx = (1,\n", None),
        ("", None),
    ],
)
def test_newer_syntax_is_no_error(text: str, needed: tuple[int, int] | None) -> None:
    assert python_needed(text) == needed


@pytest.mark.parametrize(
    ("text", "running", "needed"),
    [
        ("type X = int\n", (3, 11), (3, 12)),
        ("type X = int\n", (3, 12), None),
        ("def f[T = int](x): pass\n", (3, 12), (3, 13)),
        ("x = f'{a['b']}'\n", (3, 11), (3, 12)),
        ("x = t'{a}'\n", (3, 13), (3, 14)),
        ("try:\n    pass\nexcept A, B:\n    pass\n", (3, 13), (3, 14)),
        ("type X = int\nx = (1,\n", (3, 11), None),
        ("x = (1,\n", (3, 11), None),
    ],
)
def test_only_a_newer_python_is_asked_for(text: str, running: tuple[int, int], needed: tuple[int, int] | None) -> None:
    assert newer_python_needed(text, running) == needed


def test_the_child_imports_nothing_of_the_linted_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "libcst.py").write_text("open('executed', 'w').close()\n")
    monkeypatch.chdir(tmp_path)
    assert newer_python_needed("type X = int\n", (3, 11)) == (3, 12)
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize("brackets", [40, 20_000])
def test_a_parser_that_hangs_or_dies_is_given_up(monkeypatch: pytest.MonkeyPatch, brackets: int) -> None:
    monkeypatch.setattr("nnxlint.newer_syntax._PATIENCE", 2.0)
    assert newer_python_needed("type X = int\nx = " + "(" * brackets + "\n", (3, 11)) is None
