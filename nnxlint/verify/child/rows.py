"""Which statements stand on edited rows, and which of them are run: each tells so itself, by a call put before it.

Tracing every line with `sys.settrace` would tell as well, and take twice the time.
"""

import ast
import copy
import types
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

RECORDER = "__nnxlint_ran__"

# These have no effect of their own that could be missed.
SILENT = (ast.Pass, ast.Global, ast.Nonlocal)


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement and the rows that are its own: all of a simple one, the head of a compound one."""

    node: ast.stmt
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Recorder:
    """Notes the first rows of statements that are run; a loaded module has it by the name `RECORDER`.

    `originals`: the code of each function as it would be without calls of the recorder.
    """

    wanted: frozenset[int] = frozenset()
    rows: set[int] = field(default_factory=set)
    originals: dict[types.CodeType, types.CodeType] = field(default_factory=dict)

    def __call__(self, row: int) -> None:
        """Note that the statement that begins in this row is run."""
        self.rows.add(row)

    def taken(self) -> frozenset[int]:
        """The rows that were noted since this was last asked."""
        taken = frozenset(self.rows)
        self.rows.clear()
        return taken

    def compiled(self, statement: ast.stmt, file: str, flags: int) -> types.CodeType:
        """The code of a top-level statement, in which wanted statements note that they are run."""
        plain: types.CodeType = compile(ast.Module([statement], []), file, "exec", flags=flags, dont_inherit=True)
        first, last = own_rows(statement).first, statement.end_lineno or statement.lineno
        if self.wanted.isdisjoint(range(first, last + 1)):
            return plain
        body = list(self._noting([statement]))
        noting: types.CodeType = compile(ast.Module(body, []), file, "exec", flags=flags, dont_inherit=True)
        self.originals.update(_pairs(noting, plain))
        return noting

    def _noting(self, statements: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
        """The statements, where each wanted one follows a call that notes its first row."""
        for statement in statements:
            first = own_rows(statement).first
            if first in self.wanted and not _is_silent(statement) and not _is_future(statement):
                call = ast.Call(ast.Name(RECORDER, ast.Load()), [ast.Constant(first)], [])
                yield ast.fix_missing_locations(ast.copy_location(ast.Expr(call), statement))
            inner = copy.copy(statement)
            for owner in (inner, *_owners(inner)):
                for name in ("body", "orelse", "finalbody"):
                    value = getattr(owner, name, None)
                    if isinstance(value, list):
                        setattr(owner, name, list(self._noting(value)))
            yield inner


def statements_on(tree: ast.Module, rows: Iterable[int]) -> list[Statement]:
    """The statements whose own rows are among these, without docstrings and such as do nothing."""
    wanted = set(rows)
    found = (own_rows(node) for node in ast.walk(tree) if isinstance(node, ast.stmt) and not _is_silent(node))
    return [each for each in found if any(each.first <= row <= each.last for row in wanted)]


def own_rows(node: ast.stmt) -> Statement:
    """A statement with the rows that are its own."""
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


def _is_future(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


def _owners(statement: ast.stmt) -> Iterator[ast.AST]:
    """Copies of the parts of a statement that own statements: handlers and cases."""
    for name in ("handlers", "cases"):
        if hasattr(statement, name):
            copies = [copy.copy(each) for each in getattr(statement, name)]
            setattr(statement, name, copies)
            yield from copies


def _pairs(one: types.CodeType, other: types.CodeType) -> Iterator[tuple[types.CodeType, types.CodeType]]:
    """Two codes that differ by calls of the recorder alone, and the codes within them, side by side."""
    yield one, other
    inner = ([each for each in code.co_consts if isinstance(each, types.CodeType)] for code in (one, other))
    for pair in zip(*inner, strict=True):
        yield from _pairs(*pair)
