"""Certificates: a verdict with all that it rests on, as one JSON file, so that anyone can try it again.

A certificate holds the programs themselves, each file once under its hash, and the jobs that were made of them with
their answers. Repeating it needs nothing but the file, nnxlint and JAX.
"""

import hashlib
import inspect
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from nnxlint.errors import NnxlintError
from nnxlint.rule import Rule
from nnxlint.verify.cache import installed, write_whole
from nnxlint.verify.protocol import Answer, ArraySpec, Case, CompareJob, Environment, Job, Program, SolveJob
from nnxlint.verify.results import Result
from nnxlint.verify.verdicts import Verdict

SCHEMA = 1


class Outcome(msgspec.Struct, frozen=True):
    """What of an answer a verdict rests on."""

    kind: str
    verdict: Verdict | None = None
    holds: bool | None = None
    error: str = ""
    row: int | None = None
    choice: int | None = None
    reason: str = ""
    hashes: dict[str, str] = {}


class Step(msgspec.Struct, frozen=True):
    """A job, whose programs name the hashes of their files instead of the texts, and what came of it."""

    job: Job
    outcome: Outcome


class Certificate(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict and what it rests on.

    `rule`: the hash of the rule's source; `versions`: of nnxlint, Python and the libraries; `sources`: texts by their
    hash; `seeds` and `shapes`: what the numbers and the inputs were, the latter by case and name, as `float32[8, 16]`.
    `place`: where the finding is, for the user's own code; `device`: as asked of JAX, `cpu`, `gpu` or `tpu`.
    """

    schema: int = SCHEMA
    code: str
    place: str = ""
    contract: str
    verdict: Verdict
    witness: str
    reason: str
    rule: str
    versions: dict[str, str]
    device: str
    environment: Environment | None
    seeds: tuple[int, ...]
    shapes: dict[str, str]
    sources: dict[str, str]
    steps: tuple[Step, ...]


class Replay(msgspec.Struct, frozen=True):
    """What repeating a certificate came to: `broken` says what is no longer so, `notes` what has changed besides."""

    certificate: Certificate
    broken: tuple[str, ...]
    notes: tuple[str, ...]
    environment: Environment | None


def certify(
    result: Result, rule: Rule, jobs: Sequence[Job], answers: Sequence[Answer], *, device: str, place: str = ""
) -> Certificate:
    """The certificate of a result; the answers are in the order of the jobs."""
    sources = {_hash(text): text for job in jobs for program in _programs(job) for text in program.files.values()}
    steps = (Step(_with_files(job, _hash), _outcome(each)) for job, each in zip(jobs, answers, strict=True))
    return Certificate(
        code=result.code,
        place=place,
        contract=result.contract,
        verdict=result.verdict,
        witness=result.witness,
        reason=result.reason,
        rule=rule_hash(rule),
        versions=installed(),
        device=device,
        environment=result.environment,
        seeds=tuple(sorted({seed for job in jobs if isinstance(job, CompareJob) for seed in job.seeds})),
        shapes=dict(_shapes(jobs)),
        sources=sources,
        steps=tuple(steps),
    )


def write_certificate(certificate: Certificate, folder: Path) -> Path:
    """Write it into the folder, under a name made of its rule, its verdict and its hash; the path."""
    encoded = msgspec.json.format(msgspec.json.encode(certificate), indent=1)
    name = f"{certificate.code}-{certificate.verdict.value}-{hashlib.sha256(encoded).hexdigest()[:12]}.json"
    try:
        write_whole(folder / name, encoded)
    except OSError as error:
        message = f"{folder}: the certificate cannot be written: {error.strerror or error}"
        raise NnxlintError(message) from error
    return folder / name


def read_certificate(path: Path) -> Certificate:
    """Read a certificate; `NnxlintError` for what is none, or was changed."""
    try:
        certificate = msgspec.json.decode(path.read_bytes(), type=Certificate)
    except OSError as error:
        message = f"{path}: cannot be read: {error.strerror or error}"
        raise NnxlintError(message) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        message = f"{path}: no certificate: {error}"
        raise NnxlintError(message) from error
    named = {name for step in certificate.steps for each in _programs(step.job) for name in each.files.values()}
    for name in sorted(named | set(certificate.sources)):
        if _hash(certificate.sources.get(name, "")) != name:
            message = f"{path}: a source does not have the hash {name[:12]}…: the certificate was changed"
            raise NnxlintError(message)
    return certificate


def jobs_of_certificate(certificate: Certificate) -> tuple[Job, ...]:
    """The jobs as they were asked."""
    return tuple(_with_files(step.job, certificate.sources.__getitem__) for step in certificate.steps)


def replayed(certificate: Certificate, answers: Sequence[Answer], rule: Rule | None) -> Replay:
    """Compare what came of the jobs now with what the certificate says; `rule` is the one of its code, if any."""
    same_versions = certificate.versions == installed()
    broken = tuple(
        f"{step.job.id}: {told}"
        for step, answer in zip(certificate.steps, answers, strict=True)
        for told in _changes(step.outcome, _outcome(answer), hashes=same_versions)
    )
    environment = next((answer.environment for answer in answers if answer.environment is not None), None)
    return Replay(certificate, broken, tuple(_notes(certificate, rule, environment)), environment)


def rule_hash(rule: Rule) -> str:
    """The hash of the module that the rule is written in."""
    return _hash(inspect.getsource(sys.modules[rule.check.__module__]))


def _changes(before: Outcome, now: Outcome, *, hashes: bool) -> Iterator[str]:
    for name in ("kind", "verdict", "holds", "error", "row", "choice"):
        was, got = getattr(before, name), getattr(now, name)
        if was != got:
            because = f" ({now.reason})" if now.reason else ""
            yield f"{name} was {_shown(was)} and is {_shown(got)}{because}"
            return
    if hashes and before.hashes != now.hashes:
        names = sorted(name for name in before.hashes | now.hashes if before.hashes.get(name) != now.hashes.get(name))
        yield f"the jaxprs of {', '.join(names)} are others than they were"


def _notes(certificate: Certificate, rule: Rule | None, environment: Environment | None) -> Iterator[str]:
    now = installed()
    for name in sorted(certificate.versions | now):
        was, got = certificate.versions.get(name, "missing"), now.get(name, "missing")
        if was != got:
            yield f"{name} was {was} and is {got}"
    if rule is None:
        yield f"there is no rule {certificate.code} any more"
    elif rule_hash(rule) != certificate.rule:
        yield f"the rule {certificate.code} was changed since; its fix may be another one now"
    before = certificate.environment
    if before and environment and before.device_kind != environment.device_kind:
        yield f"the device was {before.device_kind} and is {environment.device_kind}"


def _outcome(answer: Answer) -> Outcome:
    return msgspec.convert(answer, Outcome, from_attributes=True)


def _programs(job: Job) -> Iterator[Program]:
    for value in _values(job):
        yield from (each for each in (value if isinstance(value, tuple) else (value,)) if isinstance(each, Program))


def _with_files(job: Job, change: Callable[[str], str]) -> Job:
    """The job with every text of its programs' files changed."""

    def changed(value: object) -> object:
        if isinstance(value, tuple):
            return tuple(map(changed, value))
        if not isinstance(value, Program):
            return value
        return msgspec.structs.replace(value, files={path: change(text) for path, text in value.files.items()})

    names = job.__struct_fields__
    return msgspec.structs.replace(job, **dict(zip(names, map(changed, _values(job)), strict=True)))


def _values(job: Job) -> Iterator[object]:
    return (getattr(job, name) for name in job.__struct_fields__)


def _shapes(jobs: Sequence[Job]) -> Iterator[tuple[str, str]]:
    cases: dict[str, Case] = {}
    for job in jobs:
        cases |= {case.name: case for case in (job.cases if isinstance(job, SolveJob) else (job.case,))}
    for case in cases.values():
        yield from ((f"{case.name} {name}", _shape(spec)) for name, spec in case.inputs.items())


def _shape(spec: ArraySpec) -> str:
    below = "" if spec.below is None else f" below {spec.below}"
    return f"{spec.dtype}{list(spec.shape)}{below}"


def _shown(value: object) -> str:
    return str(value) if value not in (None, "") else "nothing"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
