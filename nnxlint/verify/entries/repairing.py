"""Fixes that change behaviour on purpose: the rule's witness fails before, holds after, and the frame stays."""

import ast
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace

import msgspec

from nnxlint.rule import Repairs
from nnxlint.verify.contracts import COMPARED_FRAMES
from nnxlint.verify.entries.bisection import Judged
from nnxlint.verify.entries.exercises import FORWARD, Exercise, Subject, exercise, making
from nnxlint.verify.entries.references import CannotMakeError
from nnxlint.verify.entries.trial import Judging, Trial
from nnxlint.verify.protocol import Answer, ArraySpec, Case, CompareJob, Job, Probe, Program, SolveJob, WitnessJob
from nnxlint.verify.verdicts import Verdict


def repaired(trial: Trial, contract: Repairs) -> Judging:
    """The verdict by the witness and the frame that the contract names."""
    subject, inputs = yield from _forward(trial)
    case = msgspec.structs.replace(trial.case, inputs={**trial.case.inputs, **inputs})
    try:
        driver = replace(trial.candidate.driver, case=case)
        asked = exercise(contract.witness, driver, subject, _declared(trial))
    except CannotMakeError as error:
        return Judged(Verdict.UNVERIFIED, str(error))
    before, after, frame = yield tuple(_jobs(trial, contract, asked))
    return _verdict(contract, before, after, frame)


def _forward(trial: Trial) -> Generator[Sequence[Job], Sequence[Answer], tuple[Subject | None, dict[str, ArraySpec]]]:
    """The module that the entry is about; one whose call does not run counts as one that cannot be called."""
    subject = trial.candidate.subject
    if subject is None or not subject.forward or not trial.candidate.unsolved:
        return subject, {}
    code, made = making(trial.case, subject)
    before, after = trial.programs(code + subject.forward)
    probe = Probe(FORWARD, (subject.name, *subject.arrays))
    case = Case(f"{trial.case.name}: forward", made, trial.case.inputs, probes=(probe,))
    unsolved = dict(trial.candidate.unsolved)
    [solved] = yield (SolveJob(trial.job_id("solve-forward"), (after, before), (case,), unsolved),)
    if solved.choice is None:
        return Subject(subject.name), {}
    return subject, solved.inputs


def _jobs(trial: Trial, contract: Repairs, asked: Exercise) -> Iterator[Job]:
    before, after = trial.programs(asked.code)
    options = dict(asked.witness)
    yield WitnessJob(trial.job_id("before"), before, asked.case, contract.witness, options)
    yield WitnessJob(trial.job_id("after"), after, asked.case, contract.witness, options)
    if contract.frame in COMPARED_FRAMES:
        # No row of the frame is edited, so none has to be seen running.
        first, second = (Program(each.files, each.main) for each in (before, after))
        yield CompareJob(trial.job_id("frame"), first, second, asked.case, frame_only=True, seeds=(0,))
    else:
        frame = dict(asked.frame)
        yield WitnessJob(trial.job_id("frame"), before, asked.case, contract.frame, frame, other=after)


def _verdict(contract: Repairs, before: Answer, after: Answer, frame: Answer) -> Judged:
    for answer, part in ((before, "before"), (after, "when fixed")):
        if answer.kind != "done" or answer.holds is None:
            why = answer.reason or answer.message or answer.kind
            return Judged(Verdict.UNVERIFIED, f"`{contract.witness}` cannot tell {part}: {why}")
    if before.holds:
        return Judged(Verdict.UNVERIFIED, f"`{contract.witness}` finds nothing wrong before: {before.reason}")
    if not after.holds:
        return Judged(Verdict.DIFFERS, f"`{contract.witness}` fails when fixed, too: {after.reason}")
    kept = frame.verdict or {True: Verdict.TESTED, False: Verdict.DIFFERS}.get(bool(frame.holds))
    if frame.kind != "done" or (frame.verdict is None and frame.holds is None) or kept is None:
        why = frame.reason or frame.message or frame.kind
        return Judged(Verdict.UNVERIFIED, f"the frame `{contract.frame}` cannot be told: {why}")
    if not kept.keeps:
        return Judged(kept, f"the frame `{contract.frame}`: {frame.reason}")
    return Judged(Verdict.REPAIRED, f"before: {before.reason}; when fixed: {after.reason}; the frame: {kept.value}")


def _declared(trial: Trial) -> str:
    """The attribute that the statement of the finding sets on `self`; empty where it sets none."""
    row = trial.row
    for node in ast.walk(ast.parse(trial.text)):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.lineno <= row <= (node.end_lineno or row):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Attribute):
                return target.attr
    return ""
