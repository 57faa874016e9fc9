"""Work spread over processes: independent tasks, the largest first, their results in order."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Generic, TypeVar

# What one process must be spared, in bytes of source, so that starting another pays.
_WORTHWHILE = 100_000

A = TypeVar("A")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Task(Generic[A]):
    """An argument, and how much work it is: bytes of source."""

    argument: A
    size: int


def spread(
    work: Callable[[A], R], tasks: Sequence[Task[A]], jobs: int, done: Callable[[Task[A]], None]
) -> tuple[R, ...]:
    """Do the work on every argument and give the results in the tasks' order; `done` is told of each.

    `work` and the arguments must be picklable where there are several jobs. Where it would not pay, no process
    is started; the tasks of processes that died are done in this one.
    """
    results: dict[int, R] = {}
    processes = min(jobs, len(tasks))
    if processes > 1 and sum(task.size for task in tasks) - max(task.size for task in tasks) >= _WORTHWHILE:
        results = _in_processes(work, tasks, processes, done)
    for place, task in enumerate(tasks):
        if place not in results:
            results[place] = work(task.argument)
            done(task)
    return tuple(results[place] for place in range(len(tasks)))


def available_jobs() -> int:
    """Give the number of processes that can run at once here."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _in_processes(
    work: Callable[[A], R], tasks: Sequence[Task[A]], processes: int, done: Callable[[Task[A]], None]
) -> dict[int, R]:
    results: dict[int, R] = {}
    # A new interpreter rather than a fork: of threads, such as a progress bar's, a fork keeps only the locks.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(processes, context, initializer=_leave_interrupts_to_the_parent)
    try:
        order = sorted(range(len(tasks)), key=lambda place: -tasks[place].size)
        places = {pool.submit(work, tasks[place].argument): place for place in order}
        for future in as_completed(places):
            results[places[future]] = future.result()
            done(tasks[places[future]])
    except BrokenProcessPool:
        return results
    except BaseException:
        for process in multiprocessing.active_children():
            process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
    return results


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
