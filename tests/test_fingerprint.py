"""Findings are known again: moved lines, comments and layout change no fingerprint, edits do."""

import json
from pathlib import Path

from nnxlint.diagnostic import Diagnostic, Level
from nnxlint.fingerprint import fingerprints
from nnxlint.source import make_source
from nnxlint.spans import Span

ROOT = Path("/project")
CALL = "logits = model(x, y)\n"


def found(text: str, *anchors: str, code: str = "NNX102", path: str = "/project/a.py") -> list[str]:
    """Give the fingerprint of a finding at each anchor, in a file of this text."""
    source = make_source(path, text.encode())
    starts: list[int] = []
    for anchor in anchors:
        starts.append(source.text.index(anchor, starts[-1] + 1 if starts else 0))
    diagnostics = [Diagnostic(code, "n", Level.ERROR, "m", path, Span(start, start + 1)) for start in starts]
    known = fingerprints(diagnostics, {path: source}, ROOT)
    return [known[each] for each in diagnostics]


def test_what_moves_and_is_laid_out_anew_is_known_again() -> None:
    expected = found(CALL, "model")

    assert found(f"import a\n\n\n{CALL}b = 1\n", "model") == expected
    assert found(f"if a:\n    {CALL}", "model") == expected
    assert found("logits = model(x, y)  # said of it\n", "model") == expected
    assert found("logits = model(\n    x,  # why\n    y,\n)\n", "model") == expected
    assert found("logits = \\\r\n    model(x, y)\r\n", "model") == expected


def test_what_is_edited_is_another_finding() -> None:
    [known] = found(CALL, "model")

    assert found("logits = model(x, z)\n", "model") != [known]
    assert found(CALL, "model", code="NNX101") != [known]
    assert found(CALL, "model", path="/project/b.py") != [known]
    assert found('logits = model(x, y, "#")\n', "model") != found('logits = model(x, y, "#2")\n', "model")


def test_equal_statements_are_counted() -> None:
    assert len(set(found(CALL * 3, "model", "model", "model"))) == 3
    assert len(set(found("a = model(x) + model(x)\n", "model", "model"))) == 2
    assert found(f"{CALL}b = other(x)\n", "model", "other") == found(f"b = other(x)\n{CALL}", "other", "model")[::-1]


def test_the_head_of_a_loop_is_a_statement() -> None:
    assert found("for x in f(y):\n    a = 1\n", "f(y") == found("for x in f(y):\n    b = 2\n    c = 3\n", "f(y")


def test_files_that_cannot_be_read_as_tokens_and_files_that_are_not_there() -> None:
    assert found('a = """\nb = ( 1\n', "b") == found('c = """\n\n\nb = ( 1\n', "b")
    gone = Diagnostic("NNX900", "n", Level.ERROR, "m", "/project/gone.py", Span(0, 0))

    assert len(fingerprints([gone], {}, ROOT)[gone]) == 16


def test_a_cell_may_move_and_its_magics_count() -> None:
    def notebook(*cells: str) -> str:
        made = [{"cell_type": "code", "source": cell} for cell in cells]
        return json.dumps({"nbformat": 4, "metadata": {}, "cells": made})

    path = "/project/a.ipynb"
    expected = found(notebook("a = 1", "b = model(x)"), "model", path=path)

    assert found(notebook("b = model(x)  # moved"), "model", path=path) == expected
    assert found(notebook("b = model(z)"), "model", path=path) != expected
