"""Measure what verifying costs: a proof of a small model beyond importing JAX, and `verify --rules` of all rules.

    python benchmarks/proof.py

Seconds by the clock count, and depend on what else the machine does: seconds of the processor stand beside them, and
the best of a few runs is taken. Exit status 1: a bar is missed.
"""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

import click
from command import REPOSITORY

PROOF = 1.5
RULES = 120.0
_IMPORTS = "import jax, optax; from flax import nnx; import nnxlint.verify.child.__main__; jax.devices()"
_PROVES = f"""
{_IMPORTS}
from devices import model_job
from nnxlint.verify.child.compare import compare
answer = compare(model_job("mlp"))
assert answer.verdict == "PROVED", answer.reason
"""
_ALL = ("-m", "nnxlint", "verify", "--rules", "--device", "cpu", "--no-cache", "--output-format", "json")


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds by the clock, and of the processor, of a process and all below it."""

    clock: float
    processor: float


def spent(arguments: Sequence[str]) -> Spent:
    """Run Python with these arguments; `click.ClickException` where that fails."""
    path = os.pathsep.join(map(str, (REPOSITORY, REPOSITORY / "benchmarks")))
    environment = {**os.environ, "PYTHONPATH": path, "JAX_PLATFORMS": "cpu"}
    before, start = _processor(), time.perf_counter()
    done = subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, check=False)
    found = Spent(time.perf_counter() - start, _processor() - before)
    if done.returncode:
        raise click.ClickException(done.stderr.decode(errors="replace").strip()[-500:])
    return found


def _processor() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _tell(name: str, found: Spent, bar: float) -> bool:
    holds = found.clock <= bar
    told = f"{found.clock:.2f} s by the clock, {found.processor:.2f} s of the processor, at most {bar:g} s"
    click.echo(f"{'ok' if holds else 'MISSED'}: {name}: {told}")
    return holds


@click.command()
@click.option("--times", default=3, show_default=True, help="Of how many runs the best is taken, for the proof.")
@click.option("--rules/--no-rules", default=True, show_default=True, help="Also verify all rules, once.")
def main(times: int, rules: bool) -> None:  # noqa: FBT001 - as click gives it
    """Measure, and say which bars hold."""
    imports, proofs = ([spent(("-c", text)) for _ in range(times)] for text in (_IMPORTS, _PROVES))
    clock = min(each.clock for each in proofs) - min(each.clock for each in imports)
    processor = min(each.processor for each in proofs) - min(each.processor for each in imports)
    holds = _tell("a proof of a small model", Spent(clock, processor), PROOF)
    if rules:
        holds &= _tell("all rules", spent(_ALL), RULES)
    raise SystemExit(0 if holds else 1)


if __name__ == "__main__":
    main()
