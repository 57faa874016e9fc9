"""The processes below a process, and the memory that they use: asked of `/proc`, or of `ps` where there is none."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_PARENT, _RESIDENT = 1, 21  # fields of /proc/PID/stat, counted from the state, which follows the command's name


@dataclass(frozen=True, slots=True)
class Process:
    """A running process: its parent, and its resident memory in bytes."""

    parent: int
    resident: int


def running() -> dict[int, Process]:
    """Every process that can be seen, by its number."""
    return dict(_from_proc() if (_PROC / "self" / "stat").exists() else _from_ps())


def below(pid: int, processes: Mapping[int, Process]) -> tuple[int, ...]:
    """Children of a process, their children, and so on; not itself."""
    children: dict[int, list[int]] = {}
    for number, process in processes.items():
        children.setdefault(process.parent, []).append(number)
    found = list(children.get(pid, ()))
    for number in found:  # grows while it is read
        found += children.get(number, ())
    return tuple(found)


def memory_of(pid: int, processes: Mapping[int, Process]) -> int:
    """Resident bytes of a process and all below it; pages that they share are counted for each."""
    return sum(processes[number].resident for number in (pid, *below(pid, processes)) if number in processes)


def _from_proc() -> Iterator[tuple[int, Process]]:
    page = os.sysconf("SC_PAGE_SIZE")
    for entry in os.scandir(_PROC):
        if not entry.name.isdigit():
            continue
        try:
            stat = Path(entry.path, "stat").read_bytes()
        except OSError:  # it has just ended
            continue
        # The name is in parentheses and may hold any character, so what counts starts behind the last one.
        fields = stat.rpartition(b")")[2].split()
        yield int(entry.name), Process(int(fields[_PARENT]), int(fields[_RESIDENT]) * page)


def _from_ps() -> Iterator[tuple[int, Process]]:
    listed = subprocess.run(["ps", "-axo", "pid=,ppid=,rss="], capture_output=True, text=True, check=False)  # noqa: S607
    for line in listed.stdout.splitlines():
        pid, parent, kilobytes = line.split()
        yield int(pid), Process(int(parent), int(kilobytes) * 1024)
