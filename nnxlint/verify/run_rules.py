"""`nnxlint verify --rules`: the contracts of the rules, checked on the reference models."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from nnxlint.rule import Rule
from nnxlint.verify.contracts import Judgement, jobs_of, judge, promise_of, promise_text
from nnxlint.verify.programs import RulePrograms, rule_folders, rule_programs
from nnxlint.verify.protocol import Answer, Job
from nnxlint.verify.results import Curve, Result, Run
from nnxlint.verify.verdicts import Verdict

Ask = Callable[[Sequence[Job]], Sequence[Answer]]
"""Runs jobs in children; the answers in the order of the jobs."""

# A rule's verdict is the first of these that one of its models gives.
_WORST_FIRST = (
    Verdict.DIFFERS,
    Verdict.UNVERIFIED,
    Verdict.TESTED,
    Verdict.PROVED,
    Verdict.REVIVED,
    Verdict.REPAIRED,
)
# Rules about files and comments: a running model can show nothing of them, unless they promise something.
_ABOUT_THE_TOOL = "NNX9"


@dataclass(frozen=True, slots=True)
class _Seen:
    programs: RulePrograms
    jobs: tuple[Job, ...]
    judgement: Judgement


def run_rules(rules: Sequence[Rule], ask: Ask, flax_version: str | None = None) -> list[Run]:
    """Check the contracts of the rules, one verdict for each folder of programs; all that is asked is asked at once.

    `flax_version`: the Flax that the programs are linted for, the newest known where it is None; rules that say nothing
    of it are left out. A rule that promises something, or is about models, and has no programs, is UNVERIFIED.
    """
    if flax_version is not None:
        rules = [rule for rule in rules if rule.flax.contains(flax_version, prereleases=True)]
    codes = {rule.code for rule in rules}
    every = [
        rule_programs(folder, model, flax_version) for folder in rule_folders(codes) for model in folder.plan.models
    ]
    jobs = {programs.id: jobs_of(programs) for programs in every}
    wanted = [job for each in jobs.values() for job in each]
    answers = dict(zip((job.id for job in wanted), ask(wanted), strict=True))
    seen: dict[str, list[_Seen]] = {}
    for programs in every:
        one = _Seen(programs, jobs[programs.id], judge(programs, answers))
        seen.setdefault(programs.name, []).append(one)
    runs = [_run(group, answers) for group in seen.values()]
    runs += _without_programs(rules, {run.result.code for run in runs})
    return sorted(runs, key=lambda run: run.result.code)


def _run(seen: Sequence[_Seen], answers: Mapping[str, Answer]) -> Run:
    jobs = tuple(job for each in seen for job in each.jobs)
    own = tuple(answers[job.id] for job in jobs)
    worst = min(seen, key=lambda each: _WORST_FIRST.index(each.judgement.verdict))
    result = Result(
        code=worst.programs.code,
        contract=promise_text(promise_of(worst.programs)),
        verdict=worst.judgement.verdict,
        witness=worst.judgement.witness,
        reason=_reason(worst, seen),
        environment=next((answer.environment for answer in own if answer.environment is not None), None),
        seconds=sum(answer.seconds for answer in own),
        curves=tuple(_curves(seen)),
    )
    return Run(result, jobs, own)


def _reason(worst: _Seen, seen: Sequence[_Seen]) -> str:
    """Why the verdict is what it is: what one model shows, and on which models nothing worse was seen."""
    models = ", ".join(each.programs.model for each in seen)
    if worst.judgement.verdict.keeps:
        return f"{worst.judgement.reason} [on {worst.programs.model}; holds on {models}]"
    return f"{worst.judgement.reason} [on {worst.programs.model}; tried on {models}]"


def _curves(seen: Sequence[_Seen]) -> Iterator[Curve]:
    for each in seen:
        before, after = each.judgement.answers.get("bad"), each.judgement.answers.get("fixed")
        after = after or each.judgement.answers.get("good")
        if before is not None and after is not None and before.series and after.series:
            yield Curve(each.programs.model, before.series, after.series)


def _without_programs(rules: Sequence[Rule], seen: Collection[str]) -> Iterator[Run]:
    for rule in rules:
        silent = rule.contract is None and rule.code.startswith(_ABOUT_THE_TOOL)
        if rule.code not in seen and not silent:
            contract = "" if rule.contract is None else promise_text(rule.contract)
            reason = "there is no program to try it on"
            yield Run(Result(code=rule.code, contract=contract, verdict=Verdict.UNVERIFIED, reason=reason))
