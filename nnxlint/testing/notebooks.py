"""Notebooks: made of cells, or of a program that is cut into cells."""

import ast
import itertools
import json
from dataclasses import dataclass

from nnxlint.testing.cases import cell_name

Document = dict[str, object]

PROSE: Document = {"cell_type": "markdown", "metadata": {}, "source": ["What is about to happen\n", "in `nnx`"]}


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A notebook, and how many rows of the program stand before each code cell, by the cell's name."""

    data: bytes
    rows_before: dict[str, int]

    def row(self, name: str, row: int) -> int:
        """Give the row of the program that a row of a cell is."""
        return self.rows_before[name] + row


def code_cell(*lines: str, as_text: bool = False) -> Document:
    """Make a code cell of its lines, which the cell joins."""
    text = "\n".join(lines)
    source = text if as_text else text.splitlines(keepends=True)
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": source}


def notebook(*cells: Document, **metadata: object) -> Document:
    """Make a notebook of its cells."""
    return {"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def encoded(document: Document) -> bytes:
    """Encode the notebook as Jupyter writes it."""
    return (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode()


def wrap(text: str) -> Wrapped:
    """Cut a program before its top-level statements, the text between two of them kept with the first."""
    starts = [_first_row(node) for node in ast.parse(text).body]
    lines = text.removesuffix("\n").split("\n")
    cuts = [0, *(row - 1 for previous, row in itertools.pairwise(starts) if row > previous), len(lines)]
    cuts = sorted(set(cuts))
    cells: list[Document] = []
    rows_before: dict[str, int] = {}
    for start, end in itertools.pairwise(cuts):
        if start and len(rows_before) % 3 == 0:
            cells.append(PROSE)
        cells.append(code_cell("\n".join(lines[start:end])))
        rows_before[cell_name("code.ipynb", len(cells))] = start
    return Wrapped(encoded(notebook(*cells)), rows_before)


def unwrap(document: str) -> str:
    """Give the program of a notebook that was made of one."""
    cells = json.loads(document)["cells"]
    return "".join("".join(cell["source"]) + "\n" for cell in cells if cell["cell_type"] == "code")


def _first_row(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min((node.lineno, *(each.lineno for each in decorators)))
