"""What nnxlint reports: frozen data that holds no syntax nodes."""

import enum
from dataclasses import dataclass

from nnxlint.edits import Fix
from nnxlint.spans import Span


class Level(enum.StrEnum):
    """How sure and how bad: an error is wrong whenever it runs, a warning nine times in ten."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Related:
    """Another place that explains a diagnostic: where the model was built, where its mode was set."""

    message: str
    path: str
    span: Span


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding. `path` names its source in the project; `span` is the innermost expression to edit."""

    code: str
    name: str
    level: Level
    message: str
    path: str
    span: Span
    reason: str = ""
    related: tuple[Related, ...] = ()
    fix: Fix | None = None


@dataclass(frozen=True, slots=True)
class Crash:
    """A defect of ours: who crashed, on which file, and the traceback that a report of it needs."""

    culprit: str
    path: str
    traceback: str
