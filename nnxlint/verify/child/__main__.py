"""A child: `python -m nnxlint.verify.child --in FD --out FD` answers jobs until there are no more.

One job a line comes in on the one descriptor, one answer a line goes out on the other, after an empty line that says
that the child is ready: from then on the clock of its job runs. Standard output and error are the programs' own.
"""

import argparse
import contextlib
import os
import sys
import tempfile
import time
import traceback

import flax
import jax
import msgspec

from nnxlint.verify.child.compare import compare
from nnxlint.verify.child.loading import LoadError, opened
from nnxlint.verify.child.running import run
from nnxlint.verify.child.solve import solve
from nnxlint.verify.child.witnesses import WITNESSES
from nnxlint.verify.child.witnesses.base import Evidence
from nnxlint.verify.protocol import Answer, CompareJob, Environment, Job, RunJob, SolveJob, WitnessJob


def main() -> None:
    """Answer the jobs of the descriptor that the arguments name."""
    parser = argparse.ArgumentParser(prog="nnxlint.verify.child")
    parser.add_argument("--in", dest="jobs", type=int, required=True)
    parser.add_argument("--out", dest="answers", type=int, required=True)
    arguments = parser.parse_args()
    del sys.argv[1:]  # they are ours, and no options of the programs
    decoder = msgspec.json.Decoder(Job)
    with (
        os.fdopen(arguments.jobs, "rb") as jobs,
        os.fdopen(arguments.answers, "wb", buffering=0) as answers,
        tempfile.TemporaryDirectory(prefix="nnxlint-compiled-") as folder,
    ):
        _compile_quickly(folder)
        environment()  # finds the devices, which takes its time
        answers.write(b"\n")
        for line in jobs:
            answers.write(msgspec.json.encode(answer(decoder.decode(line))) + b"\n")


def _compile_quickly(folder: str) -> None:
    """Keep what was compiled for the next job, which mostly is about the same model, and optimize little.

    Programs run a few steps only: to compile them well would take longer than to run them badly.
    """
    options: dict[str, object] = {
        "jax_persistent_cache_min_compile_time_secs": 0.0,
        "jax_persistent_cache_min_entry_size_bytes": -1,
    }
    if jax.config.jax_compilation_cache_dir is None:  # type: ignore[attr-defined]
        options["jax_compilation_cache_dir"] = folder
    if jax.default_backend() == "cpu":
        options["jax_disable_most_optimizations"] = True
    for name, value in options.items():
        jax.config.update(name, value)  # type: ignore[no-untyped-call]


def answer(job: Job) -> Answer:
    """Do a job; whatever goes wrong with it, there is an answer."""
    started = time.monotonic()
    try:
        found = _done(job)
    except LoadError as error:
        found = Answer(id=job.id, kind="unsupported", reason=str(error))
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a program's trouble, or ours, is no reason to end
        frame = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{os.path.basename(frame.filename)}:{frame.lineno}"  # noqa: PTH119 - a name, not a path
        found = Answer(id=job.id, kind="crashed", reason=f"{type(error).__name__} at {place}: {error}"[:500])
    return msgspec.structs.replace(found, seconds=time.monotonic() - started, environment=environment())


def environment() -> Environment:
    """What this child runs on."""
    devices = jax.devices()
    return Environment(
        flax=flax.__version__,
        jax=jax.__version__,
        platform=devices[0].platform,
        device_kind=devices[0].device_kind,
        device_count=len(devices),
    )


def _done(job: Job) -> Answer:
    match job:
        case CompareJob():
            return compare(job)
        case WitnessJob():
            return _witnessed(job)
        case RunJob():
            return run(job)
        case SolveJob():
            return solve(job)


def _witnessed(job: WitnessJob) -> Answer:
    witness = WITNESSES.get(job.witness)
    if witness is None:
        return Answer(id=job.id, kind="unsupported", reason=f"there is no witness `{job.witness}`")
    with contextlib.ExitStack() as stack:
        program = stack.enter_context(opened(job.program))
        other = None if job.other is None else stack.enter_context(opened(job.other))
        outcome = witness(Evidence(program, job.case, job.options, other))
    return Answer(id=job.id, holds=outcome.holds, reason=outcome.reason, series=outcome.series)


if __name__ == "__main__":
    main()
