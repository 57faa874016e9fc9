"""Run the reference models and the contracts of the rules on an accelerator, and hold all of it against the CPU.

    python benchmarks/devices.py --out docs/devices.json

Needs a machine on which JAX finds a GPU or a TPU, and of nnxlint only this checkout with what the `verify` extra
names. What does not fit into `--seconds` is left out, and named. Exit status 1: a verdict is another one than on the
CPU, a number is further away than the tolerance of the device allows, or something was left out.
"""

import importlib.metadata
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.table import Table

from nnxlint.errors import NnxlintError
from nnxlint.rules import all_rules
from nnxlint.selection import select_rules
from nnxlint.verify.cache import Ask, installed
from nnxlint.verify.devices import HOST, Device, agreement, choose_devices
from nnxlint.verify.programs import MODELS, REFERENCE, batch_of
from nnxlint.verify.protocol import Answer, Case, CompareJob, Job, Maker, Probe, Program
from nnxlint.verify.results import device_text
from nnxlint.verify.run_rules import run_rules
from nnxlint.verify.session import SessionOptions, find_environment, session

FEW = 4
_MAIN = "main.py"


class Row(msgspec.Struct, frozen=True):
    """One subject on one accelerator: its verdicts there and on the CPU, how its numbers compare, and seconds."""

    subject: str
    device: str
    verdict: str
    on_cpu: str
    numbers: int
    apart: tuple[str, ...]
    seconds: float
    seconds_on_cpu: float
    reason: str

    @property
    def holds(self) -> bool:
        """Whether it came out as on the CPU."""
        return self.verdict == self.on_cpu not in ("DIFFERS", "UNVERIFIED") and not self.apart


class Record(msgspec.Struct, frozen=True):
    """What is kept of a run."""

    versions: dict[str, str]
    seconds: float
    rows: tuple[Row, ...]
    left_out: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether everything was run and came out as on the CPU."""
        return all(row.holds for row in self.rows) and not self.left_out


@dataclass(frozen=True, slots=True)
class _Outcome:
    subject: str
    verdict: str
    reason: str
    answers: tuple[Answer, ...]

    @property
    def seconds(self) -> float:
        return sum(answer.seconds for answer in self.answers)


@dataclass(frozen=True, slots=True)
class Place:
    """A device, and what answers jobs there."""

    device: Device
    ask: Ask


def model_job(model: str) -> CompareJob:
    """Compare a reference model with itself, which says little, and gives numbers of training and evaluation."""
    files = {f"reference/{name}": (REFERENCE / name).read_text("utf-8") for name in ("__init__.py", f"{model}.py")}
    names = "create, eval_step, loss, make_optimizer, train_step"
    files[_MAIN] = f"from flax import nnx\nfrom reference.{model} import {names}\n"
    case = Case(
        name=model,
        objects={
            "rngs": Maker("nnx.Rngs", ("seed",)),
            "model": Maker("create", ("rngs",)),
            "optimizer": Maker("make_optimizer", ("model",)),
        },
        inputs={f"batch.{name}": spec for name, spec in batch_of(model).items()},
        constants={"seed": 0},
        probes=(
            Probe("loss", ("model", "batch"), differentiate=True),
            Probe("train_step", ("model", "optimizer", "batch")),
            Probe("eval_step", ("model", "batch")),
        ),
    )
    program = Program(files, _MAIN)
    return CompareJob(f"models/{model}", program, program, case)


def _models(ask: Ask) -> list[_Outcome]:
    jobs: list[Job] = [model_job(model) for model in MODELS]
    return [
        _Outcome(model, answer.verdict.value if answer.verdict else answer.kind, answer.reason, (answer,))
        for model, answer in zip(MODELS, ask(jobs), strict=True)
    ]


def _rules(codes: Sequence[str], ask: Ask) -> list[_Outcome]:
    runs = run_rules(select_rules(all_rules(), select=codes), ask, importlib.metadata.version("flax"))
    return [_Outcome(run.result.code, run.result.verdict.value, run.result.reason, run.answers) for run in runs]


def measure(places: Sequence[Place], codes: Sequence[str], until: float) -> Iterator[tuple[str, list[Row]]]:
    """Yield the rows of each group; none for a group that there was no time for."""
    yield "models", _rows([(place.device, _models(place.ask)) for place in places])
    for start in range(0, len(codes), FEW):
        few = codes[start : start + FEW]
        late = time.monotonic() > until
        name = " ".join(few)
        yield name, [] if late else _rows([(place.device, _rules(few, place.ask)) for place in places])


def _rows(outcomes: Sequence[tuple[Device, list[_Outcome]]]) -> list[Row]:
    (_, on_cpu), *others = outcomes
    return [_row(device, here, there) for device, found in others for here, there in zip(found, on_cpu, strict=True)]


def _row(device: Device, here: _Outcome, on_cpu: _Outcome) -> Row:
    found = agreement(here.answers, on_cpu.answers, device.name)
    return Row(
        subject=here.subject,
        device=next((device_text(each.environment) for each in here.answers if each.environment), device.name),
        verdict=here.verdict,
        on_cpu=on_cpu.verdict,
        numbers=found.count,
        apart=found.apart[:FEW],
        seconds=round(here.seconds, 1),
        seconds_on_cpu=round(on_cpu.seconds, 1),
        reason=here.reason,
    )


def _show(rows: Iterable[Row], console: Console) -> None:
    table = Table(title="against the CPU")
    for name in ("subject", "device", "verdict", "on the CPU", "numbers", "apart", "s", "s on the CPU", ""):
        table.add_column(name)
    for row in rows:
        told = "ok" if row.holds else "MISSED"
        seconds = f"{row.seconds:.1f}", f"{row.seconds_on_cpu:.1f}"
        numbers = str(row.numbers), str(len(row.apart))
        table.add_row(row.subject, row.device, row.verdict, row.on_cpu, *numbers, *seconds, told)
    console.print(table)
    for row in rows:
        if not row.holds:
            console.print(f"{row.subject}: {row.reason}", *row.apart, sep="\n  ", markup=False, highlight=False)


@click.command()
@click.option("--device", type=click.Choice(["gpu", "tpu", "all"]), default="all", show_default=True)
@click.option("--rules", default="ALL", show_default=True, metavar="CODES", help="Rules, with commas between them.")
@click.option("--seconds", default=270.0, show_default=True, help="When to begin nothing new.")
@click.option("--timeout", default=120.0, show_default=True, help="How long one program may run.")
@click.option("--jobs", type=int, help="How many processes run programs; by default one a core, four on a GPU.")
@click.option("--out", type=click.Path(path_type=Path), help="Write what came out as JSON; after each group.")
def main(device: str, rules: str, seconds: float, timeout: float, jobs: int | None, out: Path | None) -> None:
    """Compare an accelerator with the CPU."""
    started = time.monotonic()
    try:
        devices = [each for each in choose_devices(device, os.environ, find_environment) if each != HOST]
        codes = [rule.code for rule in select_rules(all_rules(), select=rules.split(","))]
    except NnxlintError as error:
        raise click.ClickException(str(error)) from error
    if not devices:
        message = "JAX finds no accelerator here: there is nothing to compare with the CPU"
        raise click.ClickException(message)
    options = SessionOptions(jobs=jobs, seconds=timeout, numbers=True)
    rows: list[Row] = []
    left_out: list[str] = []
    with ExitStack() as stack:
        places = [Place(each, stack.enter_context(session(each, options))) for each in (HOST, *devices)]
        for name, found in measure(places, codes, started + seconds):
            rows += found
            left_out += [] if found else [name]
            took = round(time.monotonic() - started, 1)
            click.echo(f"{took:6.1f} s  {name}: {len(found)} compared", err=True)
            record = Record(installed(), took, tuple(rows), tuple(left_out))
            if out is not None:
                out.write_bytes(msgspec.json.format(msgspec.json.encode(record), indent=1) + b"\n")
    _show(rows, Console(width=140))
    click.echo(f"{record.seconds} s; left out: {', '.join(left_out) or 'nothing'}")
    raise SystemExit(0 if record.holds else 1)


if __name__ == "__main__":
    main()
