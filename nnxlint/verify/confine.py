"""Start a child within its limits: `python -P -m nnxlint.verify.confine FD FILE_SIZE MODULE ARGUMENTS…`.

This process stays as the child's keeper: when it ends or is told to (SIGTERM), or when nnxlint itself is killed, it
takes everything with it that the child ever started. Where Linux permits it, the child lives in namespaces of its
own: of users, so that it cannot look into other processes; of processes, so that none can outlive it; of mounts, for
a /proc that shows just these; of the network, which is empty but for the loopback. Elsewhere `nnxlint.verify.guard`
keeps Python off the network.

On the descriptor FD, where answers will come, the first line says as JSON which of the two holds.
"""

import contextlib
import ctypes
import fcntl
import json
import os
import resource
import signal
import socket
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import NoReturn

from nnxlint.verify.processes import below, running

_NEW_USER, _NEW_PROCESSES, _NEW_NETWORK, _NEW_MOUNTS = 0x10000000, 0x20000000, 0x40000000, 0x20000
_PRIVATE_BELOW, _NO_PROGRAMS = 0x4000 | 0x40000, 0x2 | 0x4 | 0x8  # of mount
_DIE_WITH_PARENT, _ADOPT_ORPHANS = 1, 36  # of prctl
_SET_INTERFACE_FLAGS, _UP_AND_RUNNING = 0x8914, 0x41
_KILLED = 128
_MOST_KILLABLE = "1000"


def main(arguments: list[str]) -> None:
    """Confine this process, start the module below it, and end as it ends."""
    answers, file_size, *command = arguments
    _prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    _prctl(_ADOPT_ORPHANS, 1)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(file_size), int(file_size)))
    isolated = _try_apart(_isolate) and _succeeds(_isolate)
    hello = json.dumps({"network": "namespace" if isolated else "guard"})
    os.write(int(answers), f"{hello}\n".encode())
    guard = () if isolated else ("nnxlint.verify.guard",)
    python = [sys.executable, "-P", "-m", *guard, *command]
    signal.signal(signal.SIGTERM, _end)
    status = _keep(lambda: _initialise(python) if isolated else _become(python))
    _kill_all_below()
    sys.exit(status)


def _isolate() -> None:
    """Enter new namespaces; `OSError` where that is not permitted."""
    user, group = os.getuid(), os.getgid()
    library = ctypes.CDLL(None, use_errno=True)
    if not hasattr(library, "unshare") or library.unshare(_NEW_USER | _NEW_PROCESSES | _NEW_NETWORK):
        raise OSError(ctypes.get_errno(), "no namespaces")
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1", encoding="ascii")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sH14x", b"lo", _UP_AND_RUNNING)
        fcntl.ioctl(any_socket, _SET_INTERFACE_FLAGS, request)


def _try_apart(action: Callable[[], None]) -> bool:
    """Whether an action that cannot be taken back would succeed: tried in a process that ends with it."""
    pid = os.fork()
    if pid == 0:
        os._exit(0 if _succeeds(action) else 1)
    return os.waitpid(pid, 0)[1] == 0


def _succeeds(action: Callable[[], None]) -> bool:
    try:
        action()
    except OSError:
        return False
    return True


def _keep(start: Callable[[], NoReturn]) -> int:
    """Fork, do it there, and wait for its end, also for that of orphans that end before it. Its exit status."""
    pid = os.fork()
    if pid == 0:
        _prctl(_DIE_WITH_PARENT, signal.SIGKILL)
        start()
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))  # so that the pipes close with the child
    while True:
        ended, status = os.wait()
        if ended == pid:
            code = os.waitstatus_to_exitcode(status)
            return _KILLED - code if code < 0 else code


def _end(number: int, frame: FrameType | None) -> None:
    del frame
    _kill_all_below()
    os._exit(_KILLED + number)


def _kill_all_below() -> None:
    """Kill until nothing is left: what is forked meanwhile is found in the next round."""
    while rest := below(os.getpid(), running()):
        for pid in rest:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.wait()


def _initialise(command: list[str]) -> NoReturn:
    """Be the first process of a process namespace, its init: when it ends, the system kills all others in it."""
    _show_own_processes()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os._exit(_keep(lambda: _become(command)))


def _show_own_processes() -> None:
    """Let /proc be that of the namespace: CUDA looks itself up there, and does not start where it finds another."""
    library = ctypes.CDLL(None)
    # The keeper outside goes on with the /proc that it knows. Where any of it is not permitted, as in some
    # containers, the CPU does without.
    if library.unshare(_NEW_MOUNTS) == 0:
        library.mount(b"none", b"/", None, _PRIVATE_BELOW, None)
        library.mount(b"proc", b"/proc", b"proc", _NO_PROGRAMS, None)


def _become(command: list[str]) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with contextlib.suppress(OSError):  # where memory runs out, this goes first
        Path("/proc/self/oom_score_adj").write_text(_MOST_KILLABLE, encoding="ascii")
    os.execv(command[0], command)  # noqa: S606 - no shell, on purpose


def _prctl(option: int, value: int) -> None:
    """Ask Linux for it; other systems have no such thing."""
    library = ctypes.CDLL(None)
    if hasattr(library, "prctl"):
        library.prctl(option, value, 0, 0, 0)


if __name__ == "__main__":
    main(sys.argv[1:])
