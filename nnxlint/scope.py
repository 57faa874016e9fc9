"""Which of the findings are reported: not those that a baseline knows, and only those on changed lines."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from nnxlint.baseline import Baselines
from nnxlint.diagnostic import Diagnostic
from nnxlint.report import Report
from nnxlint.revision import Revision
from nnxlint.source import Source

_BROKEN = "NNX900"
_DEFECT = "NNX999"


@dataclass(frozen=True, slots=True)
class Scope:
    """What is asked of a run besides rules and files; by itself, everything is reported.

    `since`: only findings that touch a line which was changed since then.
    """

    baselines: Baselines | None = None
    since: Revision | None = None

    def reported(self, report: Report) -> tuple[Diagnostic, ...]:
        """Give the findings of the report that are to be reported."""
        return self.applied(report).diagnostics

    def applied(self, report: Report) -> Report:
        """Give the report with the findings that are to be reported, and those that are known apart."""
        told = report if self.baselines is None else _without_known(report, self.baselines)
        if self.since is None:
            return told
        touches = _touching(told, self.since)
        known = None if told.known is None else tuple(filter(touches, told.known))
        found = (*told.diagnostics, *(told.known or ()))
        left_out = tuple(each for each in found if not touches(each))
        return replace(told, diagnostics=tuple(filter(touches, told.diagnostics)), known=known, left_out=left_out)


def _without_known(report: Report, baselines: Baselines) -> Report:
    known = baselines.known(report.diagnostics, report.sources)
    has_baseline = any(baselines.of(path) is not None for path in report.checked)
    return replace(
        report,
        diagnostics=tuple(each for each in report.diagnostics if each not in known),
        known=tuple(each for each in report.diagnostics if each in known) if has_baseline else None,
        recognised=frozenset(known.values()),
    )


def _touching(report: Report, since: Revision) -> Callable[[Diagnostic], bool]:
    rows_of: dict[str, frozenset[int]] = {}

    def touches(diagnostic: Diagnostic) -> bool:
        source = report.sources.get(diagnostic.path)
        if source is None or diagnostic.code == _DEFECT:
            return True
        if source.path not in rows_of:
            rows_of[source.path] = since.changed_rows(source)
        changed = rows_of[source.path]
        # Where a file cannot be parsed is told at a line that need not be the changed one.
        return bool(changed) if diagnostic.code == _BROKEN else not changed.isdisjoint(_rows(source, diagnostic))

    return touches


def _rows(source: Source, diagnostic: Diagnostic) -> range:
    first = source.lines.position(diagnostic.span.start).row
    last = source.lines.position(max(diagnostic.span.start, diagnostic.span.end - 1)).row
    return range(first, last + 1)


EVERYTHING = Scope()
