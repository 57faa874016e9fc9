"""The line that ends a run in the text formats."""

from collections import Counter

from nnxlint.diagnostic import Diagnostic, Level
from nnxlint.edits import Applicability
from nnxlint.report import Report


def summary(report: Report) -> str:
    """How much was found, where, how much of it was fixed, and how much of it could be."""
    if not report.diagnostics:
        found = f"No problems found in {_counted(report.file_count, 'file')}"
        return "; ".join(part for part in (found, _fixed(report), _known(report)) if part)
    files = _counted(len({each.path for each in report.diagnostics}), "file")
    found = f"Found {_levels(report)} in {files}"
    return "; ".join(part for part in (found, _fixed(report), _fixable(report), _known(report)) if part)


def fix_summary(report: Report) -> str:
    """Give what the fixes of a diff would mend."""
    return f"Would fix {_counted(len(report.fixed), 'finding')} in {_counted(len(report.changes), 'file')}"


def _levels(report: Report) -> str:
    counts = Counter(each.level for each in report.diagnostics)
    parts = (_counted(counts[level], level.value) for level in (Level.ERROR, Level.WARNING) if counts[level])
    return " and ".join(parts)


def _fixed(report: Report) -> str:
    return f"fixed {len(report.fixed)}" if report.fixed else ""


def _known(report: Report) -> str:
    return f"{len(report.known)} known" if report.known else ""


def _fixable(report: Report) -> str:
    safe = _with_fix(report.diagnostics, Applicability.SAFE)
    unsafe = _with_fix(report.diagnostics, Applicability.UNSAFE)
    if safe and unsafe:
        return f"{safe} fixable with --fix, {unsafe} more with --unsafe-fixes"
    if safe:
        return f"{safe} fixable with --fix"
    return f"{unsafe} fixable with --fix --unsafe-fixes" if unsafe else ""


def _with_fix(diagnostics: tuple[Diagnostic, ...], applicability: Applicability) -> int:
    fixes = (each.fix for each in diagnostics)
    return sum(1 for fix in fixes if fix and fix.edits and fix.applicability is applicability)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
