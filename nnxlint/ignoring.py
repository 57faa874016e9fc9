"""Comments that silence what is reported, written where they are heeded; the code itself stays what it is."""

import ast
import warnings
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from nnxlint.diagnostic import Diagnostic
from nnxlint.directives import OWN, Comments, Directive, read_comments
from nnxlint.edits import Edit
from nnxlint.errors import NnxlintError
from nnxlint.source import Source, edit_source, make_source
from nnxlint.spans import Span
from nnxlint.statements import Comment

# Of a file that cannot be parsed nothing else is known, a defect is ours, and comments are mended, not silenced.
NEVER_SILENCED = frozenset({"NNX900", "NNX901", "NNX902", "NNX999"})

_BLANKS = " \t\f"


@dataclass(frozen=True, slots=True)
class Silenced:
    """A source with the comments, and which findings they silence."""

    source: Source
    diagnostics: tuple[Diagnostic, ...]


def check_reason(reason: str) -> None:
    """`NnxlintError` where the text cannot stand in a comment as a reason, and be nothing else."""
    if not reason.isprintable():
        message = "--add-ignore: the reason must be one line"
        raise NnxlintError(message)
    source = make_source("reason.py", f"# nnxlint: ignore[NNX101] {reason}\n".encode("utf-8", "replace"))
    if len(read_comments(source).directives) != 1:
        message = f"--add-ignore: the reason would be read as a comment that silences: {reason!r}"
        raise NnxlintError(message)


def silence(
    source: Source, diagnostics: Iterable[Diagnostic], reason: str = "", prefixes: Collection[str] = OWN
) -> Silenced:
    """Write comments for the findings of a file, each on one of the lines where it is heard.

    A comment that silences already is made to name more rules. What would change the code is not written.
    """
    comments = read_comments(source, prefixes)
    by_row: dict[int, list[Diagnostic]] = {}
    for each in diagnostics:
        row = None if each.code in NEVER_SILENCED else _row_for(source, comments, each)
        if row is not None:
            by_row.setdefault(row, []).append(each)
    edits = [edit for row, found in by_row.items() for edit in _edits(source, comments, row, found, reason)]
    if not edits:
        return Silenced(source, ())
    made = edit_source(source, edits)
    if not _same_code(source, made):
        return Silenced(source, ())
    return Silenced(made, tuple(_heard(source, made, (each for found in by_row.values() for each in found), prefixes)))


def _row_for(source: Source, comments: Comments, diagnostic: Diagnostic) -> int | None:
    """Choose the line of the comment: one that has a comment to extend, else the finding's own, the last, the first."""
    own = source.lines.position(diagnostic.span.start).row
    first, last = comments.layout.statement_at(own)
    possible = [row for row in (own, last, first) if row in comments.layout.ends and _is_plain(source, row)]
    extensible = [row for row in possible if _extensible(comments, row) is not None]
    return next(iter([*extensible, *possible]), None)


def _is_plain(source: Source, row: int) -> bool:
    """Whether the line is what the file holds: in notebooks, magics are not."""
    if source.notebook is None:
        return True
    line = source.lines.line_span(row)
    cell = source.notebook.cell_at(line.start)
    return cell is not None and not any(hidden.overlaps(line) for hidden in cell.hidden)


def _extensible(comments: Comments, row: int) -> Directive | None:
    """Find the directive of the line that names rules, and can name more."""
    return next((each for each in comments.directives if each.rows == frozenset((row,)) and each.names), None)


def _edits(source: Source, comments: Comments, row: int, found: Iterable[Diagnostic], reason: str) -> Iterator[Edit]:
    codes = ", ".join(sorted({each.code for each in found}))
    directive = _extensible(comments, row)
    if directive is None:
        comment = next((each for each in comments.layout.comments if each.row == row), None)
        yield _appended(source, row, comment, " ".join(filter(None, (f"# nnxlint: ignore[{codes}]", reason))))
        return
    place = (directive.names or ())[-1].span.end
    rest = source.text[directive.span.end : directive.comment.end]
    if reason and not rest.strip():
        closing = source.text[place : directive.span.end]
        yield Edit(Span(place, directive.comment.end), f", {codes}{closing} {reason}")
    else:
        yield Edit(Span(place, place), f", {codes}")


def _appended(source: Source, row: int, comment: Comment | None, text: str) -> Edit:
    """Put a comment behind what the line holds, another comment too; blanks at its end go."""
    line = source.lines.line_span(row)
    start = comment.span.start if comment else line.start
    kept = source.text[start : line.end].rstrip(_BLANKS)
    # The last sign is written again: at the very end of a cell, what is only inserted would be a line of its own.
    return Edit(Span(start + len(kept) - 1, line.end), f"{kept[-1]}  {text}")


def _same_code(before: Source, after: Source) -> bool:
    def tree(source: Source) -> str:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.dump(ast.parse(source.text))

    try:
        return tree(before) == tree(after)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False


def _heard(
    before: Source, made: Source, diagnostics: Iterable[Diagnostic], prefixes: Collection[str]
) -> Iterator[Diagnostic]:
    """Give those of the findings that the comments silence; what was written moved no line."""
    comments = read_comments(made, prefixes)
    for each in diagnostics:
        row = before.lines.position(each.span.start).row
        rows = {row, *comments.layout.statement_at(row)}
        here = (directive for directive in comments.directives if directive.rows and directive.rows & rows)
        if any(named.text == each.code for directive in here for named in directive.names or ()):
            yield each
