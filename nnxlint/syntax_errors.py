"""The finding of a file, or of a cell of a notebook, that cannot be parsed."""

from collections.abc import Sequence
from dataclasses import dataclass

from nnxlint.diagnostic import Diagnostic
from nnxlint.newer_syntax import newer_python_needed
from nnxlint.rule import Rule
from nnxlint.rules.nnx900_syntax_error import syntax_error
from nnxlint.selection import left_out
from nnxlint.settings import Settings
from nnxlint.source import Source
from nnxlint.spans import Position, Span


@dataclass(frozen=True, slots=True)
class Broken:
    """The findings of code that cannot be parsed, and a line for each piece that a newer Python could."""

    diagnostics: tuple[Diagnostic, ...] = ()
    notices: tuple[str, ...] = ()


def broken_file(source: Source, error: SyntaxError, settings: Settings, known: Sequence[Rule]) -> Broken:
    """Tell of a file that cannot be parsed."""
    found = _broken(source, error, source.text, source.path)
    return found if _speaks(source, settings, known) else Broken((), found.notices)


def broken_cells(source: Source, settings: Settings, known: Sequence[Rule]) -> Broken:
    """Tell of the cells of a notebook that cannot be parsed: the others are linted without them."""
    cells = source.notebook.broken if source.notebook else ()
    found = [_broken(source, each.error, each.text, f"{source.path}:cell {each.cell.number}") for each in cells]
    diagnostics = tuple(each for some in found for each in some.diagnostics)
    notices = tuple(line for some in found for line in some.notices)
    return Broken(diagnostics if diagnostics and _speaks(source, settings, known) else (), notices)


def syntax_diagnostic(source: Source, error: SyntaxError) -> Diagnostic:
    """Give the NNX900 diagnostic of a file that cannot be parsed."""
    return Diagnostic(
        code=syntax_error.code,
        name=syntax_error.name,
        level=syntax_error.level,
        message=f"cannot be parsed: {error.msg}",
        path=source.path,
        span=_span(source, error),
    )


def _broken(source: Source, error: SyntaxError, text: str, name: str) -> Broken:
    needed = newer_python_needed(text)
    if needed is None:
        return Broken((syntax_diagnostic(source, error),))
    version = ".".join(map(str, needed))
    line = f"{name}: not linted: its syntax is of Python {version}, and nnxlint must run on that or newer"
    return Broken((), (line,))


def _speaks(source: Source, settings: Settings, known: Sequence[Rule]) -> bool:
    rule = next((rule for rule in known if rule.code == syntax_error.code), syntax_error)
    return not left_out(rule, source.path, settings)


def _span(source: Source, error: SyntaxError) -> Span:
    """Find where the parser stopped; what it tells can lie outside the text, or be missing."""
    row = min(max(error.lineno or 1, 1), source.lines.row_count)
    line = source.lines.line_span(row)
    start = min(source.lines.offset(Position(row, max(error.offset or 1, 1))), line.end)
    told = start
    if error.end_lineno == row and error.end_offset is not None:
        told = source.lines.offset(Position(row, error.end_offset))
    return Span(start, min(max(told, start + 1), line.end))
