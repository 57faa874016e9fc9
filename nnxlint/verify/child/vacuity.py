"""Does the proof look at the edit? Every edited statement must be run, and changes of what was edited be noticed."""

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from nnxlint.verify.child import mutants
from nnxlint.verify.child.loading import Change, load
from nnxlint.verify.child.rows import Statement, statements_on
from nnxlint.verify.child.views import Stage, construction_stage, probe_stage
from nnxlint.verify.protocol import Case, Probe, Program

MAX_POINTS = 24
MAX_POINTS_A_STATEMENT = 4


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
    def wanted(self) -> frozenset[int]:
        """The first rows of the edited statements."""
        return frozenset(each.first for each in self.statements)

    @property
    def statements(self) -> list[Statement]:
        """The edited statements: those on the rows that the job names, or else on those that differ."""
        rows = self.program.edited or {row for row, _ in self.places}
        return statements_on(ast.parse(self.text), rows)


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of one program: its stages, and which edited statements (by their first rows) ran in each.

    `loading`: those that ran as the module was loaded.
    """

    stages: tuple[Stage, ...]
    loading: frozenset[int]
    rows: tuple[frozenset[int], ...]


def not_run(edit: Edit, rows: frozenset[int]) -> str | None:
    """Which edited statement was not run, in words; None when all were."""
    for each in edit.statements:
        if each.first not in rows:
            return f"row {each.first}, which was edited, was never run"
    return None


def not_noticed(edit: Edit, case: Case, probes: Sequence[Probe], seen: Seen) -> tuple[str | None, int]:
    """Which change of an edited expression goes unnoticed, in words, and how many points were tried."""
    tree = ast.parse(edit.text)
    tried = 0
    for point in _chosen(tree, edit):
        reached = _reached(tree, point, seen)
        changes = (each.change for each in mutants.mutants(tree, point))
        if _goes_unnoticed(_is_noticed(edit, change, case, probes, (seen, reached)) for change in changes):
            return f"no change of `{_short(point.text)}` (row {point.row}) is noticed", tried
        tried += 1
    return None, tried


def _goes_unnoticed(outcomes: Iterable[bool | None]) -> bool:
    """Whether changes of one expression ran, and none of them was noticed.

    One that raises shows no more than that the expression is evaluated: it counts only where all changes raise.
    """
    ran = False
    for outcome in outcomes:
        if outcome:
            return False
        ran = ran or outcome is not None
    return ran


def _chosen(tree: ast.Module, edit: Edit) -> Iterator[mutants.Point]:
    """The edited expressions to try: a few of every statement."""
    counts: dict[int, int] = {}
    for point in mutants.points(tree, edit.places, edit.text):
        counts[point.row] = counts.get(point.row, 0) + 1
        if counts[point.row] <= MAX_POINTS_A_STATEMENT and sum(counts.values()) <= MAX_POINTS:
            yield point


def _reached(tree: ast.Module, point: mutants.Point, seen: Seen) -> frozenset[int]:
    """The stages in which the statement of a point is run: all, when it is run as the module is loaded."""
    own = {each.first for each in statements_on(tree, [point.row])}
    every = range(len(seen.stages))
    return frozenset(every if own & seen.loading else (at for at in every if own & seen.rows[at]))


def _is_noticed(
    edit: Edit, change: Change, case: Case, probes: Sequence[Probe], seen: tuple[Seen, frozenset[int]]
) -> bool | None:
    """Whether the changed program shows another form at a stage that the change reaches; None where it raises."""
    stages, reached = seen[0].stages, seen[1]
    try:
        program = load(edit.program, edit.folder, change)
        made = stages[0].construction
        if 0 in reached:
            first = construction_stage(program, case)
            if _is_other(first, stages[0]):
                return True
            made = first.construction
        pairs = list(zip(stages[1:], probes, strict=True))
        chosen = [pair for at, pair in enumerate(pairs, 1) if at in reached]
        return any(_is_other(probe_stage(program, case, old.name, probe, made), old) for old, probe in chosen)
    except Exception:  # noqa: BLE001 - whatever the changed program raises
        return None


def _is_other(one: Stage, other: Stage) -> bool:
    return one.form.hash != other.form.hash or one.trace.notes != other.trace.notes


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:37]}…"  # noqa: PLR2004 - what fits in a line
