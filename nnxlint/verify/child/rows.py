"""Which rows of a file are run, and which statements stand on edited rows."""

import ast
import contextlib
import sys
import threading
import types
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

# These have no effect of their own that could be missed.
SILENT = (ast.Pass, ast.Global, ast.Nonlocal)


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement and the rows that are its own: all of a simple one, the head of a compound one."""

    node: ast.stmt
    first: int
    last: int


@contextlib.contextmanager
def watched(*files: str) -> Iterator[dict[str, set[int]]]:
    """Within this, the rows of these files that are run are collected in the sets that are given."""
    rows: dict[str, set[int]] = {file: set() for file in files}

    def inside(frame: types.FrameType, event: str, _: object) -> object:
        if event == "line":
            rows[frame.f_code.co_filename].add(frame.f_lineno)
        return inside

    def entering(frame: types.FrameType, _event: str, _: object) -> object:
        if frame.f_code.co_filename not in rows:
            return None
        rows[frame.f_code.co_filename].add(frame.f_lineno)
        return inside

    before = sys.gettrace()
    sys.settrace(entering)  # type: ignore[arg-type]
    threading.settrace(entering)  # type: ignore[arg-type]
    try:
        yield rows
    finally:
        sys.settrace(before)
        threading.settrace(before)  # type: ignore[arg-type]


def statements_on(tree: ast.Module, rows: Iterable[int]) -> list[Statement]:
    """The statements whose own rows are among these, without docstrings and such as do nothing."""
    wanted = set(rows)
    found = (_own_rows(node) for node in ast.walk(tree) if isinstance(node, ast.stmt) and not _is_silent(node))
    return [each for each in found if any(each.first <= row <= each.last for row in wanted)]


def _own_rows(node: ast.stmt) -> Statement:
    decorators = [each.lineno for each in getattr(node, "decorator_list", ())]
    first = min([node.lineno, *decorators])
    bodies = [getattr(node, name, None) for name in ("body", "cases", "handlers")]
    inner = [body[0] for body in bodies if body]
    if not inner:
        return Statement(node, first, node.end_lineno or node.lineno)
    start = min(getattr(each, "lineno", None) or getattr(each, "pattern", node).lineno for each in inner)
    start = min([start, *(each.lineno for each in getattr(inner[0], "decorator_list", ()))])
    return Statement(node, first, max(node.lineno, start - 1))


def _is_silent(node: ast.stmt) -> bool:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True
    return isinstance(node, SILENT) or (isinstance(node, ast.AnnAssign) and node.value is None)
