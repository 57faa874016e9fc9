"""`nnxlint check --fix --verify`: of the fixes that could be made, those are that running the code speaks for."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from nnxlint.diagnostic import Diagnostic
from nnxlint.knowledge import Project
from nnxlint.report import Report, Verified
from nnxlint.rule import Rule
from nnxlint.settings import SettingsOf
from nnxlint.source import Source
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
    _refused: dict[tuple[str, str, str], Judged] = field(default_factory=dict)

    def __call__(self, project: Project, found: tuple[Diagnostic, ...]) -> Collection[Diagnostic]:
        """The findings whose fixes hold together; one that was taken back is not tried again."""
        units = [
            unit
            for unit in units_of(found, self.known(project), project)
            if _identity(unit.diagnostic, project.sources) not in self._refused
        ]
        units = list(compatible(units, project.sources))
        if not units:
            return ()
        settled = settle(units, ProjectJudge(project, self.ask, self.settings_of(project.root).verify).judge())
        for unit, judged in settled.taken_back.items():
            self._refused[_identity(unit.diagnostic, project.sources)] = judged
            self.taken_back.append(TakenBack(_place(unit, project), unit.diagnostic.code, judged))
        return [unit.diagnostic for unit in settled.kept]

    def verdicts(self, report: Report) -> Mapping[Diagnostic, Verified]:
        """Why the findings that are left kept their faults, where their fixes were taken back."""
        identities = ((each, _identity(each, report.sources)) for each in report.diagnostics)
        refused = ((each, self._refused[identity]) for each, identity in identities if identity in self._refused)
        return {each: Verified(judged.verdict.value, judged.reason) for each, judged in refused}

    def notices(self) -> Iterator[str]:
        """A line for each fix that was taken back."""
        return map(str, self.taken_back)


def _identity(diagnostic: Diagnostic, sources: Mapping[str, Source]) -> tuple[str, str, str]:
    """What stays of a finding when other lines are changed: its file, its rule, and the text that it is about."""
    span, source = diagnostic.span, sources.get(diagnostic.path)
    return diagnostic.path, diagnostic.code, source.text[span.start : span.end] if source else ""


def _place(unit: FixUnit, project: Project) -> str:
    cell, position = project.sources[unit.path].place(unit.diagnostic.span.start)
    return f"{unit.path}:{position.row}" if cell is None else f"{unit.path}:cell {cell}:{position.row}"
