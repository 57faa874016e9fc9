"""Results on disk: what was found in the files of a project, for as long as all that it depends on is the same.

One entry holds the results of files that are known together, under a key made of everything that decides them.
Entries are replaced at once and carry a checksum, so that parallel runs and damage cost no more than the work.
"""

import contextlib
import functools
import hashlib
import importlib.util
import os
import platform
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from nnxlint import __version__
from nnxlint.diagnostic import Diagnostic
from nnxlint.discovery import project_root
from nnxlint.extensions import installed_state
from nnxlint.knowledge import Project
from nnxlint.semantic.statistics import Statistics
from nnxlint.settings import Settings

FOLDER = ".nnxlint_cache"
_SUFFIX = ".results"
_CHECKSUM_SIZE = 16
# Each state of a project has an entry of its own, so that going back to a branch finds its results again.
_MOST_ENTRIES = 256


class FileResults(msgspec.Struct, frozen=True):
    """What the rules found in one file, and what else there was to say of it."""

    diagnostics: tuple[Diagnostic, ...] = ()
    failures: tuple[str, ...] = ()


class Entry(msgspec.Struct, frozen=True):
    """What is kept of one state of a project: results by the keys of files, and statistics if they were made."""

    files: dict[str, FileResults] = {}
    statistics: Statistics | None = None

    def joined(self, other: "Entry") -> "Entry":
        """Give what both know; the results of one key are equal."""
        return Entry({**other.files, **self.files}, self.statistics or other.statistics)


@dataclass(frozen=True, slots=True)
class Cache:
    """Entries in one folder. A folder that cannot be written is no mistake: then nothing is kept."""

    folder: Path

    def read(self, key: str) -> Entry:
        """Read the entry of a key; an empty one where there is none, or none that is whole."""
        path = self._path(key)
        try:
            data = path.read_bytes()
            if _checksum(data[_CHECKSUM_SIZE:]) != data[:_CHECKSUM_SIZE]:
                return Entry()
            entry = _DECODER.decode(data[_CHECKSUM_SIZE:])
            os.utime(path)
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
            return Entry()
        return entry

    def write(self, key: str, entry: Entry) -> None:
        """Put an entry in the place of what was there."""
        try:
            payload = _ENCODER.encode(entry)
        except UnicodeEncodeError:  # a file's name is no text, which JSON cannot say
            return
        with contextlib.suppress(OSError):
            self._prepare()
            _write_at_once(self._path(key), _checksum(payload) + payload)
            self._prune()

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}{_SUFFIX}"

    def _prepare(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        ignore = self.folder / ".gitignore"
        if not ignore.exists():
            _write_at_once(ignore, b"# made by nnxlint; may be deleted at any time\n*\n")

    def _prune(self) -> None:
        """Delete the entries that were not used for the longest time, where there are too many."""
        paths = list(self.folder.glob(f"*{_SUFFIX}"))
        if len(paths) > _MOST_ENTRIES:
            for path in sorted(paths, key=_last_used)[: len(paths) - _MOST_ENTRIES // 2]:
                path.unlink(missing_ok=True)


def cache_folder(root: Path, settings: Settings) -> Path:
    """Choose the folder of a project's results; code that is in no project leaves nothing beside it."""
    if settings.cache_dir is not None:
        return settings.cache_dir
    if project_root(root) is not None:
        return root / FOLDER
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "nnxlint"


def project_key(project: Project) -> str:
    """Give the name of all that decides what is found in the project's files, but for what is asked of each."""
    digest = hashlib.blake2b(_tool().encode(), digest_size=20)
    for part in _parts(project):
        digest.update(len(part).to_bytes(8, "little") + part)
    return digest.hexdigest()


def file_key(path: str, asked: str) -> str:
    """Give the name of a file and of what is asked of it, in whatever words."""
    return hashlib.blake2b(f"{path}\0{asked}".encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _parts(project: Project) -> Iterator[bytes]:
    flags = project.mode_flags
    words = [
        project.root.as_posix(),
        *project.search_roots,
        f"train={sorted(flags.train)} evaluation={sorted(flags.evaluation)}",
        *(f"{path}: {version}" for path, version in sorted(project.targets.items())),
    ]
    yield "\0".join(words).encode("utf-8", "surrogatepass")
    for path, source in sorted(project.sources.items()):
        yield f"{path}\0{source.encoding}\0{source.bom}".encode("utf-8", "surrogatepass")
        yield source.content.encode("utf-8", "surrogatepass")


@functools.cache
def _tool() -> str:
    """Name this very nnxlint, what it parses with, and the rules of others: other code may find other things."""
    package = Path(__file__).parent
    files = [path for path in package.rglob("*") if path.suffix in {".py", ".json"}]
    states = sorted((path.relative_to(package).as_posix(), path.stat()) for path in files)
    own = [f"{name} {state.st_mtime_ns} {state.st_size}" for name, state in states]
    found = importlib.util.find_spec("libcst")
    parser = Path(found.origin).stat().st_mtime_ns if found and found.origin else 0
    running = [__version__, sys.version, platform.python_implementation(), str(parser)]
    return "\n".join([*running, installed_state(), *own])


def _write_at_once(path: Path, data: bytes) -> None:
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


def _last_used(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:  # another run deleted it
        return 0.0


def _checksum(payload: bytes) -> bytes:
    return hashlib.blake2b(payload, digest_size=_CHECKSUM_SIZE).digest()


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Entry)
