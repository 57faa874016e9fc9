"""Which of the findings are reported: not those that a baseline knows."""

from dataclasses import dataclass, replace

from nnxlint.baseline import Baselines
from nnxlint.diagnostic import Diagnostic
from nnxlint.report import Report


@dataclass(frozen=True, slots=True)
class Scope:
    """What is asked of a run besides rules and files; by itself, everything is reported."""

    baselines: Baselines | None = None

    def reported(self, report: Report) -> tuple[Diagnostic, ...]:
        """Give the findings of the report that are to be reported."""
        return self.applied(report).diagnostics

    def applied(self, report: Report) -> Report:
        """Give the report with the findings that are to be reported, and those that are known apart."""
        if self.baselines is None:
            return report
        known = self.baselines.known(report.diagnostics, report.sources)
        has_baseline = any(self.baselines.of(path) is not None for path in report.checked)
        return replace(
            report,
            diagnostics=tuple(each for each in report.diagnostics if each not in known),
            known=tuple(each for each in report.diagnostics if each in known) if has_baseline else None,
            recognised=frozenset(known.values()),
        )


EVERYTHING = Scope()
