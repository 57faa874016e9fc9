"""The finding of a file that cannot be parsed."""

from nnxlint.diagnostic import Diagnostic
from nnxlint.rules.nnx900_syntax_error import syntax_error
from nnxlint.source import Source
from nnxlint.spans import Position, Span


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


def _span(source: Source, error: SyntaxError) -> Span:
    """Find where the parser stopped; what it tells can lie outside the text, or be missing."""
    row = min(max(error.lineno or 1, 1), source.lines.row_count)
    line = source.lines.line_span(row)
    start = min(source.lines.offset(Position(row, max(error.offset or 1, 1))), line.end)
    told = start
    if error.end_lineno == row and error.end_offset is not None:
        told = source.lines.offset(Position(row, error.end_offset))
    return Span(start, min(max(told, start + 1), line.end))
