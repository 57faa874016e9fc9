"""One project checked: linted, fixed, and what was found remembered."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from nnxlint.cache import Cache, Entry, FileResults, cache_folder, file_key, project_key
from nnxlint.diagnostic import Diagnostic
from nnxlint.edits import Applicability
from nnxlint.fixer import fix_until_settled, writable
from nnxlint.knowledge import Project
from nnxlint.linter import Crash, Linted, lint_path
from nnxlint.report import Report
from nnxlint.rule import Rule
from nnxlint.rules import all_rules
from nnxlint.selection import rules_in, unfixable_codes
from nnxlint.semantic.analysis import Analysis, analyse
from nnxlint.semantic.statistics import Statistics
from nnxlint.settings import Settings, SettingsOf
from nnxlint.source import Source
from nnxlint.suppression import Rules, without_silenced
from nnxlint.syntax_errors import broken_cells, broken_file

Count = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """What to check: paths, the settings of each directory, the rules there are, which fixes to make.

    Statistics take time, so they are only made where they are wanted. `contents` stands in for what is on disk
    under an absolute path. `remembers`: results are read from the cache and kept there; `jobs`: so many processes.
    """

    paths: tuple[Path, ...]
    settings_of: SettingsOf
    rules: tuple[Rule, ...]
    fixes: frozenset[Applicability] = frozenset()
    statistics: bool = False
    contents: Mapping[Path, bytes] = field(default_factory=dict)
    remembers: bool = False
    jobs: int = 1

    @property
    def is_usual(self) -> bool:
        """Whether the rules are those that every process knows."""
        return self.rules == all_rules()


@dataclass(frozen=True, slots=True)
class Found:
    """What was found in the files of a project, in the order in which they are reported."""

    files: tuple[FileResults, ...]
    statistics: Statistics | None = None
    crashes: tuple[Crash, ...] = ()


def check_project(project: Project, request: CheckRequest, advance: Count = lambda _: None) -> Report:
    """Lint the project, and make the fixes that are wanted; `advance` is told how many files are done."""
    found = recalled(project, request)
    if found is None:
        found = lint(project, analyse(project), request, advance)
        _remember(project, request, found)
    report = report_of(project, found)
    return fix_until_settled(report, lambda sources: _again(project, sources, request), request.fixes)


def recalled(project: Project, request: CheckRequest) -> Found | None:
    """Give what is known of the project without work; `None` where that is not everything that is asked."""
    if not project.reported:
        return Found(())
    if not (request.remembers and request.is_usual):
        return None
    entry = _cache(project, request).read(project_key(project))
    keys = [_key(path, request) for path in project.reported]
    if any(key not in entry.files for key in keys) or (request.statistics and entry.statistics is None):
        return None
    return Found(tuple(entry.files[key] for key in keys), entry.statistics if request.statistics else None)


def lint(project: Project, analysis: Analysis, request: CheckRequest, advance: Count = lambda _: None) -> Found:
    """Run the rules on every file that is reported."""
    files: list[FileResults] = []
    crashes: list[Crash] = []
    for count, path in enumerate(project.reported, start=1):
        linted, failures = _lint_file(project, path, analysis, request)
        files.append(FileResults(linted.diagnostics, failures))
        crashes += linted.crashes
        advance(count)
    return Found(tuple(files), analysis.statistics if request.statistics else None, tuple(crashes))


def report_of(project: Project, found: Found) -> Report:
    """Make the report of what was found in a project."""
    return Report(
        diagnostics=tuple(each for file in found.files for each in file.diagnostics),
        sources=project.sources,
        file_count=len(project.reported) + len(project.unrelated),
        failures=tuple(each for file in found.files for each in file.failures),
        crashes=found.crashes,
        statistics=found.statistics or Statistics(),
    )


def _again(project: Project, sources: Mapping[str, Source], request: CheckRequest) -> Report:
    changed = replace(project, sources=sources)
    return report_of(changed, lint(changed, analyse(changed), request))


def _remember(project: Project, request: CheckRequest, found: Found) -> None:
    """Keep what was found, unless it is of no file on disk, or the result of a defect of ours."""
    if not (request.remembers and request.is_usual) or request.contents or found.crashes:
        return
    cache, key = _cache(project, request), project_key(project)
    files = {_key(path, request): results for path, results in zip(project.reported, found.files, strict=True)}
    cache.write(key, Entry(files, found.statistics).joined(cache.read(key)))


def _cache(project: Project, request: CheckRequest) -> Cache:
    return Cache(cache_folder(project.root, request.settings_of(project.root)))


def _key(path: str, request: CheckRequest) -> str:
    settings = request.settings_of(Path(path).parent)
    ran = (rule.code for rule in rules_in(path, settings, request.rules))
    return file_key(path, {"rules": ran, "shown": unfixable_codes(settings, request.rules)})


def _lint_file(
    project: Project, path: str, analysis: Analysis, request: CheckRequest
) -> tuple[Linted, tuple[str, ...]]:
    """Lint one file; the lines tell of what could not be read in it."""
    settings = request.settings_of(Path(path).parent)
    if path in analysis.syntax_errors:
        broken = broken_file(project.sources[path], analysis.syntax_errors[path], settings, request.rules)
        return Linted(broken.diagnostics), broken.notices
    linted = _run_rules(project, path, analysis, settings, request.rules)
    broken = broken_cells(project.sources[path], settings, request.rules)
    return replace(linted, diagnostics=(*linted.diagnostics, *broken.diagnostics)), broken.notices


def _run_rules(project: Project, path: str, analysis: Analysis, settings: Settings, known: Sequence[Rule]) -> Linted:
    ran = rules_in(path, settings, known)
    linted = lint_path(path, analysis.model, ran)
    heard = without_silenced(project.sources[path], linted, Rules(ran, known), project.targets[path])
    shown = unfixable_codes(settings, known)
    fitted = (writable(project.sources[path], each) for each in heard.diagnostics)
    return replace(heard, diagnostics=tuple(_for_display(each, shown) for each in fitted))


def _for_display(diagnostic: Diagnostic, shown: frozenset[str]) -> Diagnostic:
    """Give the diagnostic with a fix that nobody applies, where its rule's fixes are only shown."""
    if diagnostic.fix is None or diagnostic.code not in shown:
        return diagnostic
    return replace(diagnostic, fix=replace(diagnostic.fix, applicability=Applicability.DISPLAY))
