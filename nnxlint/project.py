"""Many files: paths to projects, projects checked, one report."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from nnxlint.diagnostic import Diagnostic
from nnxlint.edits import Applicability
from nnxlint.errors import NnxlintError
from nnxlint.fixer import fixable
from nnxlint.garbage import resting_collector, sweep
from nnxlint.knowledge import Loaded, Project, load_projects
from nnxlint.remembering import recalled, report_of
from nnxlint.report import Change, Report, combined
from nnxlint.request import CheckRequest
from nnxlint.scope import EVERYTHING, Scope
from nnxlint.settings import SettingsOf
from nnxlint.source import encode_source
from nnxlint.target import target_flax
from nnxlint.timing import Stopwatch, Timings, phase
from nnxlint.workers import Task, spread
from nnxlint.writing import write_source

__all__ = ["Advance", "CheckRequest", "Explanation", "changed_bytes", "check", "explain", "write_changes"]

Advance = Callable[[int, int], None]


def check(request: CheckRequest, advance: Advance | None = None) -> Report:
    """Lint the files that the paths name; fixes are made in the report's sources, and on no disk.

    `advance` is told how many of how many files are done.
    """
    with resting_collector():
        return _check(request, advance)


def _check(request: CheckRequest, advance: Advance | None) -> Report:
    with phase(request.clock, "read files"):
        loaded = load_projects(request.paths, request.settings_of, request.contents, request.folders)
    progress = _Progress(advance, sum(len(project.reported) for project in loaded.projects))
    with phase(request.clock, "look results up"):
        known = {place: _remembered(project, request) for place, project in enumerate(loaded.projects)}
    for place, report in known.items():
        progress.add(len(loaded.projects[place].reported) if report else 0)
    missing = [place for place, report in known.items() if report is None]
    if missing or not any(project.reported for project in loaded.projects):
        with phase(request.clock, "load rules"):
            _refuse_names_of_no_rule(request)
    fresh = _check_all([loaded.projects[place] for place in missing], request, progress)
    known |= dict(zip(missing, fresh, strict=True))
    reports = [report for report in known.values() if report is not None]
    report = request.scope.applied(combined((_outside(loaded), *reports)))
    return replace(report, details=tuple(_details(loaded.projects, request)))


def write_changes(report: Report, scope: Scope = EVERYTHING) -> Report:
    """Write the changed sources to disk; one that cannot be written becomes a failure of the report.

    Of such a file the report tells what was found in it as it is, as far as `scope` lets it.
    """
    failures: list[str] = []
    unwritten: list[Change] = []
    for change in report.changes:
        try:
            write_source(change.before, change.after)
        except NnxlintError as error:
            failures.append(str(error))
            unwritten.append(change)
    told = _taken_back(report, unwritten, scope) if unwritten else report
    return replace(told, failures=(*report.failures, *failures))


def _taken_back(report: Report, changes: Sequence[Change], scope: Scope) -> Report:
    """Give the report as it is without the changes."""
    sources = {each.before.path: each.before for each in changes}
    found = tuple(diagnostic for each in changes for diagnostic in each.found)
    back = scope.applied(Report(found, sources, checked=tuple(sources)))
    places = {path: place for place, path in enumerate(report.checked)}

    def merged(now: Iterable[Diagnostic], before: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
        every = (*(each for each in now if each.path not in sources), *before)
        return tuple(sorted(every, key=lambda each: places.get(each.path, -1)))

    return replace(
        report,
        diagnostics=merged(report.diagnostics, back.diagnostics),
        known=None if report.known is None else merged(report.known, back.known or ()),
        left_out=merged(report.left_out, back.left_out),
        fixed=merged(report.fixed, ()),
        changes=tuple(each for each in report.changes if each.before.path not in sources),
        sources={**report.sources, **sources},
        recognised=report.recognised | back.recognised,
    )


def changed_bytes(report: Report, path: str, before: bytes) -> bytes:
    """Give a file's bytes with its changes made."""
    change = next((each for each in report.changes if each.before.path == path), None)
    return encode_source(change.before, change.after.content) if change else before


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is known about one row: the model's own lines, and what is reported there."""

    lines: tuple[str, ...]
    report: Report


def explain(path: Path, row: int, request: CheckRequest, cell: int | None = None) -> Explanation:
    """Tell what the model knows of the objects on a row (of a notebook's cell), and what is reported there."""
    from nnxlint.checking import lint  # noqa: PLC0415 - what is remembered needs no rules
    from nnxlint.semantic.analysis import analyse  # noqa: PLC0415

    loaded = load_projects((path,), request.settings_of)
    for failure in loaded.failures:
        raise failure
    project = next((each for each in loaded.projects if each.reported), None)
    if project is None:
        return Explanation((f"{path} has nothing to do with NNX: no rule looks at it",), Report())
    [name] = project.reported
    source = project.sources[name]
    row = source.row_of(str(path), row, cell)
    analysis = analyse(project)
    report = report_of(project, lint(project, analysis, request))
    here = tuple(each for each in report.diagnostics if source.lines.position(each.span.start).row == row)
    lines = () if name in analysis.syntax_errors else tuple(analysis.model(name).explain(row))
    return Explanation(lines, replace(report, diagnostics=here))


def _refuse_names_of_no_rule(request: CheckRequest) -> None:
    """Raise `NnxlintError` where settings name no rule; where all was remembered, they were looked at before."""
    from nnxlint.selection import rules_of  # noqa: PLC0415 - what is remembered needs no rules

    for path in request.paths:
        settings = request.settings_of(path if path.is_dir() else path.parent)
        rules_of(settings, request.known_rules(settings))


def _remembered(project: Project, request: CheckRequest) -> Report | None:
    """Give the report of a project of which everything is remembered, and nothing has to be mended."""
    kept = request.kept(project) if request.kept and project.reported else None
    if kept is not None:
        return kept
    found = recalled(project, request)
    report = report_of(project, found) if found else None
    has_fixes = report is not None and any(fixable(each, request.fixes) for each in report.diagnostics)
    return None if has_fixes else report


@dataclass(frozen=True, slots=True)
class _Job:
    """One project to check in whatever process; what it takes is picklable, unlike rules."""

    project: Project
    settings_of: SettingsOf
    fixes: frozenset[Applicability]
    statistics: bool
    remembers: bool
    scope: Scope
    timed: bool

    @property
    def size(self) -> int:
        """How much source there is."""
        return sum(len(source.text) for source in self.project.sources.values())

    def run(self) -> Report:
        """Check the project; of the sources, only those that were changed come back."""
        from nnxlint.checking import check_project  # noqa: PLC0415 - what is remembered needs no rules

        request = CheckRequest(
            (),
            self.settings_of,
            fixes=self.fixes,
            statistics=self.statistics,
            remembers=self.remembers,
            scope=self.scope,
            clock=Stopwatch() if self.timed else None,
        )
        sweep()
        with resting_collector():
            report = check_project(self.project, request)
        before = self.project.sources
        return replace(
            report,
            sources={path: each for path, each in report.sources.items() if each is not before[path]},
            timings=request.clock.timings if request.clock else Timings(),
        )


def _check_all(projects: Sequence[Project], request: CheckRequest, progress: "_Progress") -> Iterator[Report]:
    """Check the projects, in several processes where that is allowed and pays."""
    if not projects:
        return
    with phase(request.clock, "load rules"):
        from nnxlint.checking import check_project  # noqa: PLC0415 - what is remembered needs no rules

    if request.jobs == 1 or request.rules is not None or request.contents or request.choose:
        for project in projects:
            sweep()
            yield check_project(project, request, progress.starting())
        return
    jobs = [
        _Job(
            project,
            request.settings_of,
            request.fixes,
            request.statistics,
            request.remembers,
            request.scope,
            timed=request.clock is not None,
        )
        for project in projects
    ]
    tasks = [Task(job, job.size) for job in jobs]
    reports = spread(_Job.run, tasks, request.jobs, lambda task: progress.add(len(task.argument.project.reported)))
    for job, report in zip(jobs, reports, strict=True):
        if request.clock is not None:
            request.clock.add(report.timings)
        yield replace(report, sources={**job.project.sources, **report.sources})


@dataclass(slots=True)
class _Progress:
    """How many files are done, of all projects."""

    advance: Advance | None
    total: int
    done: int = 0

    def add(self, count: int) -> None:
        """Count files that are done."""
        self.done += count
        if self.advance is not None:
            self.advance(self.done, self.total)

    def starting(self) -> Callable[[int], None]:
        """Give what counts the files of the next project, from the first on."""
        before = self.done
        return lambda count: self.add(before + count - self.done)


def _details(projects: Iterable[Project], request: CheckRequest) -> Iterator[str]:
    """Tell of each root how much was known, and of which Flax."""
    by_root: dict[Path, list[Project]] = {}
    for project in projects:
        by_root.setdefault(project.root, []).append(project)
    for root, parts in by_root.items():
        origin = target_flax(root, request.settings_of(root))
        files = sum(len(part.sources) for part in parts)
        reported = sum(len(part.reported) for part in parts)
        yield f"{root}: {files} files known, {reported} of them reported, Flax {origin.version} ({origin.origin})"


def _outside(loaded: Loaded) -> Report:
    """Report what loading the projects had to say."""
    empty = (
        ()
        if loaded.failures or loaded.notices or any(_has_files(loaded))
        else ("no Python files found under the given paths",)
    )
    return Report(failures=tuple(map(str, loaded.failures)), notices=(*loaded.notices, *empty))


def _has_files(loaded: Loaded) -> Iterator[bool]:
    return (bool(project.reported or project.unrelated) for project in loaded.projects)
