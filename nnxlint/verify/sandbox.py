"""A child process within limits: a folder and an environment of its own, and a keeper that takes all of it down."""

import contextlib
import os
import shutil
import signal
import stat
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

import nnxlint

GIB = 2**30
CHILD = "nnxlint.verify.child"

# What of the environment a child gets. Everything else may be a secret, or make runs differ from one shell to another.
_PASSED_ON = frozenset(
    "PATH PYTHONPATH LANG LC_ALL LC_CTYPE TZ SYSTEMROOT VIRTUAL_ENV LD_LIBRARY_PATH DYLD_LIBRARY_PATH "
    "CUDA_VISIBLE_DEVICES CUDA_DEVICE_ORDER CUDA_HOME CUDA_PATH NVIDIA_VISIBLE_DEVICES NVIDIA_DRIVER_CAPABILITIES "
    "ROCR_VISIBLE_DEVICES HIP_VISIBLE_DEVICES ROCM_PATH "
    "TPU_VISIBLE_CHIPS TPU_VISIBLE_DEVICES TPU_CHIPS_PER_PROCESS_BOUNDS TPU_PROCESS_BOUNDS TPU_LIBRARY_PATH".split()
)
_SIMULATE_DEVICES = "--xla_force_host_platform_device_count"
# To time the kernels of a GPU pays for what runs long, and gives other numbers from one run to the next.
_CHOOSE_NO_KERNELS = "--xla_gpu_autotune_level=0"
_SHARE_OF_MEMORY = 0.8
_PATIENCE = 5.0  # seconds for a keeper to take its child down before both are killed


class Limits(msgspec.Struct, frozen=True):
    """How much one child may use: seconds a job, bytes of resident memory, bytes of any file that it writes."""

    seconds: float = 60.0
    memory: int = 8 * GIB
    file_size: int = GIB


@dataclass(frozen=True, slots=True)
class Sandboxed:
    """A child that runs: its keeper, the ends of the pipes that lead to it, and its folder.

    `jobs` is written to, `answers` is read from; `keeper.stderr` has what the child says besides.
    """

    keeper: subprocess.Popen[bytes]
    jobs: int
    answers: int
    folder: Path


def memory_for(children: int) -> int:
    """How many bytes each of so many children may use, so that all together leave some of the machine's memory."""
    physical = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return max(GIB, int(_SHARE_OF_MEMORY * physical) // children)


def start(folder: Path, limits: Limits, environment: Mapping[str, str], module: str = CHILD) -> Sandboxed:
    """Start `python -P -m MODULE --in FD --out FD` in an existing, empty folder that becomes its home.

    Memory and time are the caller's to watch, as resident memory is what counts: JAX and CUDA reserve addresses by
    the hundred gigabytes, so that a limit on addresses (RLIMIT_AS) or on private mappings (RLIMIT_DATA) would have
    to be so high that it limits nothing.
    """
    for name in ("home", "tmp", "work"):
        (folder / name).mkdir()
    jobs_end, jobs = os.pipe()
    answers, answers_end = os.pipe()
    for descriptor in (jobs, answers):
        os.set_blocking(descriptor, False)
    command = ["nnxlint.verify.confine", str(answers_end), str(limits.file_size)]
    command += [module, "--in", str(jobs_end), "--out", str(answers_end)]
    try:
        keeper = subprocess.Popen(  # noqa: S603 - running code is what this is for
            [sys.executable, "-P", "-m", *command],
            cwd=folder / "work",
            env={**environment, "HOME": str(folder / "home"), "TMPDIR": str(folder / "tmp")},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            pass_fds=(jobs_end, answers_end),
            start_new_session=True,  # its own process group, out of reach of the terminal's Ctrl-C
        )
    except BaseException:
        os.close(jobs)
        os.close(answers)
        raise
    finally:
        os.close(jobs_end)
        os.close(answers_end)
    return Sandboxed(keeper, jobs, answers, folder)


def stop(child: Sandboxed) -> int:
    """Take the child down with all that it started, and remove its folder. How it had ended, as an exit status."""
    for descriptor in (child.jobs, child.answers):
        os.close(descriptor)
    keeper = child.keeper
    status = keeper.poll()
    if status is None:
        keeper.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            keeper.wait(_PATIENCE)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(keeper.pid, signal.SIGKILL)
    status = keeper.wait() if status is None else status
    if keeper.stderr is not None:
        keeper.stderr.close()
    remove(child.folder)
    return status


def remove(folder: Path) -> None:
    """Remove a folder, whatever was made of the permissions in it."""
    shutil.rmtree(folder, onerror=_after_permitting)


def child_environment(inherited: Mapping[str, str], platforms: str = "", host_devices: int = 1) -> dict[str, str]:
    """What a child finds in its environment: of what is inherited, what no secret can be in.

    `platforms`: where JAX may run, as `JAX_PLATFORMS` names it, empty for wherever it can; `host_devices`: how many
    devices the CPU pretends to be.
    """
    environment = {key: value for key, value in inherited.items() if key in _PASSED_ON}
    environment["PYTHONPATH"] = os.pathsep.join(_search_path(environment.get("PYTHONPATH", "")))
    # Children share an accelerator, so none may take all of its memory at the start.
    environment |= {"PYTHONDONTWRITEBYTECODE": "1", "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}
    if platforms:
        environment["JAX_PLATFORMS"] = platforms
    if host_devices > 1:
        environment["XLA_FLAGS"] = f"{_SIMULATE_DEVICES}={host_devices}"
    elif platforms != "cpu":
        environment["XLA_FLAGS"] = _CHOOSE_NO_KERNELS
    return environment


def _search_path(given: str) -> list[str]:
    """Where children look for modules first: they must find this very nnxlint, installed or not."""
    own = Path(nnxlint.__file__).resolve().parent.parent
    installed = {Path(sysconfig.get_path(name)).resolve() for name in ("purelib", "platlib")}
    absolute = [str(Path(entry).resolve()) for entry in given.split(os.pathsep) if entry]
    return absolute if own in installed else [str(own), *absolute]


def _after_permitting(remove_entry: Callable[[str], object], path: str, _: object) -> None:
    """Try again what failed for lack of permission; what still cannot be removed is left to the system."""
    with contextlib.suppress(OSError):
        Path(path).parent.chmod(stat.S_IRWXU)
        if Path(path).is_dir():
            Path(path).chmod(stat.S_IRWXU)
            shutil.rmtree(path, ignore_errors=True)
        else:
            remove_entry(path)
