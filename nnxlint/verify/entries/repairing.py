"""Fixes that change behaviour on purpose: the rule's witness fails before, holds after, and the frame stays."""

from nnxlint.rule import Repairs
from nnxlint.verify.entries.bisection import Judged
from nnxlint.verify.entries.trial import Judging, Trial
from nnxlint.verify.protocol import WitnessJob
from nnxlint.verify.verdicts import Verdict


def repaired(trial: Trial, contract: Repairs) -> Judging:
    """The verdict by the witness and the frame that the contract names."""
    before, after, frame = yield (
        WitnessJob(trial.job_id("before"), trial.before, trial.case, contract.witness),
        WitnessJob(trial.job_id("after"), trial.after, trial.case, contract.witness),
        WitnessJob(trial.job_id("frame"), trial.before, trial.case, contract.frame, other=trial.after),
    )
    for answer in (before, after, frame):
        if answer.kind != "done" or answer.holds is None:
            return Judged(Verdict.UNVERIFIED, answer.reason or answer.message or answer.kind)
    if before.holds:
        return Judged(Verdict.UNVERIFIED, f"nothing is wrong before: {before.reason}")
    if not after.holds:
        return Judged(Verdict.DIFFERS, f"`{contract.witness}` fails when fixed, too: {after.reason}")
    if not frame.holds:
        return Judged(Verdict.DIFFERS, f"more changes than was promised: {frame.reason}")
    return Judged(Verdict.REPAIRED, f"before: {before.reason}; when fixed: {after.reason}")
