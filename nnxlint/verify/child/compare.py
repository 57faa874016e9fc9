"""Are two programs the same computation? PROVED by their canonical forms, TESTED by numbers, or DIFFERS."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from nnxlint.verify.child.figures import figures
from nnxlint.verify.child.loading import LoadedProgram, LoadError, load, write_files
from nnxlint.verify.child.trace import CONSTRUCTION
from nnxlint.verify.child.trials import (
    MAX_STATE_BYTES,
    Bench,
    CannotRunError,
    Trial,
    counterexample,
    state_bytes,
    summary,
)
from nnxlint.verify.child.vacuity import Edit, Seen, not_noticed, not_run
from nnxlint.verify.child.views import Failure, Stage, code_difference, data_difference, failure_of, probe_names, stages
from nnxlint.verify.protocol import Answer, CompareJob, Probe, Program
from nnxlint.verify.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two programs: its edit, and what was seen of it."""

    edit: Edit
    loaded: LoadedProgram
    seen: Seen
    failure: Failure | None

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages that could be traced."""
        return self.seen.stages


@dataclass(frozen=True, slots=True)
class Pair:
    """The job and its two sides."""

    job: CompareJob
    before: Side
    after: Side
    probes: tuple[Probe, ...] = field(default=())

    @property
    def sides(self) -> tuple[Side, Side]:
        """Before and after."""
        return self.before, self.after

    @property
    def is_seen_whole(self) -> bool:
        """Whether every stage of both sides has a jaxpr, and these hold all that is done."""
        traced = self.job.proof and all(side.failure is None for side in self.sides)
        return traced and not any(stage.problems for side in self.sides for stage in side.stages)


def compare(job: CompareJob) -> Answer:
    """Compare the two programs of a job in its case."""
    with tempfile.TemporaryDirectory(prefix="nnxlint-") as name:
        folders = Path(name).resolve() / "before", Path(name).resolve() / "after"
        try:
            before = _side(job, job.before, job.after, folders[0])
        except LoadError as error:
            return _answer(job, Verdict.UNVERIFIED, str(error))
        try:
            after = _side(job, job.after, job.before, folders[1])
        except LoadError as error:
            return _answer(job, Verdict.DIFFERS, f"after the fix, {error}")
        return _with_numbers(_verdict(Pair(job, before, after, _probes(job))), job, before)


def _with_numbers(answer: Answer, job: CompareJob, side: Side) -> Answer:
    """The answer with some numbers of a program that could be traced to its end, where they are wanted."""
    if not job.numbers or side.failure is not None or not side.stages:
        return answer
    if any(state_bytes(stage.trace) > MAX_STATE_BYTES for stage in side.stages):
        return answer
    try:
        found = figures(side.loaded, job.case, side.stages, job.seeds[0])
    except Exception:  # noqa: BLE001 - what cannot be run on numbers has none, and the verdict says why
        return answer
    return msgspec.structs.replace(answer, numbers=found)


def _side(job: CompareJob, program: Program, other: Program, folder: Path) -> Side:
    write_files(program.files, folder)
    edit = Edit(program, folder, other.files.get(other.main, ""))
    try:
        wanted = edit.wanted
    except SyntaxError as error:
        message = f"the module cannot be loaded: {type(error).__name__} at row {error.lineno}: {error.msg}"
        raise LoadError(message) from error
    loaded = load(program, folder, wanted=wanted)
    found: list[Stage] = []
    rows = [loaded.recorder.taken()]
    failure = None
    try:
        for stage in stages(loaded, job.case, _probes(job)) if job.proof else ():
            found.append(stage)
            rows.append(loaded.recorder.taken())
    except LoadError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever the program raises
        failure = failure_of(error, loaded)
        rows.append(loaded.recorder.taken())
    return Side(edit, loaded, Seen(tuple(found), rows[0], tuple(rows[1:])), failure)


def _probes(job: CompareJob) -> tuple[Probe, ...]:
    return tuple(probe for probe in job.case.probes if probe.frame or not job.frame_only)


def _verdict(pair: Pair) -> Answer:
    for one, other in zip(pair.before.stages, pair.after.stages, strict=False):
        found = data_difference(one.trace.notes.entries, other.trace.notes.entries) or _mark_difference(one, other)
        if found is not None:
            return _answer(pair.job, Verdict.DIFFERS, f"{one.name}: {found}")
    reasons = tuple(_reasons(pair))
    if not reasons:
        vacuous, tried = _vacuity(pair)
        if vacuous is not None:
            return _answer(pair.job, Verdict.UNVERIFIED, vacuous)
        hashes = {stage.name: stage.form.hash for stage in pair.before.stages}
        statements = sum(len(side.edit.statements) for side in pair.sides)
        reason = f"equal in {len(hashes)} jaxprs; {statements} edited statements run, changes at {tried} places noticed"
        return _answer(pair.job, Verdict.PROVED, reason, hashes)
    return _tested(pair, reasons)


def _reasons(pair: Pair) -> Iterator[str]:
    """Why there is no proof."""
    if not pair.job.proof:
        yield "no proof was asked for"
    for side in pair.sides:
        if side.failure is not None:
            yield f"it cannot be traced: {side.failure}"
    for one, other in zip(pair.before.stages, pair.after.stages, strict=False):
        yield from (f"{one.name}: {problem}" for problem in (*one.problems, *other.problems))
        if one.form.hash != other.form.hash:
            yield f"the jaxprs of {one.name} differ"
        path = code_difference(one.trace.notes.entries, other.trace.notes.entries)
        if path is not None:
            yield f"{one.name}: the code at `{path}` differs"


def _mark_difference(one: Stage, other: Stage) -> str | None:
    """Whether other buffers are donated, or other values sharded."""
    if one.form.marks == other.form.marks:
        return None
    kinds = [sorted(mark.partition(" ")[0] for mark in stage.form.marks) for stage in (one, other)]
    if kinds[0] != kinds[1] or one.form.outputs == other.form.outputs:
        return f"what is {' and '.join(sorted({*kinds[0], *kinds[1]}))} differs"
    return None


def _vacuity(pair: Pair, tried_rows: Sequence[frozenset[int]] = (frozenset(), frozenset())) -> tuple[str | None, int]:
    """Why the comparison says nothing about the edit, in words; and how many changes it was seen to notice.

    `tried_rows`: which edited statements ran on numbers, before and after.
    """
    tried = 0
    if pair.job.frame_only:  # a frame is what the edit must not reach
        return None, tried
    for side, rows in zip(pair.sides, tried_rows, strict=True):
        found = not_run(side.edit, rows.union(side.seen.loading, *side.seen.rows))
        if found is not None:
            return found, tried
    if pair.is_seen_whole:
        for side in pair.sides:
            found, more = not_noticed(side.edit, pair.job.case, pair.probes, side.seen)
            tried += more
            if found is not None:
                return found, tried
    return None, tried


def _tested(pair: Pair, reasons: Sequence[str]) -> Answer:
    """Compare by numbers what is not proved."""
    job = pair.job
    if any(state_bytes(stage.trace) > MAX_STATE_BYTES for side in pair.sides for stage in side.stages):
        return _answer(job, Verdict.UNVERIFIED, f"too big to be run on numbers, and not proved: {reasons[0]}")
    try:
        before, after = (load(side.edit.program, side.edit.folder, wanted=side.edit.wanted) for side in pair.sides)
        found = counterexample(Bench(before, after, job.case, job.seeds), _trials(pair))
    except (CannotRunError, LoadError) as error:
        return _answer(job, Verdict.UNVERIFIED, str(error))
    if found is not None:
        return _answer(job, Verdict.DIFFERS, found)
    vacuous, _ = _vacuity(pair, (before.recorder.taken(), after.recorder.taken()))
    if vacuous is not None:
        return _answer(job, Verdict.UNVERIFIED, vacuous)
    return _answer(job, Verdict.TESTED, f"equal over {summary(job.seeds)}; not proved: {'; '.join(reasons[:3])}")


def _trials(pair: Pair) -> list[Trial]:
    """The stages that must be tried: all that are not proved equal."""
    names = [CONSTRUCTION, *probe_names(pair.probes)]
    probes: list[Probe | None] = [None, *pair.probes]
    one, other = ({stage.name: stage for stage in side.stages} for side in pair.sides)
    trials = [Trial(name, probe, one.get(name), other.get(name)) for name, probe in zip(names, probes, strict=True)]
    return [trial for trial in trials if not _is_proved(trial)]


def _is_proved(trial: Trial) -> bool:
    before, after = trial.before, trial.after
    if before is None or after is None:
        return False
    return before.form.hash == after.form.hash and not (*before.problems, *after.problems)


def _answer(job: CompareJob, verdict: Verdict, reason: str, hashes: dict[str, str] | None = None) -> Answer:
    return Answer(id=job.id, verdict=verdict, reason=reason, hashes=hashes or {})
