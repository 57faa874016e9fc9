"""Answers kept by the hash of all that they depend on, so that what was verified is not run again."""

import contextlib
import functools
import hashlib
import importlib.metadata
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from nnxlint import __version__
from nnxlint.verify.devices import Device
from nnxlint.verify.protocol import Answer, Job

Ask = Callable[[Sequence[Job]], Sequence[Answer]]

LIBRARIES = ("jax", "jaxlib", "flax", "optax", "orbax-checkpoint", "numpy")
_KEPT = 20_000  # answers, of a few kilobytes each
_MODE = 0o644
_CHILD = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class AnswerCache:
    """Answers in a folder; `salt` is a hash of everything but the job that they depend on."""

    folder: Path
    salt: str

    def get(self, job: Job) -> Answer | None:
        """The answer to the job; None where there is none, or a damaged one."""
        try:
            answer = msgspec.json.decode(self._path(job).read_bytes(), type=Answer)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            return None
        return msgspec.structs.replace(answer, id=job.id)

    def put(self, job: Job, answer: Answer) -> None:
        """Keep an answer. A folder that cannot be written to is as good as no cache."""
        with contextlib.suppress(OSError):
            write_whole(self._path(job), msgspec.json.encode(answer))

    def tidy(self) -> None:
        """Forget the older half of the answers once there are too many."""
        with contextlib.suppress(OSError):
            entries = sorted(self.folder.glob("*/*.json"), key=lambda path: path.stat().st_mtime)
            for path in entries[: len(entries) // 2] if len(entries) > _KEPT else ():
                path.unlink(missing_ok=True)

    def _path(self, job: Job) -> Path:
        nameless = msgspec.json.encode(msgspec.structs.replace(job, id=""))
        name = hashlib.sha256(self.salt.encode() + nameless).hexdigest()
        return self.folder / name[:2] / f"{name}.json"


def cached(ask: Ask, cache: AnswerCache, told: Callable[[Answer], None]) -> Ask:
    """Ask only what the cache does not know. `told` hears what it knew; what `ask` finds out, `ask` tells itself.

    Only answers of the kind `done` are kept: what crashed or took too long may fare better another time.
    """

    def asked(jobs: Sequence[Job]) -> Sequence[Answer]:
        known = {job.id: answer for job in jobs if (answer := cache.get(job)) is not None}
        for answer in known.values():
            told(answer)
        open_jobs = [job for job in jobs if job.id not in known]
        for job, answer in zip(open_jobs, ask(open_jobs), strict=True):
            known[job.id] = answer
            if answer.kind == "done":
                cache.put(job, answer)
        cache.tidy()
        return [known[job.id] for job in jobs]

    return asked


def make_cache(folder: Path, device: Device) -> AnswerCache:
    """The cache in a folder, for what runs on this device with what is installed here."""
    return AnswerCache(folder, _hash([*installed().items(), *msgspec.structs.asdict(device).items(), _child_hash()]))


def installed() -> dict[str, str]:
    """The versions of what a verdict depends on."""
    versions = {"nnxlint": __version__, "python": platform.python_version(), "machine": platform.machine()}
    for name in LIBRARIES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[name] = importlib.metadata.version(name)
    return versions


def user_cache(environment: Mapping[str, str]) -> Path:
    """Where the user's caches are, by the conventions of the system."""
    if environment.get("XDG_CACHE_HOME"):
        return Path(environment["XDG_CACHE_HOME"]) / "nnxlint"
    home = Path.home()
    return home / ("Library/Caches" if sys.platform == "darwin" else ".cache") / "nnxlint"


def write_whole(path: Path, data: bytes) -> None:
    """Write a file at once, or leave what was there; its folder is made where it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
        Path(name).chmod(_MODE)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


@functools.cache
def _child_hash() -> str:
    """A hash of the code that finds the answers: a cache must not outlive a change of it."""
    files = [_CHILD / "protocol.py", _CHILD / "tolerances.py", *sorted((_CHILD / "child").rglob("*.py"))]
    return _hash([path.read_text(encoding="utf-8") for path in files])


def _hash(parts: Sequence[object]) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()
