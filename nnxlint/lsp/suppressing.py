"""Comments that silence a finding, on its line or in its file, as edits."""

import re
from collections.abc import Iterable

from nnxlint.diagnostic import Diagnostic
from nnxlint.directives import OWN, Directive, read_comments
from nnxlint.edits import Edit
from nnxlint.ignoring import NEVER_SILENCED, silence
from nnxlint.lsp.fixing import changes
from nnxlint.source import Source
from nnxlint.spans import Span

_BEFORE_CODE = re.compile(r"#!|[ \t\f]*#.*?coding[:=][ \t]*[-\w.]+")


def can_be_silenced(diagnostic: Diagnostic) -> bool:
    """Tell whether a comment makes sense: what is said about comments and files is no matter of opinion."""
    return diagnostic.code not in NEVER_SILENCED


def line_edits(source: Source, diagnostic: Diagnostic) -> tuple[Edit, ...]:
    """Give what silences a finding where it is; nothing where no comment can stand there."""
    return tuple(changes(source, silence(source, [diagnostic], prefixes=_prefixes(diagnostic)).source))


def file_edits(source: Source, diagnostic: Diagnostic) -> tuple[Edit, ...]:
    """Give what silences a rule in the whole file; nothing where no comment can stand in it."""
    there = (each for each in read_comments(source, _prefixes(diagnostic)).directives if each.rows is None)
    return _fitted(source, _joined(there, diagnostic.code) or _at_top_of(source, diagnostic))


def _joined(directives: Iterable[Directive], code: str) -> Edit | None:
    """Add a rule to the first comment of ours that names some; None where there is none."""
    for each in directives:
        if each.names and not each.noqa:
            end = each.names[-1].span.end
            return Edit(Span(end, end), f", {code}")
    return None


def _at_top_of(source: Source, diagnostic: Diagnostic) -> Edit:
    """Write a line of its own: below what Python and the system want to read first, or at the top of a cell."""
    first, _ = source.rows_around(diagnostic.span.start)
    row = first
    while source.notebook is None and row <= min(2, source.lines.row_count) and _is_before_code(source, row):
        row += 1
    if row > source.lines.row_count:
        end = len(source.text)
        return Edit(Span(end, end), f"{source.newline}# nnxlint: ignore-file[{diagnostic.code}]{source.newline}")
    start = source.lines.line_start(row)
    return Edit(Span(start, start), f"# nnxlint: ignore-file[{diagnostic.code}]{source.newline}")


def _is_before_code(source: Source, row: int) -> bool:
    line = source.lines.line_span(row)
    return _BEFORE_CODE.match(source.text[line.start : line.end]) is not None


def _fitted(source: Source, edit: Edit) -> tuple[Edit, ...]:
    if source.notebook is None:
        return (edit,)
    return source.notebook.fitted((edit,)) or ()


def _prefixes(diagnostic: Diagnostic) -> frozenset[str]:
    """Give what the codes of rules begin with that a comment may name."""
    return frozenset((*OWN, diagnostic.code.rstrip("0123456789")))
