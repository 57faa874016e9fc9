"""Many jobs on a few children: one that fails spoils no other, is repeated alone, and never becomes a wrong verdict."""

import contextlib
import functools
import os
import selectors
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from nnxlint.verify import sandbox
from nnxlint.verify.processes import running
from nnxlint.verify.protocol import Answer, Case, Job, Kind, SolveJob
from nnxlint.verify.sandbox import Limits
from nnxlint.verify.worker import Worker, WorkerError

Told = Callable[[Answer], None]

# What one child has compiled, the others need not. It lasts as long as the pool.
_SHARE_COMPILED = {"JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0", "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1"}
_WATCH = 0.25  # seconds between two looks at clocks and memory


class PoolOptions(msgspec.Struct, frozen=True):
    """How children are started: how many, their limits, where JAX may run (see `child_environment`), which module."""

    workers: int
    limits: Limits = Limits()
    platforms: str = ""
    module: str = sandbox.CHILD


@contextlib.contextmanager
def child_pool(options: PoolOptions) -> Iterator["Pool"]:
    """Give a pool whose children live until the end of the block; then no process and no folder is left."""
    folder = Path(tempfile.mkdtemp(prefix="nnxlint-verify-")).resolve()
    pool = Pool(options, folder)
    with _signals_raise():
        try:
            yield pool
        finally:
            with _undisturbed():
                pool.close()
                shutil.rmtree(folder, ignore_errors=True)


@dataclass(slots=True)
class Pool:
    """The children that there are. One thread watches all of them: the one that calls."""

    options: PoolOptions
    folder: Path
    workers: list[Worker] = field(default_factory=list)
    started: int = 0
    looked: float = 0.0

    def run(self, jobs: Sequence[Job], told: Told = lambda _: None) -> tuple[Answer, ...]:
        """Answer every job, in their order; `told` hears each answer as it comes. Their ids must be unique.

        A job whose child crashed, hung or wrote nonsense is repeated in a new child while no other job runs; if it
        fails again, its answer is of the kind `crashed` or `timed-out`, with the reason.
        """
        answers: dict[str, Answer] = {}

        def note(answer: Answer) -> None:
            answers[answer.id] = answer
            told(answer)

        # Jobs that need equally many devices come together, so that few children are started anew.
        ordered = sorted(jobs, key=_devices)
        suspects = [job for job, _ in self._work(ordered, self.options.workers, note)]
        for job in suspects:
            self.close()
            for _, error in self._work([job], 1, note):
                note(_failure(job, error))
        return tuple(answers[job.id] for job in jobs)

    def close(self) -> None:
        """End all children."""
        while self.workers:
            sandbox.stop(self.workers.pop().child)

    def _work(self, jobs: Iterable[Job], width: int, note: Told) -> list[tuple[Job, WorkerError]]:
        """Run the jobs on so many children; give those that failed, and why."""
        waiting, failed = list(jobs), list[tuple[Job, WorkerError]]()
        while waiting or any(worker.job for worker in self.workers):
            self._hand_out(waiting, width)
            for worker, step in self._events():
                if worker not in self.workers:
                    continue
                job = worker.job
                try:
                    answer = step()
                except WorkerError as error:
                    self._retire(worker)
                    failed += [(job, error)] if job else []
                    continue
                if answer is not None:
                    note(answer)
                    if worker.is_bloated:
                        self._retire(worker)
        return failed

    def _hand_out(self, waiting: list[Job], width: int) -> None:
        """Give every idle child a job, and start children as long as there are too few."""
        idle = [worker for worker in self.workers if worker.job is None]
        while waiting and (idle or len(self.workers) < width):
            worker = idle.pop() if idle else None
            job = self._take(waiting, worker)
            if worker is not None and worker.devices != _devices(job):
                self._retire(worker)
                worker = None
            (worker or self._start(_devices(job))).give(job, _case_name(job))

    def _take(self, waiting: list[Job], worker: Worker | None) -> Job:
        """Take the next job of the case that the child has at hand, compiled; else of one that no other child has."""
        cases = [_case_name(job) for job in waiting]
        own = worker.case if worker else ""
        others = {each.case for each in self.workers if each is not worker}
        wanted = own if own in cases else next((case for case in cases if case not in others), cases[0])
        return waiting.pop(cases.index(wanted))

    def _start(self, devices: int) -> Worker:
        self.started += 1
        folder = self.folder / str(self.started)
        folder.mkdir()
        # Simulated devices are those of the CPU, whatever else there is.
        platforms = "cpu" if devices > 1 else self.options.platforms
        environment = sandbox.child_environment(os.environ, platforms, devices)
        environment |= {**_SHARE_COMPILED, "JAX_COMPILATION_CACHE_DIR": str(self.folder / "compiled")}
        child = sandbox.start(folder, self.options.limits, environment, self.options.module)
        self.workers.append(Worker(child, self.options.limits, devices))
        return self.workers[-1]

    def _retire(self, worker: Worker) -> None:
        self.workers.remove(worker)
        sandbox.stop(worker.child)

    def _events(self) -> Iterator[tuple[Worker, Callable[[], Answer | None]]]:
        """Wait for something to do; give it as the worker and the step to take, which may raise `WorkerError`."""
        with selectors.DefaultSelector() as selector:
            for worker in self.workers:
                selector.register(worker.child.answers, selectors.EVENT_READ, (worker, worker.read))
                selector.register(worker.complaints, selectors.EVENT_READ, (worker, worker.listen))
                if worker.unsent:
                    selector.register(worker.child.jobs, selectors.EVENT_WRITE, (worker, worker.send))
            ready = [key.data for key, _ in selector.select(_WATCH)]
        yield from ready
        if (now := time.monotonic()) > self.looked + _WATCH:
            self.looked = now
            processes = running()
            for worker in tuple(self.workers):
                yield worker, functools.partial(worker.check, processes, now)


def _devices(job: Job) -> int:
    """How many devices the job asks for."""
    return max(case.devices for case in _cases(job))


def _case_name(job: Job) -> str:
    return _cases(job)[0].name


def _cases(job: Job) -> tuple[Case, ...]:
    return job.cases if isinstance(job, SolveJob) else (job.case,)


def _failure(job: Job, error: WorkerError) -> Answer:
    kind: Kind = "timed-out" if error.timed_out else "crashed"
    return Answer(id=job.id, kind=kind, reason=f"{error}, also when repeated alone")


@contextlib.contextmanager
def _signals_raise() -> Iterator[None]:
    """Have a request to end treated like Ctrl-C, so that everything is cleaned up."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ending = [number for number in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(number) == signal.SIG_DFL]
    for number in ending:
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number in ending:
            signal.signal(number, signal.SIG_DFL)


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Hold back signals while cleaning up: a second Ctrl-C must not leave half of it behind."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
