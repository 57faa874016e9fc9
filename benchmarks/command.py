"""Run nnxlint as users do, in a child process, and read what it printed."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

REPOSITORY = Path(__file__).resolve().parent.parent
TIMED_OUT = -1


class Location(msgspec.Struct, frozen=True):
    """A place in a file or notebook cell; both numbers count from one."""

    row: int
    column: int


class Finding(msgspec.Struct, frozen=True):
    """One diagnostic of `--output-format json`, as far as the benchmarks read it."""

    code: str
    message: str
    filename: str
    location: Location
    cell: int | None = None
    level: str = ""

    def path(self, base: Path) -> Path:
        """Return the file as an absolute path; `base` is where nnxlint ran."""
        return (base / self.filename).resolve()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run of nnxlint did."""

    status: int
    stdout: bytes
    stderr: str

    @property
    def timed_out(self) -> bool:
        """Whether the run was ended because it took too long."""
        return self.status == TIMED_OUT

    def findings(self) -> Sequence[Finding]:
        """Return the diagnostics; raises `msgspec.DecodeError` when the output is no such JSON."""
        return msgspec.json.decode(self.stdout, type=list[Finding])


def check(arguments: Sequence[str], cwd: Path, timeout: float, checkout: Path = REPOSITORY) -> Outcome:
    """Run `nnxlint check` of a checkout with JSON output; `timeout` in seconds."""
    # -P: a folder of the linted project must not be taken for one of our imports.
    command = [sys.executable, "-P", "-m", "nnxlint", "check", "--no-cache", "--output-format", "json", *arguments]
    environment = os.environ | {"PYTHONPATH": str(checkout)}
    try:
        done = subprocess.run(command, cwd=cwd, env=environment, timeout=timeout, capture_output=True, check=False)
    except subprocess.TimeoutExpired:
        return Outcome(TIMED_OUT, b"", f"ended after {timeout:.0f} s")
    return Outcome(done.returncode, done.stdout, done.stderr.decode(errors="replace"))
