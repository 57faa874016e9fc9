"""Notebooks: their cells as one module, magics understood, and files that only change where a fix edits them."""

import ast
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from nnxlint.cli import main
from nnxlint.edits import Edit
from nnxlint.notebook.magics import mask_cell
from nnxlint.source import Source, SourceError, edit_source, encode_source, make_source
from nnxlint.spans import Position, Span
from nnxlint.syntax.tree import parse_tree
from nnxlint.testing.notebooks import PROSE, Document, code_cell, encoded, notebook
from tests.conftest import WordRule

PATH = "/project/a.ipynb"


def source_of(*cells: Document, **metadata: object) -> Source:
    """Read a notebook of the cells."""
    return make_source(PATH, encoded(notebook(*cells, **metadata)))


def written(source: Source) -> str:
    """Give what would be written to the file."""
    return encode_source(source, source.content).decode()


def replaced(source: Source, old: str, new: str) -> Source:
    """Replace the one occurrence of a text."""
    start = source.text.index(old)
    return edit_source(source, [Edit(Span(start, start + len(old)), new)])


@pytest.mark.parametrize(
    ("cell", "python"),
    [
        ("x = 1 % y\nz = (a\n % b)\ns = '''\n!ls\n'''", "x = 1 % y\nz = (a\n % b)\ns = '''\n!ls\n'''"),
        ("print(f'{x = !s}')\n%cd a", "print(f'{x = !s}')\npass"),
        ("!pip install flax", "pass"),
        ("!ls 'it\nx = 1", "pass\nx = 1"),
        ("!pip install \\\n  flax\nx = 1", "pass\n\nx = 1"),
        ("pip install -q flax\nx = 1", "pass\nx = 1"),
        ("if x:\n    !ls\nelse:\n    %matplotlib inline", "if x:\n    0\nelse:\n    pass"),
        ("files = !ls\nfiles", "files = __\nfiles"),
        ("x = !ls \\\n  -a\ny = 1", "x = __\n\ny = 1"),
        ("a, b = %env HOME", "a, b = __"),
        ("x = %time f(a,\n  b)", "x = f(a,\n  b)"),
        ("%time f()", "f()"),
        ("%timeit -n 10 -r3 for x in y: f(x)", "for x in y: f(x)"),
        ("%lprun -f Net.__call__ net(x)", "net(x)"),
        ("%time !ls", "0"),
        ("%time", "pass"),
        ("def f():\n\t%time y = g()\n\treturn y", "def f():\n\ty = g()\n\treturn y"),
        ("%%time\nx = 1", "x = 1"),
        ("\n%%capture out\n%%timeit -n 1\nx = 1", "x = 1"),
        ("%%bash\nls 'it", ""),
        ("%%html\n<b>", ""),
        ("%%writefile a.py\nx = 1", ""),
        ("model?\n?model\nmodel.__call__??  # how\nx = 1", "pass\npass\npass\nx = 1"),
        ("x?", "0"),
        ("    x = 1\n    if x:\n        y = 2", "x = 1\nif x:\n    y = 2"),
        ("await f()\nasync for x in y:\n    pass", "await f()\nasync for x in y:\n    pass"),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_magics_become_python_of_equal_length(cell: str, python: str, newline: str) -> None:
    cell = cell.replace("\n", newline)
    masked = mask_cell(cell).text

    assert len(masked) == len(cell)
    assert [at for at, one in enumerate(masked) if one in "\r\n"] == [
        at for at, one in enumerate(cell) if one in "\r\n"
    ]
    assert ast.dump(ast.parse(masked)) == ast.dump(ast.parse(python))


def test_cells_are_one_module_and_a_broken_one_is_left_out() -> None:
    source = source_of(PROSE, code_cell("x = 1"), code_cell("f(x,"), code_cell("async with x:", "    await x"))
    assert source.notebook is not None

    assert [type(node).__name__ for node in parse_tree(source).module.body] == ["Assign", "AsyncWith"]
    assert [(each.cell.number, each.message) for each in source.notebook.broken] == [(3, "'(' was never closed")]
    assert source.shown == "x = 1\nf(x,\nasync with x:\n    await x\n"
    assert source.text == "x = 1\n    \nasync with x:\n    await x\n"


def test_places_count_in_cells() -> None:
    source = source_of(code_cell("é = 1", ""), PROSE, code_cell("", "y = 2"))

    assert source.place(source.text.index("y")) == (3, Position(2, 1))
    assert source.place(source.text.index("1")) == (1, Position(1, 5))
    assert source.place(len(source.text)) == (3, Position(3, 1))
    assert source.row_of("a.ipynb", 2, 3) == source.lines.position(source.text.index("y")).row


def test_cells_of_other_languages_are_no_python() -> None:
    shell = {**code_cell("ls"), "metadata": {"vscode": {"languageId": "shellscript"}}}

    assert source_of(shell, code_cell("x = 1")).text == "x = 1\n"
    assert source_of(code_cell("x <- 1"), language_info={"name": "R"}).text == ""
    assert source_of(code_cell("x = 1"), kernelspec={"language": "python"}).text == "x = 1\n"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is no notebook: it is empty"),
        (b'{"cells": [', "is no notebook: its JSON is broken: expecting value on line 1, column 12"),
        (b'{"cells": []}\n<<<<<<< HEAD', "is no notebook: its JSON is broken: extra data on line 2, column 1"),
        (b"[" * 100_000, "is no notebook: its JSON is nested too deeply"),
        (b"[]", "is no notebook: its JSON is no object"),
        (b'{"nbformat": 3, "worksheets": []}', "is a notebook of format 3, which is too old: open it in Jupyter"),
        (b'{"nbformat": 4}', "is no notebook: it has no list of cells"),
        (b'{"cells": [1]}', "is no notebook: cell 1 has no type"),
        (b'{"cells": [{"cell_type": "code"}]}', "is no notebook: cell 1 has no source"),
        (b'{"cells": [{"cell_type": "code", "source": [1]}]}', "the source of cell 1 is no text"),
        (b'{"cells": "\xff"}', "is no notebook: byte 0xff at 11 is not UTF-8"),
    ],
)
def test_what_is_no_notebook_is_told_in_one_line(data: bytes, message: str) -> None:
    with pytest.raises(SourceError) as caught:
        make_source(PATH, data)

    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def _escaped(document: Document) -> str:
    return json.dumps(document, indent=1, sort_keys=True) + "\n"


def _dense(document: Document) -> str:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)


def _windows(document: Document) -> str:
    return "\ufeff" + json.dumps(document, indent=4, ensure_ascii=False).replace("\n", "\r\n")


STYLES: tuple[Callable[[Document], str], ...] = (
    lambda document: encoded(document).decode(),
    _escaped,
    _dense,
    _windows,
    lambda document: json.dumps(document, indent="\t"),
)


@pytest.mark.parametrize("write", STYLES)
@pytest.mark.parametrize("as_text", [False, True])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("f(x)", "g(x)"),
        ("f(x)", 'g("é\t\\n")'),
        ("f(x)", "(f(\n    x\n))"),
        ("z = 3\n", ""),
        ("y = f(x)\nz = 3", "y = z = 3"),
        ("# é 😀", "# ä 😀"),
    ],
)
def test_edits_keep_all_else_as_it_was(write: Callable[[Document], str], as_text: bool, old: str, new: str) -> None:  # noqa: FBT001
    lines = ("x = 'é\\t\"' # é 😀", "y = f(x)", "z = 3", "print(z)")
    cells = (PROSE, code_cell("a = 'ü'", as_text=as_text), code_cell(*lines, as_text=as_text))
    document = write(notebook(*cells, name="naïve"))
    source = make_source(PATH, document.encode())

    made = replaced(source, old, new)

    text = "\n".join(lines).replace(old, new)
    assert written(made) == write(notebook(*cells[:2], code_cell(text, as_text=as_text), name="naïve"))
    assert made.text == f"a = 'ü'\n{text}\n"


def test_strings_that_no_edit_touches_keep_their_spelling() -> None:
    data = rb'{"cells": [{"source": ["\u0078 = ", "1\n",  "\u00e9 = f(x)\ny\n", "\/\u002F"], "cell_type": "code"}]}'
    source = make_source(PATH, data)
    assert source.shown == "x = 1\né = f(x)\ny\n//\n"

    edited = edit_source(source, [Edit(Span(6, 7), "ö")])

    assert written(edited).encode() == data.replace(rb"\u00e9", rb"\u00f6")


@pytest.mark.parametrize(
    ("edit", "cells"),
    [
        (Edit(Span(0, 6), ""), ["", "y = 2"]),  # the line end that joins is in no cell
        (Edit(Span(5, 5), "\nz"), ["x = 1\nz", "y = 2"]),
        (Edit(Span(6, 6), "z\n"), ["x = 1", "z\ny = 2"]),
        (Edit(Span(12, 12), "z\n"), ["x = 1", "y = 2\nz"]),
    ],
)
def test_edits_at_the_edges_of_cells(edit: Edit, cells: list[str]) -> None:
    made = edit_source(source_of(code_cell("x = 1"), code_cell("y = 2")), [edit])

    assert ["".join(cell["source"]) for cell in json.loads(made.content)["cells"]] == cells


@pytest.mark.parametrize(
    ("cell", "span"),
    [
        ("%%time\nx = 1", Span(0, 0)),  # a cell magic stays the first line
        ("%%bash\nls", Span(6, 6)),
        ("!ls -la\nx = 1", Span(2, 4)),
        ("%time f()\nx = 1", Span(0, 9)),
        ("x = !ls\nf(x)", Span(4, 9)),
        ("x = 1", Span(4, 8)),  # reaches into the next cell
    ],
)
def test_what_is_no_python_is_never_edited(cell: str, span: Span) -> None:
    source = source_of(code_cell(cell), code_cell("y = 2"))

    with pytest.raises(SourceError, match="cannot be edited"):
        edit_source(source, [Edit(span, "z")])


Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    """Give what runs the command line, and gives its exit status and all its output."""

    def call(*arguments: str) -> tuple[int, str]:
        status = main(arguments)
        captured = capfd.readouterr()
        return status, captured.out + captured.err

    return call


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give an empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


BAD = (
    code_cell("# nnx"),
    PROSE,
    code_cell("x = 1", "%time BAD(x)", "BAD(", "    y)"),
    code_cell("oops("),
    code_cell("BAD"),
)


def test_findings_are_shown_by_cell(folder: Path, run: Run, run_with: Callable[..., None], word_rule: WordRule) -> None:
    run_with(word_rule("NNX801", "BAD", replacement="GOOD"))
    (folder / "a.ipynb").write_bytes(encoded(notebook(*BAD)))

    status, output = run("check", "a.ipynb", "--output-format", "concise")
    _, text = run("check", "a.ipynb")

    assert status == 1
    assert output.splitlines()[:4] == [
        "a.ipynb:cell 3:2:7: NNX801 error: `BAD` is bad [safe fix]",
        "a.ipynb:cell 3:3:1: NNX801 error: `BAD` is bad [safe fix]",
        "a.ipynb:cell 4:1:5: NNX900 error: cannot be parsed: '(' was never closed",
        "a.ipynb:cell 5:1:1: NNX801 error: `BAD` is bad [safe fix]",
    ]
    assert "1 | x = 1\n2 | %time BAD(x)\n  |       ^^^\n3 | BAD(\n4 |     y)\n" in text
    assert "1 | oops(\n  |     ^\n" in text
    assert "2 | - %time BAD(x)\n2 | + %time GOOD(x)\n" in text


def test_the_document_counts_in_cells(
    folder: Path, run: Run, run_with: Callable[..., None], word_rule: WordRule
) -> None:
    run_with(word_rule("NNX801", "BAD", replacement="GOOD"))
    (folder / "a.ipynb").write_bytes(encoded(notebook(*BAD)))

    found = json.loads(run("check", "a.ipynb", "--output-format", "json")[1])

    assert [(each["cell"], each["location"], each["end_location"]) for each in found][-1] == (
        5,
        {"row": 1, "column": 1},
        {"row": 1, "column": 4},
    )
    assert found[1]["fix"]["edits"] == [
        {"content": "GOOD", "location": {"row": 3, "column": 1}, "end_location": {"row": 3, "column": 4}}
    ]


def test_fixes_are_written_and_shown_by_cell(
    folder: Path, run: Run, run_with: Callable[..., None], word_rule: WordRule
) -> None:
    run_with(word_rule("NNX801", "BAD", replacement="GOOD"))
    data = encoded(notebook(*BAD))
    (folder / "a.ipynb").write_bytes(data)

    _, diff = run("check", "a.ipynb", "--diff")
    run("check", "a.ipynb", "--fix")

    assert "--- a.ipynb:cell 3\n+++ a.ipynb:cell 3\n@@ -1,4 +1,4 @@\n x = 1\n-%time BAD(x)\n-BAD(\n" in diff
    assert "--- a.ipynb:cell 5\n" in diff
    assert "No newline" not in diff
    assert (folder / "a.ipynb").read_bytes() == data.replace(b"BAD", b"GOOD")


def test_only_code_makes_a_notebook_relevant(folder: Path, run: Run) -> None:
    (folder / "a.ipynb").write_bytes(encoded(notebook(PROSE, code_cell("x = ("))))

    assert run("check", "a.ipynb") == (0, "No problems found in 1 file\n")


def test_a_broken_notebook_stops_no_other(folder: Path, run: Run) -> None:
    (folder / "broken.ipynb").write_text('{"cells": [nnx', encoding="utf-8")
    (folder / "other.ipynb").write_text("{}", encoding="utf-8")  # not named, and nothing to do with NNX
    (folder / "a.py").write_text("import nnx\nx = (\n", encoding="utf-8")

    status, output = run("check", ".", "--output-format", "concise")
    named, told = run("check", "other.ipynb")

    assert status == 2
    assert "a.py:2:5: NNX900" in output
    assert f"{folder.as_posix()}/broken.ipynb: is no notebook: its JSON is broken" in output
    assert "other.ipynb" not in output
    assert named == 2
    assert "other.ipynb: is no notebook: it has no list of cells" in told


def test_why_takes_the_cell(folder: Path, run: Run, run_with: Callable[..., None], word_rule: WordRule) -> None:
    run_with(word_rule("NNX801", "BAD"))
    (folder / "a.ipynb").write_bytes(encoded(notebook(*BAD)))

    status, output = run("why", "a.ipynb:cell 5:1")

    assert status == 0
    assert "row 7 of a.ipynb" in output
    assert "a.ipynb:cell 5:1:1: NNX801" in output
    assert "name the cell" in run("why", "a.ipynb:1")[1]
    assert "cell 2 is no code cell" in run("why", "a.ipynb:cell 2:1")[1]
    assert "has no line 9: it has 4" in run("why", "a.ipynb:cell 3:9")[1]
