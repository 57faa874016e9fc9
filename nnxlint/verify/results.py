"""What a run of `nnxlint verify` came to, one verdict at a time, and what is told of it."""

from collections.abc import Sequence

import msgspec

from nnxlint.verify.protocol import Environment, Series
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


class ResultDocument(msgspec.Struct, frozen=True):
    """A result as the JSON format shows it."""

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


def device_text(environment: Environment) -> str:
    """Platform, kind and count of the devices: `gpu, NVIDIA H200, 1 device`."""
    count = environment.device_count
    kind = "" if environment.device_kind == environment.platform else f", {environment.device_kind}"
    return f"{environment.platform}{kind}, {count} device{'' if count == 1 else 's'}"


def document_of(result: Result) -> ResultDocument:
    """The result without its curves; versions are empty where nothing ran."""
    ran_on = result.environment
    return ResultDocument(
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


def all_hold(results: Sequence[Result]) -> bool:
    """Whether every contract was seen to hold: what could not be verified does not count as holding."""
    return all(result.verdict.keeps for result in results)
