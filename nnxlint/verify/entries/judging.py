"""From a fix to its verdict: entries are asked one after the other until one of them tells something.

A judge is a generator: it yields jobs and is sent their answers, so that many fixes can be judged at once.
"""

import ast
from collections.abc import Iterable, Sequence
from dataclasses import replace

import msgspec

from nnxlint.rule import Preserves, Repairs, Revives
from nnxlint.verify.contracts import edited_rows
from nnxlint.verify.entries.bisection import Judged
from nnxlint.verify.entries.candidates import Candidate, Finder, Refused
from nnxlint.verify.entries.layout import LayoutError
from nnxlint.verify.entries.overlay import FixUnit, same_program
from nnxlint.verify.entries.repairing import repaired
from nnxlint.verify.entries.trial import Judging, Trial, Versions, in_part, job_id, script_id
from nnxlint.verify.protocol import SCRIPT, Answer, Case, CompareJob, Probe, Program, RunJob, SolveJob
from nnxlint.verify.verdicts import Verdict


def judge(unit: FixUnit, versions: Versions, finder: Finder) -> Judging:
    """The verdict of one fix, by the first entry that has one; the reason of the first where none has."""
    if same_program(versions.before[unit.path], versions.after[unit.path]):
        return Judged(Verdict.PROVED, "the syntax trees are equal", alone=True)
    refused: list[Judged] = []
    static = True
    if isinstance(unit.contract, Revives) and finder.is_at_top(unit):
        judged = yield from _by_script(unit, unit.contract, versions, finder)
        if judged.verdict is Verdict.REVIVED:
            return judged
    for candidate in finder.candidates(unit):
        if isinstance(candidate, Refused):
            refused.append(Judged(Verdict.UNVERIFIED, candidate.reason, candidate.name, alone=True))
            continue
        static = False
        judged = yield from _by_entry(unit, versions, candidate)
        if judged.verdict is Verdict.UNVERIFIED and isinstance(unit.contract, Revives):
            part = yield from _by_entry(unit, versions, candidate, sliced=True)
            judged = part if part.verdict is Verdict.REVIVED else judged
        if judged.verdict is not Verdict.UNVERIFIED:
            return judged
        refused.append(judged)
    first = refused[0]
    return Judged(Verdict.UNVERIFIED, _with_others(refused), first.entry, alone=static)


def _with_others(refused: Sequence[Judged]) -> str:
    """The reason of the smallest entry, and in short those of its callers."""
    first, *others = refused
    own = f"`{first.entry}`: {first.reason}" if first.entry else first.reason
    more = [f"`{each.entry}`: {each.reason}" for each in others if each.reason != first.reason]
    return "; ".join((own, *more[:1]))


def _by_script(unit: FixUnit, contract: Revives, versions: Versions, finder: Finder) -> Judging:
    """By what a statement at the top level needs of the statements there."""
    try:
        layout = finder.layout(unit.path)
    except LayoutError as error:
        return Judged(Verdict.UNVERIFIED, str(error))
    texts = versions.before[unit.path], versions.after[unit.path]
    case = Case("script", probes=(Probe(SCRIPT),))
    jobs = [
        RunJob(script_id(unit, what), Program(layout.with_text(unit.path, text), layout.main, rows, sliced=True), case)
        for what, text, rows in zip(("before", "after"), texts, edited_rows(*texts), strict=True)
    ]
    before, after = yield jobs
    rows = statement_rows(texts[0], jobs[0].program.edited)
    return _revival(before, after, contract, rows, "what it needs of the script")


def _by_entry(unit: FixUnit, versions: Versions, candidate: Candidate, *, sliced: bool = False) -> Judging:
    programs = candidate.programs(versions.before, versions.after, unit.path)
    before, after = (in_part(program, sliced=sliced) for program in programs)
    name = candidate.entry.name
    case = candidate.driver.case
    inputs = case.inputs
    if candidate.driver.unsolved:
        what = "solve in part" if sliced else "solve"
        job = SolveJob(job_id(unit, candidate, what), (after, before), (case,), candidate.driver.unsolved)
        [solved] = yield (job,)
        if solved.choice is None:
            where = f" (row {solved.row})" if solved.row is not None else ""
            return Judged(Verdict.UNVERIFIED, f"cannot be called: {solved.reason or solved.message}{where}", name)
        inputs = solved.inputs
    rows = statement_rows(versions.before[unit.path], before.edited)
    trial = Trial(unit, versions, candidate, msgspec.structs.replace(case, inputs=inputs), rows, sliced)
    judged = yield from _by_contract(trial)
    return replace(judged, entry=name)


def _by_contract(trial: Trial) -> Judging:
    match trial.unit.contract:
        case Preserves():
            return (yield from _preserves(trial))
        case Revives() as contract:
            return (yield from _revives(trial, contract))
        case Repairs() as contract:
            return (yield from repaired(trial, contract))
    return Judged(Verdict.UNVERIFIED, "its rule promises nothing of its fixes")


def _preserves(trial: Trial) -> Judging:
    [answer] = yield (CompareJob(trial.job_id("compare"), *trial.programs(), trial.case),)
    return Judged(answer.verdict or Verdict.UNVERIFIED, answer.reason or answer.message)


def _revives(trial: Trial, contract: Revives) -> Judging:
    programs = trial.programs()
    before, after = yield tuple(
        RunJob(trial.job_id(what), program, trial.case)
        for what, program in zip(("before", "after"), programs, strict=True)
    )
    part = f"what it needs of `{trial.candidate.entry.name}`" if trial.sliced else ""
    return _revival(before, after, contract, trial.rows, part)


def _revival(before: Answer, after: Answer, contract: Revives, rows: frozenset[int], part: str) -> Judged:
    """What two runs say of a fix that is to revive a program; `part`: what alone was run, if not all."""
    failed = next((each for each in (before, after) if each.kind != "done"), None)
    if failed is not None:
        return Judged(Verdict.UNVERIFIED, failed.reason or failed.message or failed.kind)
    if not before.error:
        if after.error:
            return Judged(Verdict.DIFFERS, f"ran before, and raises {_raised(after)} when fixed")
        return Judged(Verdict.UNVERIFIED, f"runs without the {contract.error} that the fix is for")
    if after.error:
        same = (before.error, before.message) == (after.error, after.message)
        kind = "before and after" if same else f"when fixed, and {_raised(before)} before"
        return Judged(Verdict.UNVERIFIED, f"raises {_raised(after)} {kind}")
    if before.error not in [each.strip() for each in contract.error.split("|")]:
        return Judged(Verdict.UNVERIFIED, f"raises {_raised(before)} before, not the promised {contract.error}")
    if contract.safe and before.row not in rows:
        return Judged(Verdict.UNVERIFIED, f"raises {_raised(before)} before, which is not where it was reported")
    told = f"; only {part} was run" if part else ""
    return Judged(Verdict.REVIVED, f"raises {_raised(before)} before, and runs when fixed{told}")


def _raised(answer: Answer) -> str:
    where = f" in row {answer.row}" if answer.row is not None else ""
    return f"{answer.error}{where} ({answer.message[:120]})"


def statement_rows(text: str, rows: Iterable[int]) -> frozenset[int]:
    """The rows of the smallest statements that hold any of the rows; of a compound one only the head."""
    wanted = frozenset(rows)
    found: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.stmt):
            inner = [each for each in getattr(node, "body", []) if isinstance(each, ast.stmt)]
            last = inner[0].lineno - 1 if inner else node.end_lineno or node.lineno
            own = range(node.lineno, max(last, node.lineno) + 1)
            found.update(own if wanted.intersection(own) else ())
    return frozenset(found)
