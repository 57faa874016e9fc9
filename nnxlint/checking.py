"""One project checked: linted, fixed, and what was found remembered."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path

from nnxlint.cache import FileResults
from nnxlint.diagnostic import Crash, Diagnostic
from nnxlint.edits import Applicability
from nnxlint.fixer import Choose, fix_until_settled, writable
from nnxlint.knowledge import Project
from nnxlint.linter import Linted, lint_path
from nnxlint.remembering import Found, recalled, remember, report_of
from nnxlint.report import Report
from nnxlint.request import CheckRequest
from nnxlint.selection import rules_in, unfixable_codes
from nnxlint.semantic.analysis import Analysis, analyse
from nnxlint.semantic.statistics import Statistics
from nnxlint.source import Source
from nnxlint.suppression import Rules, without_silenced
from nnxlint.syntax_errors import broken_cells, broken_file
from nnxlint.timing import phase

Count = Callable[[int], None]


def check_project(project: Project, request: CheckRequest, advance: Count = lambda _: None) -> Report:
    """Lint the project, and make the fixes that are wanted; `advance` is told how many files are done."""
    found = recalled(project, request)
    if found is None:
        found = lint(project, analyse(project, clock=request.clock), request, advance)
        with phase(request.clock, "keep results"):
            remember(project, request, found)
    report = report_of(project, found)
    with phase(request.clock if request.fixes else None, "make fixes"):
        return fix_until_settled(
            report,
            lambda sources: _again(project, sources, request),
            request.fixes,
            _chooser(project, request),
            request.scope.reported,
        )


def lint(project: Project, analysis: Analysis, request: CheckRequest, advance: Count = lambda _: None) -> Found:
    """Run the rules on every file that is reported."""
    files: list[FileResults] = []
    crashes: list[Crash] = []
    with phase(request.clock, "run rules"):
        for count, path in enumerate(project.reported, start=1):
            linted, failures = _lint_file(project, path, analysis, request)
            files.append(FileResults(linted.diagnostics, failures))
            crashes += linted.crashes
            advance(count)
    return Found(tuple(files), _statistics(analysis, request), tuple(crashes))


def _statistics(analysis: Analysis, request: CheckRequest) -> Statistics | None:
    if not request.statistics:
        return None
    with phase(request.clock, "make statistics"):
        return analysis.statistics


def _chooser(project: Project, request: CheckRequest) -> Choose | None:
    choose = request.choose
    if choose is None:
        return None

    def chosen(sources: Mapping[str, Source], found: tuple[Diagnostic, ...]) -> Collection[Diagnostic]:
        with phase(request.clock, "verify fixes"):
            return choose(replace(project, sources=sources), found)

    return chosen


def _again(project: Project, sources: Mapping[str, Source], request: CheckRequest) -> Report:
    changed = replace(project, sources=sources)
    return report_of(changed, lint(changed, analyse(changed, clock=request.clock), request))


def _lint_file(
    project: Project, path: str, analysis: Analysis, request: CheckRequest
) -> tuple[Linted, tuple[str, ...]]:
    """Lint one file; the lines tell of what could not be read in it."""
    settings = request.settings_of(Path(path).parent)
    known = request.known_rules(settings)
    if path in analysis.syntax_errors:
        broken = broken_file(project.sources[path], analysis.syntax_errors[path], settings, known)
        return Linted(broken.diagnostics), broken.notices
    linted = _run_rules(project, path, analysis, request)
    broken = broken_cells(project.sources[path], settings, known)
    return replace(linted, diagnostics=(*linted.diagnostics, *broken.diagnostics)), broken.notices


def _run_rules(project: Project, path: str, analysis: Analysis, request: CheckRequest) -> Linted:
    settings = request.settings_of(Path(path).parent)
    known = request.known_rules(settings)
    ran = rules_in(path, settings, known)
    linted = lint_path(path, analysis.model, ran, request.clock)
    heard = without_silenced(project.sources[path], linted, Rules(ran, known), project.targets[path])
    shown = unfixable_codes(settings, known)
    fitted = (writable(project.sources[path], each) for each in heard.diagnostics)
    return replace(heard, diagnostics=tuple(_for_display(each, shown) for each in fitted))


def _for_display(diagnostic: Diagnostic, shown: frozenset[str]) -> Diagnostic:
    """Give the diagnostic with a fix that nobody applies, where its rule's fixes are only shown."""
    if diagnostic.fix is None or diagnostic.code not in shown:
        return diagnostic
    return replace(diagnostic, fix=replace(diagnostic.fix, applicability=Applicability.DISPLAY))
