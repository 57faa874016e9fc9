"""What a run of `nnxlint verify` came to, one verdict at a time, and what is told of it."""

from dataclasses import dataclass

import msgspec

from nnxlint.verify.protocol import Answer, Environment, Job, Series
from nnxlint.verify.verdicts import Verdict


class Curve(msgspec.Struct, frozen=True):
    """What a witness saw: of the program that the rule reports (`bad`), and of the one that its fix makes."""

    subject: str
    bad: tuple[Series, ...] = ()
    fixed: tuple[Series, ...] = ()


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One verdict.

    `code`: the rule's; `contract`: what it promises, as `contract_text` writes it, empty for a rule without a fix;
    `witness`: the name of the property that was watched, empty where none was. `seconds` is the time that children
    worked on it. `certificate`: where the certificate was written, empty where none was. `curves` are for drawings.
    """

    code: str
    contract: str
    verdict: Verdict
    witness: str = ""
    reason: str = ""
    environment: Environment | None = None
    seconds: float = 0.0
    certificate: str = ""
    curves: tuple[Curve, ...] = ()

    @property
    def device(self) -> str:
        """Platform, kind and count of the devices that it ran on; empty where nothing ran."""
        return "" if self.environment is None else device_text(self.environment)


class ResultDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A result as the JSON format shows it; `filename` and `row` are there for the user's own code only."""

    filename: str | msgspec.UnsetType = msgspec.UNSET
    row: int | msgspec.UnsetType = msgspec.UNSET

    code: str
    contract: str
    verdict: Verdict
    witness: str
    reason: str
    flax: str
    jax: str
    device: str
    seconds: float
    certificate: str


@dataclass(frozen=True, slots=True)
class Run:
    """A result with all that was asked and answered for it, the answers in the order of the jobs.

    `filename` and `row`: where the finding is, for the user's own code.
    """

    result: Result
    jobs: tuple[Job, ...] = ()
    answers: tuple[Answer, ...] = ()
    filename: str = ""
    row: int = 0

    @property
    def place(self) -> str:
        """Where the finding is, as `file:row`; empty for a verdict on a rule."""
        return f"{self.filename}:{self.row}" if self.filename else ""


def device_text(environment: Environment) -> str:
    """Platform, kind and count of the devices: `gpu, NVIDIA H200, 1 device`."""
    count = environment.device_count
    kind = "" if environment.device_kind == environment.platform else f", {environment.device_kind}"
    return f"{environment.platform}{kind}, {count} device{'' if count == 1 else 's'}"


def document_of(run: Run) -> ResultDocument:
    """The result without its curves; versions are empty where nothing ran."""
    result, ran_on = run.result, run.result.environment
    return ResultDocument(
        filename=run.filename or msgspec.UNSET,
        row=run.row or msgspec.UNSET,
        code=result.code,
        contract=result.contract,
        verdict=result.verdict,
        witness=result.witness,
        reason=result.reason,
        flax="" if ran_on is None else ran_on.flax,
        jax="" if ran_on is None else ran_on.jax,
        device=result.device,
        seconds=round(result.seconds, 3),
        certificate=result.certificate,
    )
