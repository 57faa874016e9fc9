"""A fix being tried by one entry."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass

from nnxlint.verify.entries.bisection import Judged
from nnxlint.verify.entries.candidates import Candidate, Texts
from nnxlint.verify.entries.overlay import FixUnit
from nnxlint.verify.protocol import Answer, Case, Job, Program

Judging = Generator[Sequence[Job], Sequence[Answer], Judged]
"""A judge yields jobs and is sent their answers, so that many fixes can be judged at once."""


@dataclass(frozen=True, slots=True)
class Versions:
    """All texts of a project by path: without the fix that is judged, with it, and as they were linted."""

    before: Texts
    after: Texts
    linted: Texts


@dataclass(frozen=True, slots=True)
class Trial:
    """A fix being tried by one entry, with the case whose inputs have shapes; `rows`: the statements that it edits."""

    unit: FixUnit
    versions: Versions
    candidate: Candidate
    case: Case
    rows: frozenset[int]

    def job_id(self, what: str) -> str:
        """The id of one of the jobs of this trial."""
        return job_id(self.unit, self.candidate, what)

    def programs(self, more: str = "") -> tuple[Program, Program]:
        """The program before and after the fix, with further Python behind both."""
        return self.candidate.programs(self.versions.before, self.versions.after, self.unit.path, more)

    @property
    def text(self) -> str:
        """The file of the finding, as it was linted."""
        return self.versions.linted[self.unit.path]

    @property
    def row(self) -> int:
        """The row of the finding in `text`."""
        return self.text.count("\n", 0, self.unit.diagnostic.span.start) + 1


def job_id(unit: FixUnit, candidate: Candidate, what: str) -> str:
    """The id of a job about a fix and an entry: no two fixes of a project have the same."""
    finding = unit.diagnostic
    return f"{finding.code}@{finding.path}:{finding.span.start}:{candidate.entry.name}:{what}"
