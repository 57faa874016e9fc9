"""A fix being tried by one entry."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass

from nnxlint.verify.entries.bisection import Judged
from nnxlint.verify.entries.candidates import Candidate
from nnxlint.verify.entries.overlay import FixUnit
from nnxlint.verify.protocol import Answer, Case, Job, Program

Judging = Generator[Sequence[Job], Sequence[Answer], Judged]
"""A judge yields jobs and is sent their answers, so that many fixes can be judged at once."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A fix being tried by one entry: both programs, and the case with its inputs."""

    unit: FixUnit
    candidate: Candidate
    before: Program
    after: Program
    case: Case
    rows: frozenset[int]

    def job_id(self, what: str) -> str:
        """The id of one of the jobs of this trial."""
        return f"{self.unit.diagnostic.code}:{self.candidate.entry.name}:{what}"
