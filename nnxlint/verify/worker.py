"""One child at work: a job is sent, bytes come back, and the clock and the memory are watched."""

import contextlib
import os
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from nnxlint.verify.processes import Process, memory_of
from nnxlint.verify.protocol import Answer, Job
from nnxlint.verify.sandbox import GIB, Limits, Sandboxed

STARTING = 60.0  # seconds that importing JAX and finding its devices may take besides
_CHUNK = 1 << 16
_LONGEST_ANSWER = 1 << 26
_REMEMBERED = 4096  # bytes of what was last written to standard error
_SHOWN = 60
_KILLED = 128  # and the signal's number make the exit status of what a signal has killed


class Hello(msgspec.Struct, frozen=True):
    """The first line that a confined child sends: how the network was denied to it, `namespace` or `guard`."""

    network: str


class WorkerError(Exception):
    """The child cannot go on; the message says what happened, and `timed_out` whether it only took too long."""

    def __init__(self, message: str, *, timed_out: bool = False) -> None:
        super().__init__(message)
        self.timed_out = timed_out


@dataclass(slots=True, eq=False)
class Worker:
    """A child, the job that it has, the case that its last job was of, what was read and is still to be written."""

    child: Sandboxed
    limits: Limits
    devices: int
    job: Job | None = None
    case: str = ""
    network: str | None = None
    ready: bool = False
    unsent: bytes = b""
    received: bytearray = field(default_factory=bytearray)
    errors: bytearray = field(default_factory=bytearray)
    deadline: float = 0.0
    memory: int = 0

    @property
    def complaints(self) -> int:
        """The descriptor that standard error is read from."""
        assert self.child.keeper.stderr is not None  # noqa: S101 - it was started with one
        return self.child.keeper.stderr.fileno()

    @property
    def is_bloated(self) -> bool:
        """Whether it is better to take a new child for the next job."""
        return 2 * self.memory > self.limits.memory

    def give(self, job: Job, case: str) -> None:
        """Have a job of this case sent, and start its clock, which starts again when the child is ready."""
        self.job, self.case, self.unsent = job, case, msgspec.json.encode(job) + b"\n"
        self.deadline = time.monotonic() + self.limits.seconds + (0 if self.ready else STARTING)
        self.send()

    def send(self) -> None:
        """Write as much of the job as the pipe takes; a child that has gone is noticed when it is read from."""
        with contextlib.suppress(BlockingIOError, BrokenPipeError):
            self.unsent = self.unsent[os.write(self.child.jobs, self.unsent) :]

    def listen(self) -> None:
        """Keep the last that the child has written to standard error."""
        self.errors += os.read(self.complaints, _CHUNK)
        del self.errors[:-_REMEMBERED]

    def read(self) -> Answer | None:
        """Take what the child has written: the answer to its job, or None while that is not complete.

        `WorkerError` when the child has ended, or has written anything else.
        """
        try:
            data = os.read(self.child.answers, _CHUNK)
        except BlockingIOError:
            return None
        if not data:
            raise WorkerError(self._ending())
        self.received += data
        if len(self.received) > _LONGEST_ANSWER:
            message = "it wrote an answer without end"
            raise WorkerError(message)
        if self.network is None:
            self._greet()
        if self.network is not None and not self.ready and self.received.startswith(b"\n"):
            self.ready, self.deadline = True, time.monotonic() + self.limits.seconds
            del self.received[0]
        line, end, rest = bytes(self.received).partition(b"\n")
        if not end:
            return None
        self.received.clear()
        return self._answer(line, rest)

    def check(self, processes: Mapping[int, Process], now: float) -> None:
        """`WorkerError` when the child uses too much memory or time."""
        self.memory = memory_of(self.child.keeper.pid, processes)
        if self.memory > self.limits.memory:
            message = f"it used more than {self.limits.memory / GIB:.2g} GiB of memory"
            raise WorkerError(message)
        if self.job is not None and now > self.deadline:
            message = f"no answer within {self.limits.seconds:g} s"
            raise WorkerError(message, timed_out=True)

    def _greet(self) -> None:
        line, end, rest = bytes(self.received).partition(b"\n")
        if not end:
            return
        try:
            self.network = msgspec.json.decode(line, type=Hello).network
        except msgspec.DecodeError as error:
            message = f"it was not confined: {line[:_SHOWN]!r}"
            raise WorkerError(message) from error
        self.received[:] = rest

    def _answer(self, line: bytes, rest: bytes) -> Answer:
        try:
            answer = msgspec.json.decode(line, type=Answer)
        except (msgspec.DecodeError, UnicodeDecodeError):
            answer = None
        if answer is None or self.job is None or answer.id != self.job.id or rest:
            shown = (rest if answer and rest else line)[:_SHOWN].decode(errors="backslashreplace")
            message = f"it wrote what is no answer: {shown!r}"
            raise WorkerError(message)
        self.job = None
        environment = answer.environment and msgspec.structs.replace(answer.environment, network=self.network or "")
        return msgspec.structs.replace(answer, environment=environment)

    def _ending(self) -> str:
        """Say how the child has ended, with the last line of what it said."""
        with contextlib.suppress(BlockingIOError):
            os.set_blocking(self.complaints, False)
            self.listen()
        status = self.child.keeper.wait()
        name = _signal_name(status - _KILLED)
        how = f"killed by {name}" if name else f"with exit status {status}"
        lines = self.errors.decode(errors="backslashreplace").strip().splitlines()
        return f"the process ended, {how}" + (f": {lines[-1].strip()[:200]}" if lines else "")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return ""
