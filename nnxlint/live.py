"""A project that stays analysed while its texts change: what an editor asks after every keystroke."""

import gc
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from nnxlint.cache import FileResults
from nnxlint.checking import lint
from nnxlint.diagnostic import Crash
from nnxlint.knowledge import Project
from nnxlint.remembering import Found, report_of
from nnxlint.report import Report
from nnxlint.request import CheckRequest
from nnxlint.semantic.analysis import Analysis, analyse
from nnxlint.semantic.live import Live
from nnxlint.semantic.model import SemanticModel
from nnxlint.source import Source, make_source
from nnxlint.syntax.tree import parse_tree

Count = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class _Kept:
    """What was found in one file."""

    results: FileResults
    crashes: tuple[Crash, ...]

    def relates_to(self, path: str) -> bool:
        """Whether places of another file are told of, which move when that changes."""
        return any(place.path == path for each in self.results.diagnostics for place in each.related)


@dataclass(slots=True)
class LiveProject:
    """One project as it is now. `watched`: its models can tell of the state of what stands at a place."""

    project: Project
    _request: CheckRequest
    _analysis: Analysis
    _live: Live
    watched: bool = False
    _uprooted: bool = False
    _kept: dict[str, _Kept] = field(default_factory=dict)

    def knows(self, path: str) -> bool:
        """Whether a file is of the project, and was parsed."""
        return path in self._live.modules

    def differs(self, project: Project) -> bool:
        """Whether a project has other files or targets, or what matters in all files is no longer as it was."""
        mine = self.project
        same = mine.sources.keys() == project.sources.keys() and mine.targets == project.targets
        return not same or mine.search_roots != project.search_roots or self._uprooted

    def change(self, path: str, content: bytes) -> None:
        """Take a file's new bytes; `SourceError` where they are no text, `SyntaxError` where they do not parse."""
        self.take(make_source(path, content))

    def take(self, source: Source) -> None:
        """Take a file's new source; `SyntaxError` where it does not parse."""
        path = source.path
        if source == self.project.sources[path]:
            return
        changed = self._live.change(parse_tree(source))
        self.project = replace(self.project, sources={**self.project.sources, path: source})
        self._analysis = replace(self._analysis, project=self.project)
        self._uprooted = self._uprooted or changed.uprooted
        stale = changed.files | {name for name, kept in self._kept.items() if kept.relates_to(path)}
        for each in stale:
            self._kept.pop(each, None)

    def glance(self, path: str) -> Report:
        """Report what is found in one file."""
        if path not in self._kept:
            self._live.focus(path)
            self._kept[path] = self._lint(path)
        return self._report((path,))

    def report(self, paths: Iterable[str], tell: Count = lambda *_: None) -> Report:
        """Report what is found in the files; `tell` is told how many of how many are done, and may raise."""
        wanted = tuple(paths)
        missing = [path for path in wanted if path not in self._kept]
        if missing:
            self._live.focus()
        for count, path in enumerate(missing, start=len(wanted) - len(missing)):
            tell(count, len(wanted))
            self._kept[path] = self._lint(path)
        return self._report(wanted)

    def found(self, paths: Iterable[str]) -> Found:
        """What is found in files that were looked at since they changed."""
        kept = [self._kept[path] for path in paths]
        return Found(tuple(each.results for each in kept), crashes=tuple(one for each in kept for one in each.crashes))

    def model(self, path: str) -> SemanticModel:
        """What is known of one file; `KeyError` where it was not parsed."""
        self._live.focus(path)
        return self._analysis.model(path)

    def _lint(self, path: str) -> _Kept:
        found = lint(replace(self.project, reported=(path,)), self._analysis, self._request)
        return _Kept(found.files[0], found.crashes)

    def _report(self, paths: tuple[str, ...]) -> Report:
        return report_of(replace(self.project, reported=paths, unrelated=()), self.found(paths))


def keep_live(project: Project, request: CheckRequest, *, watched: bool = False) -> LiveProject:
    """Analyse a project, and keep it analysed; `request` says with which settings and rules.

    `watched`: its models can also tell of the state of what stands at a place.
    """
    analysis = analyse(project, watched=watched)
    # To look for garbage among what is kept, which is much and none of it garbage, would take longer than an answer.
    gc.collect()
    gc.freeze()
    return LiveProject(project, request, analysis, analysis.live(), watched=watched)
