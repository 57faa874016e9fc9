"""Fixes until settled: which edits are made at once, checked, and made again until no fix is left."""

import ast
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from nnxlint.diagnostic import Diagnostic
from nnxlint.edits import Applicability, Edit, Fix, conflicts
from nnxlint.errors import EditConflictError, NnxlintError
from nnxlint.report import Change, Report
from nnxlint.source import Source, edit_source

MAX_ROUNDS = 10

Sources = Mapping[str, Source]
Relint = Callable[[Sources], Report]
Choose = Callable[[Sources, tuple[Diagnostic, ...]], Collection[Diagnostic]]
"""Chooses, of the findings whose fixes could be applied to these sources, those whose fixes are."""
Reported = Callable[[Report], Collection[Diagnostic]]
"""Gives the findings of a report that are reported: no others are mended."""


@dataclass(frozen=True, slots=True)
class _Mended:
    """One file after one round."""

    source: Source
    applied: tuple[Diagnostic, ...] = ()
    notices: tuple[str, ...] = ()


def allowed_applicabilities(*, unsafe: bool) -> frozenset[Applicability]:
    """Give the fixes that may be applied; one for display never is."""
    return frozenset({Applicability.SAFE, Applicability.UNSAFE} if unsafe else {Applicability.SAFE})


def fixable(diagnostic: Diagnostic, allowed: frozenset[Applicability]) -> Fix | None:
    """Give the diagnostic's fix, where there is one that may be applied."""
    fix = diagnostic.fix
    return fix if fix is not None and fix.edits and fix.applicability in allowed else None


def writable(source: Source, diagnostic: Diagnostic) -> Diagnostic:
    """Give the diagnostic with its fix fitted into a notebook's cells; without one that edits a magic."""
    fix = diagnostic.fix
    if source.notebook is None or fix is None:
        return diagnostic
    edits = source.notebook.fitted(fix.edits)
    return replace(diagnostic, fix=None if edits is None else replace(fix, edits=edits))


def fix_until_settled(
    report: Report,
    relint: Relint,
    allowed: frozenset[Applicability],
    choose: Choose | None = None,
    reported: Reported = lambda report: report.diagnostics,
) -> Report:
    """Apply the allowed fixes, lint the result, and again, until no fix is left or `MAX_ROUNDS` are over.

    `relint` lints once more with the sources that it is given; the report that comes back is of the last. In each
    round `choose` has the last word on which of the allowed fixes are applied.
    """
    first = report
    fixed: list[Diagnostic] = []
    notices: list[str] = []
    for _ in range(MAX_ROUNDS):
        found = _fixable(report, allowed, reported)
        chosen = found if choose is None or not found else choose(report.sources, found)
        mended = tuple(_mend_files(report, [each for each in found if each in chosen]))
        notices += (notice for each in mended for notice in each.notices)
        changed = {each.source.path: each.source for each in mended if each.applied}
        if not changed:
            break
        fixed += (diagnostic for each in mended for diagnostic in each.applied)
        report = relint({**report.sources, **changed})
    else:
        notices += _unsettled(_fixable(report, allowed, reported)) if choose is None else ()
    return replace(
        report,
        fixed=tuple(fixed),
        changes=tuple(_changes(first, report.sources)),
        notices=tuple(dict.fromkeys((*report.notices, *notices))),
    )


def _fixable(report: Report, allowed: frozenset[Applicability], reported: Reported) -> tuple[Diagnostic, ...]:
    if not any(fixable(each, allowed) for each in report.diagnostics):
        return ()
    return tuple(each for each in reported(report) if fixable(each, allowed))


def _unsettled(left: Iterable[Diagnostic]) -> Iterator[str]:
    codes = ", ".join(sorted({each.code for each in left}))
    if codes:
        yield f"fixes did not settle after {MAX_ROUNDS} rounds ({codes}): a defect of nnxlint"


def _changes(first: Report, after: Sources) -> Iterator[Change]:
    for path, source in first.sources.items():
        if source.content != after[path].content:
            yield Change(source, after[path], tuple(each for each in first.diagnostics if each.path == path))


def _mend_files(report: Report, chosen: Iterable[Diagnostic]) -> Iterator[_Mended]:
    by_path: dict[str, list[Diagnostic]] = {}
    for diagnostic in chosen:
        by_path.setdefault(diagnostic.path, []).append(diagnostic)
    return (_mend(report.sources[path], found) for path, found in by_path.items() if path in report.sources)


def _mend(source: Source, diagnostics: Iterable[Diagnostic]) -> _Mended:
    """One file with all its fixes that do not touch the same text; the first by place wins."""
    chosen = _choose(source, sorted(diagnostics, key=_first_edit))
    together = _applied(source, (edit for _, edits in chosen for edit in edits))
    if together is not None:
        return _Mended(together, tuple(diagnostic for diagnostic, _ in chosen))
    return _mend_one_by_one(source, chosen)


def _choose(source: Source, diagnostics: Iterable[Diagnostic]) -> tuple[tuple[Diagnostic, tuple[Edit, ...]], ...]:
    chosen: list[tuple[Diagnostic, tuple[Edit, ...]]] = []
    taken: tuple[Edit, ...] = ()
    for diagnostic in diagnostics:
        edits = tuple(in_newlines_of(source, edit) for edit in diagnostic.fix.edits) if diagnostic.fix else ()
        if conflicts(edits):  # a defect, which is told where the fix turns out not to be applicable
            chosen.append((diagnostic, edits))
        elif not conflicts((*taken, *edits)):
            chosen.append((diagnostic, edits))
            taken = (*taken, *edits)
    return tuple(chosen)


def _mend_one_by_one(source: Source, chosen: Iterable[tuple[Diagnostic, tuple[Edit, ...]]]) -> _Mended:
    """Make each fix that leaves the file parsable; the edits of all count in the same text."""
    kept: tuple[Edit, ...] = ()
    best = source
    applied: list[Diagnostic] = []
    notices: list[str] = []
    for diagnostic, edits in chosen:
        attempt = _applied(source, (*kept, *edits))
        if attempt is None:
            notices.append(_dropped(source, diagnostic))
            continue
        best, kept = attempt, (*kept, *edits)
        applied.append(diagnostic)
    return _Mended(best, tuple(applied), tuple(notices))


def _applied(source: Source, edits: Iterable[Edit]) -> Source | None:
    """Make the edits; None when they cannot be, or when the result is no Python or cannot be encoded."""
    try:
        made = edit_source(source, edits)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(made.text)
    except (EditConflictError, NnxlintError, SyntaxError, ValueError, RecursionError):
        return None
    return made if _broken_cells(made) == _broken_cells(source) else None


def _broken_cells(source: Source) -> list[int]:
    return [each.cell.number for each in source.notebook.broken] if source.notebook else []


def in_newlines_of(source: Source, edit: Edit) -> Edit:
    r"""Give the edit the file's own line ends where the rule wrote `\n`; copied text keeps its own."""
    if source.newline == "\n" or "\r" in edit.content:
        return edit
    return Edit(edit.span, edit.content.replace("\n", source.newline))


def _first_edit(diagnostic: Diagnostic) -> Edit:
    edits = diagnostic.fix.edits if diagnostic.fix else ()
    return min(edits)


def _dropped(source: Source, diagnostic: Diagnostic) -> str:
    cell, position = source.place(diagnostic.span.start)
    where = f"{position.row}" if cell is None else f"cell {cell}:{position.row}"
    return f"{source.path}:{where}: the fix of {diagnostic.code} was not applied: it would break the file"
