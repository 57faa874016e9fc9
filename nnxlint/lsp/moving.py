"""Where the places of an old text are in a new one."""

import difflib
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from nnxlint.spans import Span

# Above so many pairs of lines or characters, to find which are equal takes longer than anybody waits.
_MOST_PAIRS = 250_000


@dataclass(frozen=True, slots=True)
class Replaced:
    """A span of the old text, and how long it became."""

    span: Span
    length: int


def mover(before: str, after: str) -> Callable[[Span], Span | None]:
    """Give what moves spans of the old text into the new one; what was written over has no place there."""
    changes = tuple(replacements(before, after))
    return lambda span: _moved(span, changes)


def replacements(before: str, after: str) -> Iterator[Replaced]:
    """Find what was replaced, in order."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    old_middle, new_middle = old[head : len(old) - tail], new[head : len(new) - tail]
    starts = [*itertools.accumulate(map(len, old_middle), initial=sum(map(len, old[:head])))]
    for first, last, to_first, to_last in _blocks(old_middle, new_middle):
        yield from _narrowed(starts[first], "".join(old_middle[first:last]), "".join(new_middle[to_first:to_last]))


def _blocks(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, int, int, int]]:
    """Give the ranges of elements that differ."""
    if not old or not new or len(old) * len(new) > _MOST_PAIRS:
        if old or new:
            yield 0, len(old), 0, len(new)
        return
    for tag, *block in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            first, last, to_first, to_last = block
            yield first, last, to_first, to_last


def _narrowed(start: int, old: str, new: str) -> Iterator[Replaced]:
    """Leave out of a replacement what both texts begin and end with, and what they share between."""
    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    start, old, new = start + head, old[head : len(old) - tail], new[head : len(new) - tail]
    for first, last, to_first, to_last in _blocks(old, new):
        yield Replaced(Span(start + first, start + last), to_last - to_first)


def _common(old: Sequence[str], new: Sequence[str]) -> int:
    """Count the elements with which both begin."""
    return next(
        (count for count, (left, right) in enumerate(zip(old, new, strict=False)) if left != right),
        min(len(old), len(new)),
    )


def _moved(span: Span, changes: Sequence[Replaced]) -> Span | None:
    start, end = span.start, span.end
    for change in changes:
        grown = change.length - (change.span.end - change.span.start)
        if change.span.end <= span.start:
            start, end = start + grown, end + grown
        elif change.span.start < span.end:
            if not (span.start < change.span.start and change.span.end < span.end):
                return None
            end += grown
    return Span(start, end)
