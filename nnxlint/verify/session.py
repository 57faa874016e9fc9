"""A run on one device: jobs are asked with the seeds that were wanted, of the cache first and then of children."""

import functools
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from nnxlint.verify.cache import Ask, cached, make_cache
from nnxlint.verify.devices import Device
from nnxlint.verify.pool import PoolOptions, child_pool
from nnxlint.verify.protocol import Answer, Case, CompareJob, Environment, Job, Program, RunJob
from nnxlint.verify.sandbox import Limits, memory_for

_ACCELERATOR_CHILDREN = 4  # each keeps a context of half a gigabyte on the accelerator

Advance = Callable[[int, int], None]
"""Is told how many of how many jobs are done, as far as they are known."""


class SessionOptions(msgspec.Struct, frozen=True):
    """How children are asked.

    `jobs`: how many children, by default one a core; `seconds`: the limit of a job; `seeds`: how many random seeds
    numbers are compared for, by default what each job says; `cache`: the folder of known answers, if any; `numbers`:
    whether comparisons also give numbers by which two devices can be compared.
    """

    jobs: int | None = None
    seconds: float = 60.0
    seeds: int | None = None
    cache: Path | None = None
    numbers: bool = False


@contextmanager
def session(device: Device, options: SessionOptions, advance: Advance = lambda *_: None) -> Iterator[Ask]:
    """Give what answers jobs on the device; at the end of the block all children are gone."""
    told, asked = 0, 0

    def tell(_: Answer) -> None:
        nonlocal told
        told += 1
        advance(told, asked)

    with child_pool(_pool_options(device, options)) as pool:
        ask: Ask = functools.partial(pool.run, told=tell)
        if options.cache is not None:
            ask = cached(ask, make_cache(options.cache, device), tell)

        def counted(jobs: Sequence[Job]) -> Sequence[Answer]:
            nonlocal asked
            asked += len(jobs)
            advance(told, asked)
            return ask([seeded(job, options) for job in jobs])

        yield counted


def seeded(job: Job, options: SessionOptions) -> Job:
    """The job as it is asked: a comparison with as many seeds as are wanted, and with numbers where those are."""
    if not isinstance(job, CompareJob):
        return job
    seeds = job.seeds if options.seeds is None else tuple(range(options.seeds))
    return msgspec.structs.replace(job, seeds=seeds, numbers=options.numbers)


def find_environment(platforms: str) -> Environment | None:
    """What a child finds where JAX may run on these platforms; None where JAX cannot start there."""
    nothing = RunJob("devices", Program({"main.py": ""}, "main.py"), Case("devices"))
    with child_pool(PoolOptions(workers=1, platforms=platforms)) as pool:
        return pool.run([nothing])[0].environment


def _pool_options(device: Device, options: SessionOptions) -> PoolOptions:
    workers = options.jobs or _cores()
    if options.jobs is None and device.name != "cpu":
        workers = min(workers, _ACCELERATOR_CHILDREN)
    limits = Limits(seconds=options.seconds, memory=memory_for(workers))
    return PoolOptions(workers=workers, limits=limits, platforms=device.platforms)


def _cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
