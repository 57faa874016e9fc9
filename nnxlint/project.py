"""Many files: paths to projects, projects analysed and linted, one report."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from nnxlint.diagnostic import Diagnostic
from nnxlint.edits import Applicability
from nnxlint.errors import NnxlintError
from nnxlint.fixer import Choose, fix_until_settled, writable
from nnxlint.knowledge import Loaded, Project, load_projects
from nnxlint.linter import Linted, lint_path
from nnxlint.report import Report, combined
from nnxlint.rule import Rule
from nnxlint.selection import rules_in, rules_of, unfixable_codes
from nnxlint.semantic.analysis import Analysis, analyse
from nnxlint.semantic.statistics import Statistics
from nnxlint.settings import Settings, SettingsOf
from nnxlint.source import encode_source
from nnxlint.suppression import Rules, without_silenced
from nnxlint.syntax_errors import broken_cells, broken_file
from nnxlint.target import target_flax
from nnxlint.writing import write_source

Advance = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """What to check: paths, the settings of each directory, the rules there are, which fixes to make.

    Statistics take time, so they are only made where they are wanted. `contents` stands in for what is on disk
    under an absolute path. `choose`, where there is one, has the last word on the fixes of a project.
    """

    paths: tuple[Path, ...]
    settings_of: SettingsOf
    rules: tuple[Rule, ...]
    fixes: frozenset[Applicability] = frozenset()
    statistics: bool = False
    contents: Mapping[Path, bytes] = field(default_factory=dict)
    choose: Callable[[Project, tuple[Diagnostic, ...]], Collection[Diagnostic]] | None = None


def check(request: CheckRequest, advance: Advance | None = None) -> Report:
    """Lint the files that the paths name; fixes are made in the report's sources, and on no disk.

    `advance` is told how many of how many files are done.
    """
    for path in request.paths:
        rules_of(request.settings_of(path if path.is_dir() else path.parent), request.rules)
    loaded = load_projects(request.paths, request.settings_of, request.contents)
    total = sum(len(project.reported) for project in loaded.projects)
    done = 0
    reports = [_outside(loaded)]
    for project in loaded.projects:
        offset, done = done, done + len(project.reported)
        reports.append(_check_project(project, request, _counted(advance, offset, total)))
    return combined(reports)


def write_changes(report: Report) -> Report:
    """Write the changed sources to disk; one that cannot be written becomes a failure of the report."""
    failures: list[str] = []
    for change in report.changes:
        try:
            write_source(change.before, change.after)
        except NnxlintError as error:
            failures.append(str(error))
    return replace(report, failures=(*report.failures, *failures))


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
    report = _lint(project, analysis, request, lambda _: None)
    here = tuple(each for each in report.diagnostics if source.lines.position(each.span.start).row == row)
    lines = () if name in analysis.syntax_errors else tuple(analysis.model(name).explain(row))
    return Explanation(lines, replace(report, diagnostics=here))


def _check_project(project: Project, request: CheckRequest, advance: Callable[[int], None]) -> Report:
    report = _lint(project, analyse(project), request, advance)
    if request.fixes:
        report = fix_until_settled(
            report,
            lambda sources: _lint_changed(replace(project, sources=sources), request),
            request.fixes,
            _chooser(project, request),
        )
    origin = target_flax(project.root, request.settings_of(project.root))
    detail = (
        f"{project.root}: {len(project.sources)} files known, {len(project.reported)} of them reported, "
        f"Flax {origin.version} ({origin.origin})"
    )
    return replace(report, details=(detail,))


def _chooser(project: Project, request: CheckRequest) -> Choose | None:
    choose = request.choose
    if choose is None:
        return None
    return lambda sources, found: choose(replace(project, sources=sources), found)


def _lint_changed(project: Project, request: CheckRequest) -> Report:
    return _lint(project, analyse(project), request, lambda _: None)


def _lint(project: Project, analysis: Analysis, request: CheckRequest, advance: Callable[[int], None]) -> Report:
    linted: list[Linted] = []
    failures: list[str] = []
    for count, path in enumerate(project.reported, start=1):
        settings = request.settings_of(Path(path).parent)
        if path in analysis.syntax_errors:
            broken = broken_file(project.sources[path], analysis.syntax_errors[path], settings, request.rules)
            linted.append(Linted(broken.diagnostics))
        else:
            broken = broken_cells(project.sources[path], settings, request.rules)
            linted.append(_lint_file(project, path, analysis, settings, request.rules))
            linted.append(Linted(broken.diagnostics))
        failures += broken.notices
        advance(count)
    return Report(
        diagnostics=tuple(each for some in linted for each in some.diagnostics),
        sources=project.sources,
        file_count=len(project.reported) + len(project.unrelated),
        failures=tuple(failures),
        crashes=tuple(each for some in linted for each in some.crashes),
        statistics=analysis.statistics if request.statistics else Statistics(),
    )


def _lint_file(project: Project, path: str, analysis: Analysis, settings: Settings, known: Sequence[Rule]) -> Linted:
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


def _outside(loaded: Loaded) -> Report:
    """Report what loading the projects had to say."""
    empty = () if loaded.failures or any(_has_files(loaded)) else ("no Python files found under the given paths",)
    return Report(failures=tuple(map(str, loaded.failures)), notices=(*loaded.notices, *empty))


def _has_files(loaded: Loaded) -> Iterator[bool]:
    return (bool(project.reported or project.unrelated) for project in loaded.projects)


def _counted(advance: Advance | None, offset: int, total: int) -> Callable[[int], None]:
    return lambda count: advance(offset + count, total) if advance is not None else None
