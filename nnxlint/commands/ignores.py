"""`--add-ignore`: comments written for all that is reported, and another look at what they left."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from nnxlint.diagnostic import Diagnostic
from nnxlint.errors import NnxlintError
from nnxlint.ignoring import silence
from nnxlint.project import write_changes
from nnxlint.report import Change, Report
from nnxlint.request import CheckRequest
from nnxlint.suppression import Rules


def add_ignores(
    report: Report, request: CheckRequest, reason: str, check: Callable[[CheckRequest], Report]
) -> tuple[Report, list[str]]:
    """Write comments for what is reported, and give the report of what is reported then; the lines tell of it."""
    planned = _with_comments(report, request, reason)
    written = write_changes(planned)
    told = [*_told(written, planned.diagnostics)]
    if not written.changes:
        return replace(report, failures=written.failures), told
    again = check(request)
    failures = (*written.failures, *(each for each in again.failures if each not in written.failures))
    return replace(again, failures=failures), told


def _with_comments(report: Report, request: CheckRequest, reason: str) -> Report:
    """Give the report with the comments as its changes, and what they silence as what these mend."""
    by_path: dict[str, list[Diagnostic]] = {}
    for each in report.diagnostics:
        by_path.setdefault(each.path, []).append(each)
    changes: list[Change] = []
    silenced: list[Diagnostic] = []
    failures: list[str] = []
    for path, found in by_path.items():
        if path not in report.sources:
            continue
        try:
            made = silence(report.sources[path], found, reason, _prefixes(path, request))
        except NnxlintError as error:
            failures.append(str(error))
            continue
        changes += [Change(report.sources[path], made.source)] if made.diagnostics else []
        silenced += made.diagnostics
    return replace(
        report,
        diagnostics=tuple(each for each in report.diagnostics if each not in silenced),
        fixed=tuple(silenced),
        changes=tuple(changes),
        failures=(*report.failures, *failures),
    )


def _prefixes(path: str, request: CheckRequest) -> frozenset[str]:
    """Give what the codes of the rules start with that there are for a file."""
    return Rules((), request.known_rules(request.settings_of(Path(path).parent))).prefixes


def _told(written: Report, left: Collection[Diagnostic]) -> Iterator[str]:
    files = len(written.changes)
    yield f"{_counted(len(written.fixed), 'finding')} silenced by comments in {_counted(files, 'file')}"
    if left:
        yield f"{_counted(len(left), 'finding')} cannot be silenced by a comment: {_codes(left)}"


def _codes(found: Iterable[Diagnostic]) -> str:
    return ", ".join(sorted({each.code for each in found}))


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
