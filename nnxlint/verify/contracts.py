"""What has to be asked of a rule's programs to check its contract, and what the answers come to.

Pure functions: contract and programs give jobs, contract and answers give a judgement. An observation that speaks
against the promise is DIFFERS; one that could not be made is UNVERIFIED.
"""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from nnxlint.rule import Preserves, Repairs, Revives
from nnxlint.verify.programs import RulePrograms
from nnxlint.verify.protocol import Answer, CompareJob, Job, Program, RunJob, WitnessJob
from nnxlint.verify.verdicts import Verdict

# Frames that a plain comparison of the case's frame probes decides. The others need a look of their own, for there
# the fix changes what kind of Variable something is, random values, or files: they are witnesses about two programs.
COMPARED_FRAMES = frozenset({"training-program", "loss-and-gradients", "parameters"})


@dataclass(frozen=True, slots=True)
class Shows:
    """What is checked of a rule without a fix: the witness fails in the bad program and holds in the good one."""

    witness: str


@dataclass(frozen=True, slots=True)
class Unpromised:
    """A rule without a fix for which no witness is named: there is nothing to check."""


Promise = Preserves | Revives | Repairs | Shows | Unpromised


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict on a contract for one rule on one model, why, and what was watched.

    `answers` are those that the judgement rests on, by their part: `bad`, `fixed`, `good`, `equal`, `frame`.
    """

    verdict: Verdict
    reason: str
    witness: str
    answers: Mapping[str, Answer]


def promise_of(programs: RulePrograms) -> Promise:
    """What these programs are held to: the rule's contract, or what their plan says instead."""
    if programs.plan.promise == "preserves":
        return Preserves()
    if programs.contract is not None:
        return programs.contract
    return Shows(programs.plan.shows) if programs.plan.shows else Unpromised()


def promise_text(promise: Promise) -> str:
    """The promise in the words of the rule table; empty where there is none."""
    match promise:
        case Preserves():
            return "preserves"
        case Revives():
            return f"revives({promise.error})"
        case Repairs():
            return f"repairs({promise.witness}, {promise.frame})"
        case Shows():
            return f"shows({promise.witness})"
        case Unpromised():
            return ""


def jobs_of(programs: RulePrograms) -> tuple[Job, ...]:
    """What to ask; the ids end in the part of the answer. None where the linter itself broke the promise."""
    return () if programs.fault else tuple(_jobs(programs, promise_of(programs)))


def judge(programs: RulePrograms, answers: Mapping[str, Answer]) -> Judgement:
    """The verdict on the programs' promise; `answers` by the ids of the jobs."""
    promise = promise_of(programs)
    parts = {job.id.rpartition("/")[2]: answers[job.id] for job in jobs_of(programs) if job.id in answers}
    verdict, reason = _verdict(programs, promise, parts)
    witness = promise.witness if isinstance(promise, Repairs | Shows) else ""
    return Judgement(verdict, reason, witness, parts)


def edited_rows(before: str, after: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The rows of either text that the other lacks, without imports and blank lines, which no probe runs."""
    left, right = before.splitlines(), after.splitlines()
    rows: tuple[list[int], list[int]] = ([], [])
    for tag, *spans in difflib.SequenceMatcher(a=left, b=right, autojunk=False).get_opcodes():
        if tag != "equal":
            rows[0].extend(_running(left, *spans[:2]))
            rows[1].extend(_running(right, *spans[2:]))
    return tuple(rows[0]), tuple(rows[1])


def _running(lines: Sequence[str], start: int, end: int) -> Iterator[int]:
    for row in range(start, end):
        if lines[row].strip() and not lines[row].lstrip().startswith(("import ", "from ", "#", '"""')):
            yield row + 1


def _jobs(programs: RulePrograms, promise: Promise) -> Iterator[Job]:
    match promise:
        case Preserves() if programs.fixed is not None:
            yield _equal(programs, programs.bad, programs.fixed)
        case Revives() if programs.fixed is not None:
            yield RunJob(f"{programs.id}/bad", programs.bad, programs.case)
            yield RunJob(f"{programs.id}/fixed", programs.fixed, programs.case)
            yield _equal(programs, programs.fixed, programs.good)
        case Repairs():
            yield from _watched(programs, promise.witness)
            yield _framed(programs, promise.frame)
        case Shows():
            yield from _watched(programs, promise.witness)
        case _:
            return


def _equal(programs: RulePrograms, before: Program, after: Program) -> CompareJob:
    rows = edited_rows(before.files[before.main], after.files[after.main])
    before, after = (_with_rows(each, edited) for each, edited in zip((before, after), rows, strict=True))
    return CompareJob(f"{programs.id}/equal", before, after, programs.case)


def _with_rows(program: Program, rows: tuple[int, ...]) -> Program:
    """The program with these rows as the edited ones."""
    return Program(program.files, program.main, rows)


def _watched(programs: RulePrograms, witness: str) -> Iterator[Job]:
    options = programs.plan.witness
    for part, program in (("bad", programs.bad), ("fixed", programs.fixed), ("good", programs.good)):
        if program is not None:
            yield WitnessJob(f"{programs.id}/{part}", program, programs.case, witness, options)


def _framed(programs: RulePrograms, frame: str) -> Job:
    """Ask for the frame; no row of it is edited, so none has to be seen running."""
    after = programs.fixed or programs.good
    if frame in COMPARED_FRAMES:
        return CompareJob(f"{programs.id}/frame", programs.bad, after, programs.case, frame_only=True)
    options = programs.plan.frame
    return WitnessJob(f"{programs.id}/frame", programs.bad, programs.case, frame, options, other=after)


def _verdict(programs: RulePrograms, promise: Promise, parts: Mapping[str, Answer]) -> tuple[Verdict, str]:
    if programs.fault:
        return Verdict.DIFFERS, programs.fault
    if isinstance(promise, Preserves | Revives) and programs.fixed is None:
        return Verdict.DIFFERS, "nnxlint makes no fix of the bad program"
    missing = _missing(programs, parts)
    if missing:
        return Verdict.UNVERIFIED, missing
    match promise:
        case Preserves():
            return _comparison(parts["equal"])
        case Revives():
            return _revived(programs, promise, parts)
        case Repairs() | Shows():
            return _repaired(promise, parts)
        case Unpromised():
            return Verdict.UNVERIFIED, "the rule promises nothing, and no witness is named"


def _missing(programs: RulePrograms, parts: Mapping[str, Answer]) -> str:
    """Say which part has no answer; empty where all have."""
    for job in jobs_of(programs):
        part = job.id.rpartition("/")[2]
        answer = parts.get(part)
        if answer is None:
            return f"{part}: no answer"
        if answer.kind != "done":
            return f"{part}: {answer.kind}: {answer.reason or answer.message}".rstrip(": ")
        if isinstance(job, WitnessJob) and answer.holds is None:
            return f"{part}: {answer.reason or 'the witness could not tell'}"
        if isinstance(job, CompareJob) and answer.verdict is None:
            return f"{part}: {answer.reason or 'nothing was compared'}"
    return ""


def _comparison(answer: Answer) -> tuple[Verdict, str]:
    return answer.verdict or Verdict.UNVERIFIED, answer.reason


def _revived(programs: RulePrograms, promise: Revives, parts: Mapping[str, Answer]) -> tuple[Verdict, str]:
    bad, fixed, equal = parts["bad"], parts["fixed"], parts["equal"]
    if bad.error not in promise.error.split(" | "):
        seen = f"raises {bad.error}: {bad.message}" if bad.error else "runs"
        return Verdict.DIFFERS, f"the bad program {seen}, where {promise.error} is promised"
    if bad.row != programs.row:
        return Verdict.DIFFERS, f"{bad.error} is raised at row {bad.row}, and row {programs.row} is reported"
    if fixed.error:
        return Verdict.DIFFERS, f"the fixed program raises {fixed.error}: {fixed.message}"
    verdict, reason = _comparison(equal)
    if not verdict.keeps:
        return verdict, f"the fixed and the good program: {reason}"
    return Verdict.REVIVED, f"{bad.error} before, none after; equal to the good program ({verdict.value})"


def _repaired(promise: Repairs | Shows, parts: Mapping[str, Answer]) -> tuple[Verdict, str]:
    bad, good = parts["bad"], parts["good"]
    if bad.holds:
        return Verdict.DIFFERS, f"`{promise.witness}` holds in the bad program: {bad.reason}"
    for part in ("fixed", "good"):
        if part in parts and not parts[part].holds:
            return Verdict.DIFFERS, f"`{promise.witness}` fails in the {part} program: {parts[part].reason}"
    after = parts.get("fixed", good)
    seen = f"before: {bad.reason}; after: {after.reason}"
    if "frame" not in parts:
        return Verdict.REPAIRED, seen
    verdict, reason = _frame_verdict(parts["frame"])
    if not verdict.keeps:
        return verdict, f"the frame: {reason}"
    return Verdict.REPAIRED, f"{seen}; the frame: {verdict.value}"


def _frame_verdict(answer: Answer) -> tuple[Verdict, str]:
    """How far a frame is kept: what was compared says it, and a witness about two programs has tested it."""
    if answer.verdict is not None:
        return answer.verdict, answer.reason
    return (Verdict.TESTED if answer.holds else Verdict.DIFFERS), answer.reason
