"""The module classes of many files: paths to projects, each analysed, their state maps put together."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from nnxlint.garbage import resting_collector, sweep
from nnxlint.knowledge import Project, load_projects
from nnxlint.semantic.analysis import analyse
from nnxlint.semantic.statemap import ClassState, state_map
from nnxlint.settings import SettingsOf
from nnxlint.source import Source
from nnxlint.workers import Task, spread


@dataclass(frozen=True, slots=True)
class Survey:
    """The module classes of the files that were named, in their order, with the sources that they point into.

    `unsure` are classes that may be modules. `failures` are jobs that could not be done, `notices` are worth knowing;
    a line each.
    """

    classes: tuple[ClassState, ...]
    sources: Mapping[str, Source]
    unsure: int = 0
    failures: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


def survey(
    paths: tuple[Path, ...], settings_of: SettingsOf, jobs: int = 1, done: Callable[[int, int], None] | None = None
) -> Survey:
    """Say what the module classes of the files under the paths hold; `done` is told how many of how many files are."""
    loaded = load_projects(paths, settings_of)
    projects = [project for project in loaded.projects if project.reported]
    tasks = [Task(project, sum(len(source.text) for source in project.sources.values())) for project in projects]
    counted = _Counted(sum(len(project.reported) for project in projects), done)
    found = spread(_surveyed, tasks, jobs, lambda task: counted.add(len(task.argument.reported)))
    classes = sorted((state for one in found for state in one.classes), key=lambda state: state.place)
    empty = () if any(project.reported or project.unrelated for project in loaded.projects) else (_NOTHING,)
    return Survey(
        tuple(classes),
        {path: source for project in projects for path, source in project.sources.items()},
        sum(one.unsure for one in found),
        (*map(str, loaded.failures), *(line for one in found for line in one.failures)),
        (*loaded.notices, *(() if loaded.failures or loaded.notices else empty)),
    )


_NOTHING = "no Python files found under the given paths"


@dataclass(slots=True)
class _Counted:
    """How many files are done, of all."""

    total: int
    advance: Callable[[int, int], None] | None
    count: int = 0

    def add(self, count: int) -> None:
        """Count files that are done."""
        self.count += count
        if self.advance is not None:
            self.advance(self.count, self.total)


@dataclass(frozen=True, slots=True)
class _Found:
    classes: tuple[ClassState, ...]
    unsure: int
    failures: tuple[str, ...]


def _surveyed(project: Project) -> _Found:
    """The module classes of one project, in whatever process."""
    sweep()
    with resting_collector():
        analysis = analyse(project, watched=True)
        reported = frozenset(project.reported)
        known = state_map(analysis.machine)
        classes = tuple(one for one in known.classes if one.place.path in reported)
        unsure = sum(place.path in reported for place in known.unsure)
    failures = [
        f"{path}:{error.lineno or 1}: cannot be parsed: {error.msg}"
        for path, error in sorted(analysis.syntax_errors.items())
        if path in reported
    ]
    crashes = analysis.machine.log.crashes
    failures += [f"{path}: a defect of nnxlint: {crashes[path]!r}" for path in sorted(crashes) if path in reported]
    return _Found(classes, unsure, tuple(failures))
