"""Text edits and fixes as plain data, and how edits are applied.

The edits of one fix are changes to one baseline text, like the hunks of a commit: their spans count in the
text before any of them.
"""

import enum
import itertools
from collections.abc import Iterable
from dataclasses import dataclass

from nnxlint.errors import EditConflictError
from nnxlint.spans import Span


class Applicability(enum.StrEnum):
    """Who may apply a fix: anyone (safe), the user who asks for it (unsafe), or only a person's hand."""

    SAFE = "safe"
    UNSAFE = "unsafe"
    DISPLAY = "display"


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Replace the text of a span by `content`; an empty span inserts, an empty content deletes."""

    span: Span
    content: str


@dataclass(frozen=True, slots=True)
class Fix:
    """What would mend a diagnostic: an imperative title, and edits of the diagnostic's own file."""

    message: str
    applicability: Applicability
    edits: tuple[Edit, ...] = ()


def conflicts(edits: Iterable[Edit]) -> bool:
    """Whether two of the edits touch the same text."""
    ordered = sorted(edits)
    return any(left.span.overlaps(right.span) for left, right in itertools.pairwise(ordered))


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """The text with the edits made; `EditConflictError` when they overlap or lie outside the text."""
    ordered = sorted(edits)
    if conflicts(ordered):
        message = "edits overlap"
        raise EditConflictError(message)
    pieces: list[str] = []
    position = 0
    for edit in ordered:
        if edit.span.end > len(text):
            message = "an edit lies outside the text"
            raise EditConflictError(message)
        pieces += (text[position : edit.span.start], edit.content)
        position = edit.span.end
    return "".join((*pieces, text[position:]))
