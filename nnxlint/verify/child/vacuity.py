"""Does the proof look at the edit? Every edited statement must be run, and changes of what was edited be noticed."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from nnxlint.verify.child import mutants
from nnxlint.verify.child.loading import Change, LoadError, load
from nnxlint.verify.child.rows import Statement, statements_on
from nnxlint.verify.child.views import Stage, stages
from nnxlint.verify.protocol import Case, Probe, Program

MAX_POINTS = 24
MAX_POINTS_A_STATEMENT = 4
TRACING = ("Tracer", "Concretization")


@dataclass(frozen=True, slots=True)
class Edit:
    """The edited part of one program: its folder, the text of the other main module, and the rows that were edited."""

    program: Program
    folder: Path
    other_text: str

    @property
    def text(self) -> str:
        """The text of the program's main module."""
        return self.program.files[self.program.main]

    @property
    def places(self) -> list[mutants.Place]:
        """Where the tokens start that the other program lacks."""
        return mutants.changed_places(self.text, self.other_text)

    @property
    def statements(self) -> list[Statement]:
        """The edited statements: those on the rows that the job names, or else on those that differ."""
        rows = self.program.edited or {row for row, _ in self.places}
        return statements_on(ast.parse(self.text), rows)


def not_run(edit: Edit, rows: set[int]) -> str | None:
    """Which edited statement was not run, in words; None when all were."""
    for each in edit.statements:
        if not rows & set(range(each.first, each.last + 1)):
            return f"row {each.first}, which was edited, was never run"
    return None


def not_noticed(edit: Edit, case: Case, probes: Sequence[Probe], found: Sequence[Stage]) -> tuple[str | None, int]:
    """Which change of an edited expression goes unnoticed, in words, and how many points were tried."""
    tree = ast.parse(edit.text)
    tried = 0
    for point in _chosen(tree, edit):
        changes = [each.change for each in mutants.mutants(tree, point)]
        if changes and not any(_is_noticed(edit, change, case, probes, found) for change in changes):
            return f"no change of `{_short(point.text)}` (row {point.row}) is noticed", tried
        tried += 1
    return None, tried


def _chosen(tree: ast.Module, edit: Edit) -> Iterator[mutants.Point]:
    """The edited expressions to try: a few of every statement."""
    counts: dict[int, int] = {}
    all_points = mutants.points(tree, edit.places, edit.text)
    for point in all_points[: MAX_POINTS * MAX_POINTS_A_STATEMENT]:
        counts[point.row] = counts.get(point.row, 0) + 1
        if counts[point.row] <= MAX_POINTS_A_STATEMENT and sum(counts.values()) <= MAX_POINTS:
            yield point


def _is_noticed(edit: Edit, change: Change, case: Case, probes: Sequence[Probe], found: Sequence[Stage]) -> bool:
    """Whether the changed program raises, or shows another form at some stage."""
    try:
        program = load(edit.program, edit.folder, change)
        for stage, mutant in zip(found, stages(program, case, probes), strict=True):
            if mutant.form.hash != stage.form.hash or mutant.trace.notes.entries != stage.trace.notes.entries:
                return True
    except LoadError:
        return True
    except Exception:  # noqa: BLE001 - whatever the changed program raises, it was noticed
        return True
    return False


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:37]}…"  # noqa: PLR2004 - what fits in a line
