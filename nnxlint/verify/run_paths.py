"""`nnxlint verify PATH…`: every fixable finding is fixed in a copy, and what calls it is run before and after."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from packaging.version import Version

from nnxlint.cases import NO_CASES, DeclaredCases
from nnxlint.diagnostic import Diagnostic
from nnxlint.edits import Applicability
from nnxlint.fixer import fixable
from nnxlint.knowledge import Project, load_projects
from nnxlint.project import CheckRequest, check
from nnxlint.report import Report
from nnxlint.rule import Repairs, Rule
from nnxlint.semantic.analysis import analyse
from nnxlint.verify.contracts import promise_text
from nnxlint.verify.entries.bisection import Judge, Judged
from nnxlint.verify.entries.candidates import Finder
from nnxlint.verify.entries.judging import judge
from nnxlint.verify.entries.known import known_of
from nnxlint.verify.entries.overlay import FixUnit, compatible, fixed
from nnxlint.verify.entries.trial import Judging, Versions
from nnxlint.verify.protocol import Answer, Job
from nnxlint.verify.results import Result
from nnxlint.verify.verdicts import Verdict

Ask = Callable[[Sequence[Job]], Sequence[Answer]]
"""Runs jobs in children; the answers in the order of the jobs."""

ALL = frozenset({Applicability.SAFE, Applicability.UNSAFE})


@dataclass(frozen=True, slots=True)
class FixVerdict:
    """The verdict of one fix, with all that was asked for it."""

    unit: FixUnit
    judged: Judged
    jobs: tuple[Job, ...] = ()
    answers: tuple[Answer, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class PathsRun:
    """What was found in the paths, and a verdict for each finding that has a fix."""

    report: Report
    verdicts: tuple[FixVerdict, ...]


def run_paths(request: CheckRequest, ask: Ask, allowed: frozenset[Applicability] = ALL) -> PathsRun:
    """Judge every fix that the rules offer in the paths; nothing on disk is changed."""
    report = check(request)
    verdicts: list[FixVerdict] = []
    for project in load_projects(request.paths, request.settings_of, request.contents).projects:
        found = (each for each in report.diagnostics if fixable(each, allowed) is not None)
        units = units_of(found, request.known_rules_in(project), project)
        if units:
            declared = request.settings_of(project.root).verify
            verdicts += ProjectJudge(project, ask, declared).all_verdicts(units)
    return PathsRun(report, tuple(verdicts))


def units_of(diagnostics: Iterable[Diagnostic], rules: Iterable[Rule], project: Project) -> tuple[FixUnit, ...]:
    """The findings in files of the project, with what their rules promise of their fixes."""
    contracts = {rule.code: rule.contract for rule in rules}
    return tuple(FixUnit(each, contracts.get(each.code)) for each in diagnostics if each.path in project.sources)


def result_of(verdict: FixVerdict) -> Result:
    """The verdict as a result; its environment is that of the last child that was asked."""
    contract = verdict.unit.contract
    ran_on = [answer.environment for answer in verdict.answers if answer.environment is not None]
    return Result(
        code=verdict.unit.diagnostic.code,
        contract="" if contract is None else promise_text(contract),
        verdict=verdict.judged.verdict,
        witness=contract.witness if isinstance(contract, Repairs) else "",
        reason=verdict.judged.reason,
        environment=ran_on[-1] if ran_on else None,
        seconds=verdict.seconds,
    )


class ProjectJudge:
    """Judges the fixes of one project, which is analysed once."""

    def __init__(self, project: Project, ask: Ask, declared: DeclaredCases = NO_CASES) -> None:
        self.project = project
        self.ask = ask
        self.finder = Finder(known_of(analyse(project, entered=True)), project, declared)

    def all_verdicts(self, units: Sequence[FixUnit]) -> list[FixVerdict]:
        """A verdict for each fix: beside all others where that can be, else alone."""
        together = compatible(units, self.project.sources)
        found = {each.unit: each for each in self._judged((), together)}
        for unit in units:
            if unit not in found:
                [found[unit]] = self._judged((), (unit,))
        return [found[unit] for unit in units]

    def judge(self) -> Judge:
        """The judge that bisection asks."""
        return lambda kept, units: {each.unit: each.judged for each in self._judged(kept, units)}

    def _judged(self, kept: Sequence[FixUnit], units: Sequence[FixUnit]) -> list[FixVerdict]:
        """The verdicts of fixes, each against a program that has all the others."""
        judgings = [judge(unit, self._versions(kept, units, unit), self.finder) for unit in units]
        verdicts = []
        for unit, (judged, jobs, answers) in zip(units, run_together(judgings, self.ask), strict=True):
            seconds = sum(each.seconds for each in answers)
            verdicts.append(FixVerdict(unit, self._on_its_flax(unit, judged, answers), jobs, answers, seconds))
        return verdicts

    def _on_its_flax(self, unit: FixUnit, judged: Judged, answers: Sequence[Answer]) -> Judged:
        """What failed on another Flax than the project is written for says nothing of the fix."""
        target = self.project.targets.get(unit.path)
        ran_on = next((each.environment.flax for each in answers if each.environment is not None), None)
        if judged.verdict.keeps or target is None or ran_on is None:
            return judged
        if Version(ran_on).release[:2] == target.release[:2]:
            return judged
        where = f"written for Flax {target}, and run on {ran_on}"
        return replace(judged, verdict=Verdict.UNVERIFIED, reason=f"{where}: {judged.reason}")

    def _versions(self, kept: Sequence[FixUnit], units: Sequence[FixUnit], unit: FixUnit) -> Versions:
        every = (*kept, *units)
        without = [each for each in every if each is not unit]
        return Versions(self._texts(without), self._texts(every), self._texts(()))

    def _texts(self, units: Sequence[FixUnit]) -> dict[str, str]:
        by_path: dict[str, list[FixUnit]] = defaultdict(list)
        for unit in units:
            by_path[unit.path].append(unit)
        sources = self.project.sources
        made = {path: fixed(sources[path], own) for path, own in by_path.items()}
        return {path: (made.get(path) or source).text for path, source in sources.items()}


def run_together(judgings: Sequence[Judging], ask: Ask) -> list[tuple[Judged, tuple[Job, ...], tuple[Answer, ...]]]:
    """Run several judges to their end; the jobs that they want at one time are asked for together."""
    asked: list[list[Job]] = [[] for _ in judgings]
    told: list[list[Answer]] = [[] for _ in judgings]
    results: dict[int, Judged] = {}
    waiting: dict[int, Sequence[Job]] = {}
    for number, judging in enumerate(judgings):
        _advance(judging, number, None, waiting, results)
    while waiting:
        numbers = [(number, len(jobs)) for number, jobs in waiting.items()]
        answers = list(ask([job for jobs in waiting.values() for job in jobs]))
        for number, jobs in list(waiting.items()):
            asked[number] += jobs
        for number, count in numbers:
            own, answers = answers[:count], answers[count:]
            told[number] += own
            _advance(judgings[number], number, own, waiting, results)
    return [(results[number], tuple(asked[number]), tuple(told[number])) for number in range(len(judgings))]


def _advance(
    judging: Judging,
    number: int,
    answers: Sequence[Answer] | None,
    waiting: dict[int, Sequence[Job]],
    results: dict[int, Judged],
) -> None:
    """Let a judge go on until it wants more jobs or has its verdict."""
    waiting.pop(number, None)
    try:
        waiting[number] = next(judging) if answers is None else judging.send(answers)
    except StopIteration as end:
        results[number] = end.value
