"""A fix as a reader sees it: the rows it takes away and the rows it puts there."""

from collections.abc import Iterator, Sequence

from rich.text import Text

from nnxlint.edits import Edit, Fix, apply_edits
from nnxlint.errors import EditConflictError
from nnxlint.render.excerpt import GUTTER, visible
from nnxlint.source import Source
from nnxlint.spans import LineIndex, Span

_LONGEST = 16
_STYLES = {"-": "red", "+": "green"}


def fix_preview(source: Source, fix: Fix, width: int) -> Iterator[Text]:
    """Give the changed rows as a small diff, each group of neighbouring edits apart."""
    try:
        rows = [row for group in _groups(source, fix.edits) for row in _changed_rows(source, group)]
    except EditConflictError:  # a defect of the rule, which the fixer tells of; the finding may still be right
        return
    for sign, number, text in rows[:_LONGEST]:
        yield Text.assemble((f"{number:>{width}} | ", GUTTER), (f"{sign} {visible(text)}".rstrip(), _STYLES[sign]))
    if len(rows) > _LONGEST:
        yield Text(f"{'':>{width}} | ... {len(rows) - _LONGEST} more lines", GUTTER)


def _groups(source: Source, edits: Sequence[Edit]) -> Iterator[tuple[Edit, ...]]:
    """Edits whose rows touch belong together."""
    group: tuple[Edit, ...] = ()
    for edit in sorted(edits):
        if group and source.lines.position(edit.span.start).row > source.lines.position(group[-1].span.end).row:
            yield group
            group = ()
        group = (*group, edit)
    if group:
        yield group


def _changed_rows(source: Source, edits: tuple[Edit, ...]) -> Iterator[tuple[str, int, str]]:
    first = source.lines.position(edits[0].span.start).row
    last = source.lines.position(edits[-1].span.end).row
    start, end = source.lines.line_start(first), source.lines.line_span(last).end
    moved = [Edit(Span(each.span.start - start, each.span.end - start), each.content) for each in edits]
    old = source.shown[start:end]
    before, after = _lines(old), _lines(apply_edits(old, moved))
    same = _common_prefix(before, after)
    top, _ = source.rows_around(edits[0].span.start)
    first -= top - 1  # rows count in their cell
    tail = _common_prefix(before[same:][::-1], after[same:][::-1])
    for index, line in enumerate(before[same : len(before) - tail]):
        yield "-", first + same + index, line
    for index, line in enumerate(after[same : len(after) - tail]):
        yield "+", first + same + index, line


def _lines(text: str) -> list[str]:
    index = LineIndex(text)
    spans = (index.line_span(row) for row in range(1, index.row_count + 1))
    return [text[span.start : span.end] for span in spans]


def _common_prefix(left: Sequence[str], right: Sequence[str]) -> int:
    pairs = enumerate(zip(left, right, strict=False))
    return next((index for index, (one, other) in pairs if one != other), min(len(left), len(right)))
