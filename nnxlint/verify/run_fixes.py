"""`nnxlint check --fix --verify`: of the fixes that could be made, those are that running the code speaks for."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field

from nnxlint.diagnostic import Diagnostic
from nnxlint.knowledge import Project
from nnxlint.rule import Rule
from nnxlint.settings import SettingsOf
from nnxlint.verify.entries.bisection import Judged, settle
from nnxlint.verify.entries.overlay import FixUnit, compatible
from nnxlint.verify.run_paths import Ask, ProjectJudge, units_of


@dataclass(frozen=True, slots=True)
class TakenBack:
    """A fix that was not kept: where its finding is, which it is, and why."""

    place: str
    code: str
    judged: Judged

    def __str__(self) -> str:
        """Give the line that tells the user."""
        verdict, reason = self.judged.verdict.value, self.judged.reason
        return f"{self.place}: the fix of {self.code} was taken back: {verdict}: {reason}"


@dataclass(slots=True)
class VerifiedFixes:
    """Chooses fixes round by round, and remembers what was taken back."""

    known: Callable[[Project], Sequence[Rule]]
    settings_of: SettingsOf
    ask: Ask
    taken_back: list[TakenBack] = field(default_factory=list)
    _refused: set[tuple[str, str, str]] = field(default_factory=set)

    def __call__(self, project: Project, found: tuple[Diagnostic, ...]) -> Collection[Diagnostic]:
        """The findings whose fixes hold together; one that was taken back is not tried again."""
        units = [
            unit
            for unit in units_of(found, self.known(project), project)
            if _identity(unit, project) not in self._refused
        ]
        units = list(compatible(units, project.sources))
        if not units:
            return ()
        settled = settle(units, ProjectJudge(project, self.ask, self.settings_of(project.root).verify).judge())
        for unit, judged in settled.taken_back.items():
            self._refused.add(_identity(unit, project))
            self.taken_back.append(TakenBack(_place(unit, project), unit.diagnostic.code, judged))
        return [unit.diagnostic for unit in settled.kept]

    def notices(self) -> Iterator[str]:
        """A line for each fix that was taken back."""
        return map(str, self.taken_back)


def _identity(unit: FixUnit, project: Project) -> tuple[str, str, str]:
    """What stays of a finding when other lines are changed: its file, its rule, and the text that it is about."""
    span = unit.diagnostic.span
    return unit.path, unit.diagnostic.code, project.sources[unit.path].text[span.start : span.end]


def _place(unit: FixUnit, project: Project) -> str:
    cell, position = project.sources[unit.path].place(unit.diagnostic.span.start)
    return f"{unit.path}:{position.row}" if cell is None else f"{unit.path}:cell {cell}:{position.row}"
