"""The verifier itself, measured: it sees through wrong fixes, and says of harmless ones that they are."""

import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from nnxlint.verify.protocol import Answer, ArraySpec, Case, CompareJob, Job, Maker, Probe, Program
from nnxlint.verify.verdicts import Verdict
from tests.verify_cases.change import Change, harmless, wrong

pytestmark = pytest.mark.runtime

ROOT = Path(__file__).resolve().parent.parent
PROOF_SECONDS = 1.5
MEMORY_FOR_PROOFS = 2 * 2**30


@contextmanager
def _child() -> Iterator[tuple[int, int, subprocess.Popen[bytes]]]:
    """A child: where jobs are written and answers are read."""
    jobs_out, jobs_in = os.pipe()
    answers_out, answers_in = os.pipe()
    command = [sys.executable, "-P", "-m", "nnxlint.verify.child", "--in", str(jobs_out), "--out", str(answers_in)]
    environment = {**os.environ, "JAX_PLATFORMS": "cpu", "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment, pass_fds=(jobs_out, answers_in)) as process:
        os.close(jobs_out)
        os.close(answers_in)
        yield jobs_in, answers_out, process


def _answers(jobs: Sequence[Job]) -> dict[str, Answer]:
    """Have the jobs done, by one child a core."""
    children = os.cpu_count() or 1
    with ThreadPoolExecutor(children) as threads:
        shares = threads.map(_answers_and_memory, (jobs[start::children] for start in range(children)))
        return {name: answer for share, _ in shares for name, answer in share.items()}


def _answers_and_memory(jobs: Sequence[Job]) -> tuple[dict[str, Answer], int]:
    """The answers by job, and the most memory that the child had, in bytes."""
    answers: dict[str, Answer] = {}
    memory = 0
    with _child() as (jobs_in, answers_out, process), os.fdopen(answers_out, "rb") as lines:
        lines.readline()
        for job in jobs:
            os.write(jobs_in, msgspec.json.encode(job) + b"\n")
            answers[job.id] = msgspec.json.decode(lines.readline(), type=Answer)
        status = Path(f"/proc/{process.pid}/status")
        if status.exists():
            peak = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
            memory = 1024 * int(peak.split()[1])
        os.close(jobs_in)
    return answers, memory


def _is_refused(answer: Answer) -> bool:
    """Whether a fix with this answer is taken back."""
    return answer.verdict is None or not answer.verdict.keeps


def test_no_wrong_fix_passes() -> None:
    changes = wrong()
    answers = _answers([change.job for change in changes])
    passed = {name: f"{each.verdict}: {each.reason}" for name, each in answers.items() if not _is_refused(each)}
    different = [name for name, each in answers.items() if each.verdict == Verdict.DIFFERS]

    assert passed == {}
    assert len(answers) == len(changes)
    assert len(different) >= 80


def test_harmless_rewrites_are_not_called_different() -> None:
    changes = harmless()
    answers = _answers([change.job for change in changes])
    different = {name: each.reason for name, each in answers.items() if each.verdict == Verdict.DIFFERS}
    proved = [name for name, each in answers.items() if each.verdict == Verdict.PROVED]

    assert different == {}
    assert len(answers) == len(changes) >= 40
    assert len(proved) >= 45


def test_a_proof_of_a_small_model_is_quick() -> None:
    change = next(each for each in harmless() if each.name == "keyword call")
    answers = _answers([msgspec.structs.replace(change.job, id=str(number)) for number in range(3)])

    assert {answer.verdict for answer in answers.values()} == {Verdict.PROVED}
    assert min(answer.seconds for answer in answers.values()) <= PROOF_SECONDS


BIG = """
    import optax
    from flax import nnx


    class Net(nnx.Module):
        def __init__(self, rngs):
            self.layers = nnx.List([nnx.Linear(20_000, 20_000, rngs=rngs) for _ in range(4)])

        def __call__(self, x):
            for layer in self.layers:
                x = nnx.relu(layer(x))
            return x


    def create(rngs):
        return Net(rngs)


    def make_optimizer(model):
        return nnx.Optimizer(model, optax.adam(1e-3), wrt=nnx.Param)


    def loss(model, x):
        return model(x).mean()


    @nnx.jit
    def step(model, optimizer, x):
        value, grads = nnx.value_and_grad(loss)(model, x)
        optimizer.update(model, grads)
        return value
"""


def test_a_big_model_is_proved_without_memory_for_its_weights() -> None:
    """Weights and moments of 1.6 billion parameters would take 19 GB."""
    case = Case(
        "big",
        {
            "rngs": Maker("nnx.Rngs", ("seed",)),
            "model": Maker("create", ("rngs",)),
            "optimizer": Maker("make_optimizer", ("model",)),
        },
        {"x": ArraySpec((8, 20_000))},
        {"seed": 0},
        (Probe("step", ("model", "optimizer", "x")), Probe("loss", ("model", "x"), differentiate=True)),
    )
    answers, memory = _answers_and_memory(
        [_job("big", BIG, case, ("value, grads", "found, grads"), ("return value", "return found"))]
    )

    assert answers["big"].verdict == Verdict.PROVED, answers["big"].reason
    assert memory < MEMORY_FOR_PROOFS


TRAPS = """
    import jax
    import jax.numpy as jnp
    import numpy as np
    from flax import nnx

    LOG = []
    UNUSED = 3


    def untouched(x):
        return x - 1.0


    class Net(nnx.Module):
        def __init__(self, rngs):
            self.layer = nnx.Linear(2, 2, rngs=rngs)
            self.note = "plain"

        def __call__(self, x, scale=1.0):
            if UNUSED > 5:
                x = untouched(x)
            return self.layer(x)


    def create(rngs):
        return Net(rngs)


    def outside(model, x):
        shape = jax.ShapeDtypeStruct(x.shape, x.dtype)
        return jax.pure_callback(lambda y: np.asarray(y + 1, np.float32), shape, model(x))


    def printing(model, x):
        print("mean", 1)
        return model(x)


    def debugging(model, x):
        jax.debug.print("{}", x.sum())
        return model(x)


    def noting(model, x):
        LOG.append("called")
        return model(x)


    def tossed(model, x):
        x + 1.0
        return model(x)


    def converted(model, x):
        return model(x) * float(x[0, 0])
"""

TRAP_CASE = Case(
    "traps",
    {"rngs": Maker("nnx.Rngs", ("seed",)), "model": Maker("create", ("rngs",))},
    {"x": ArraySpec((3, 2))},
    {"seed": 0},
)


def _job(name: str, text: str, case: Case, *pairs: tuple[str, str]) -> CompareJob:
    """A job that compares a program with one in which some text, which occurs once, is another."""
    before = textwrap.dedent(text)
    change = Change("program", name, pairs)
    programs = (Program({"program.py": each}, "program.py") for each in (before, change.made_to(before)))
    return CompareJob(name, *programs, case)


def _trap(name: str, probe: str, old: str, new: str) -> CompareJob:
    arguments = ("x",) if probe == "model" else ("model", "x")
    case = msgspec.structs.replace(TRAP_CASE, probes=(Probe(probe, arguments),))
    return _job(name, TRAPS, case, (old, new))


EXPECTED = [
    (_trap("another callback", "outside", "y + 1", "y + 2"), Verdict.DIFFERS, "differs by up to"),
    (_trap("the same callback, written otherwise", "outside", "y + 1", "1 + y"), Verdict.TESTED, "cannot be seen"),
    (_trap("another text printed", "printing", '"mean", 1', '"mean", 2'), Verdict.DIFFERS, "printed"),
    (_trap("the same text printed", "printing", '"mean", 1', '"mean", 0 + 1'), Verdict.TESTED, "prints"),
    (
        _trap("effects", "debugging", "return model(x)\n\n\ndef noting", "y = model(x)\n    return y\n\n\ndef noting"),
        Verdict.TESTED,
        "effects",
    ),
    (_trap("a global that is changed", "noting", '"called"', '"seen"'), Verdict.DIFFERS, "LOG"),
    (_trap("a statement without effect", "tossed", "    x + 1.0\n", "    x + 2.0\n"), Verdict.UNVERIFIED, "noticed"),
    (_trap("a line that is never run", "model", "x - 1.0", "x - 2.0"), Verdict.UNVERIFIED, "never run"),
    (_trap("an argument that nobody uses", "model", "scale=1.0", "scale=2.0"), Verdict.UNVERIFIED, "noticed"),
    (
        _trap("a value that Python looks at", "converted", "model(x) * float(x[0, 0])", "float(x[0, 0]) * model(x)"),
        Verdict.TESTED,
        "cannot be traced",
    ),
    (_trap("another attribute", "model", '"plain"', '"fancy"'), Verdict.DIFFERS, "model.note"),
    (_trap("an error", "model", "self.layer(x)", "self.layers(x)"), Verdict.DIFFERS, "raises AttributeError"),
    (_trap("no module", "model", "class Net(", "class Net(("), Verdict.DIFFERS, "cannot be loaded"),
]


def test_traps() -> None:
    answers = _answers([job for job, _, _ in EXPECTED])
    surprising = {
        job.id: f"{answers[job.id].verdict}: {answers[job.id].reason}"
        for job, verdict, reason in EXPECTED
        if answers[job.id].verdict != verdict or reason not in answers[job.id].reason
    }

    assert surprising == {}


@pytest.mark.parametrize("change", [*wrong(), *harmless()], ids=lambda change: f"{change.program}: {change.name}")
def test_changes_are_programs(change: Change) -> None:
    job = change.job

    compile(job.after.files[job.after.main], job.after.main, "exec", dont_inherit=True)
    assert job.after != job.before
