"""A fix being tried by one entry."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass

import msgspec

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
    """A fix being tried by one entry, with the case whose inputs have shapes; `rows`: the statements that it edits.

    `sliced`: of the function around them only what they need is run.
    """

    unit: FixUnit
    versions: Versions
    candidate: Candidate
    case: Case
    rows: frozenset[int]
    sliced: bool = False

    def job_id(self, what: str) -> str:
        """The id of one of the jobs of this trial."""
        return job_id(self.unit, self.candidate, f"{what} in part" if self.sliced else what)

    def programs(self, more: str = "") -> tuple[Program, Program]:
        """The program before and after the fix, with further Python behind both."""
        before, after = self.candidate.programs(self.versions.before, self.versions.after, self.unit.path, more)
        return in_part(before, sliced=self.sliced), in_part(after, sliced=self.sliced)

    @property
    def text(self) -> str:
        """The file of the finding, as it was linted."""
        return self.versions.linted[self.unit.path]

    @property
    def row(self) -> int:
        """The row of the finding in `text`."""
        return self.text.count("\n", 0, self.unit.diagnostic.span.start) + 1


def in_part(program: Program, *, sliced: bool) -> Program:
    """The program, of which only what its edited rows need is run if it is sliced."""
    return msgspec.structs.replace(program, sliced=sliced)


def script_id(unit: FixUnit, what: str) -> str:
    """The id of a job about a fix at the top level of a module."""
    finding = unit.diagnostic
    return f"{finding.code}@{finding.path}:{finding.span.start}:{what}"


def job_id(unit: FixUnit, candidate: Candidate, what: str) -> str:
    """The id of a job about a fix and an entry: no two fixes of a project have the same."""
    finding = unit.diagnostic
    return f"{finding.code}@{finding.path}:{finding.span.start}:{candidate.entry.name}:{what}"
