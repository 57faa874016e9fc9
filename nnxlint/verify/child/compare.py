"""Are two programs the same computation? PROVED by their canonical forms, TESTED by numbers, or DIFFERS."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nnxlint.verify.child.loading import LoadedProgram, LoadError, load, write_files
from nnxlint.verify.child.rows import watched
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
from nnxlint.verify.child.vacuity import Edit, not_noticed, not_run
from nnxlint.verify.child.views import Failure, Stage, code_difference, data_difference, failure_of, probe_names, stages
from nnxlint.verify.protocol import Answer, CompareJob, Probe, Program
from nnxlint.verify.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two programs: its edit, which rows of it ran, and what was seen of it."""

    edit: Edit
    loaded: LoadedProgram
    rows: set[int]
    stages: tuple[Stage, ...]
    failure: Failure | None


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
    def is_traced(self) -> bool:
        """Whether every stage of both sides has a jaxpr."""
        return self.before.failure is None and self.after.failure is None


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
        return _verdict(Pair(job, before, after, _probes(job)))


def _side(job: CompareJob, program: Program, other: Program, folder: Path) -> Side:
    write_files(program.files, folder)
    file = str(folder / program.main)
    with watched(file) as rows:
        loaded = load(program, folder)
        found: list[Stage] = []
        failure = None
        try:
            if job.proof:
                found.extend(stages(loaded, job.case, _probes(job)))
        except LoadError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever the program raises
            failure = failure_of(error, loaded)
    return Side(Edit(program, folder, other.files.get(other.main, "")), loaded, rows[file], tuple(found), failure)


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


def _vacuity(pair: Pair) -> tuple[str | None, int]:
    """Why the comparison says nothing about the edit, in words; and how many changes it was seen to notice."""
    tried = 0
    if pair.job.frame_only:  # a frame is what the edit must not reach
        return None, tried
    for side in pair.sides:
        found = not_run(side.edit, side.rows)
        if found is not None:
            return found, tried
    if pair.is_traced and pair.job.proof:
        for side in pair.sides:
            found, more = not_noticed(side.edit, pair.job.case, pair.probes, side.stages)
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
        with watched(*(side.loaded.file for side in pair.sides)) as rows:
            programs = [load(side.edit.program, side.edit.folder) for side in pair.sides]
            found = counterexample(Bench(programs[0], programs[1], job.case, job.seeds), _trials(pair))
    except (CannotRunError, LoadError) as error:
        return _answer(job, Verdict.UNVERIFIED, str(error))
    if found is not None:
        return _answer(job, Verdict.DIFFERS, found)
    for side in pair.sides:
        side.rows.update(rows[side.loaded.file])
    vacuous, _ = _vacuity(pair)
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
