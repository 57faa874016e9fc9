"""Where the rules of others come from: found, and their state told, without running a line of them."""

import functools
import hashlib
import importlib.util
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from nnxlint.errors import NnxlintError

GROUP = "nnxlint.rules"
_SUFFIXES = frozenset({".py", ".json", ".toml"})
_METADATA = (".dist-info", ".egg-info")


@dataclass(frozen=True, slots=True, order=True)
class Installed:
    """Rules that an installed package offers: `value` is what its entry point names."""

    package: str
    version: str
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class LocalRules:
    """A file or a folder of rules that a settings file names; `state` changes with what is in it."""

    path: Path
    state: str

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that define rules: helpers and tests beside them are not among these."""
        if self.path.is_file():
            return (self.path,)
        return tuple(path for path in sorted(self.path.glob("*.py")) if _defines_rules(path.name))


def local_rules(written: Sequence[str], folder: Path) -> tuple[LocalRules, ...]:
    """Find what `rules-path` names, from the folder of its settings file; `NnxlintError` where nothing is there."""
    return tuple(_local(each, folder / each) for each in written)


@functools.cache
def installed() -> tuple[Installed, ...]:
    """Give the entry points of the group, sorted."""
    if not any(_offers(path) for entry in sys.path for path in _entry_points_in(Path(entry))):
        return ()
    from importlib.metadata import entry_points  # noqa: PLC0415 - takes longer than many a run, and few need it

    found = (
        Installed(
            each.dist.name if each.dist else each.name, each.dist.version if each.dist else "", each.name, each.value
        )
        for each in entry_points(group=GROUP)
    )
    return tuple(sorted(set(found)))


@functools.cache
def installed_state() -> str:
    """Tell in words what is installed, so that results are not kept for another state of it."""
    return "\n".join(f"{each} {_code_of(each.value)}" for each in installed())


def _local(written: str, path: Path) -> LocalRules:
    if not path.is_dir() and not (path.is_file() and path.suffix == ".py"):
        what = "is no Python file" if path.is_file() else "does not exist"
        message = f"`rules-path`: `{written}` {what}"
        raise NnxlintError(message)
    resolved = path.resolve()
    digest = hashlib.blake2b(digest_size=16)
    for file in [resolved] if resolved.is_file() else _code_below(resolved):
        content = _content(file)
        digest.update(f"{file.relative_to(resolved.parent).as_posix()}\0{len(content)}\0".encode() + content)
    return LocalRules(resolved, digest.hexdigest())


def _defines_rules(name: str) -> bool:
    return not name.startswith(("_", "test_")) and name != "conftest.py"


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        message = f"`rules-path`: {path} cannot be read: {error.strerror or error}"
        raise NnxlintError(message) from error


def _code_of(value: str) -> str:
    """Tell the state of the files of a package's code, without importing it."""
    try:
        spec = importlib.util.find_spec(value.partition(":")[0].partition(".")[0])
    except (ImportError, ValueError):
        return "not found"
    places = [Path(each) for each in (spec.submodule_search_locations or [spec.origin or ""])] if spec else []
    files = [file for place in places for file in (_code_below(place) if place.is_dir() else [place])]
    return " ".join(_stamps(files))


def _stamps(files: Iterable[Path]) -> Iterator[str]:
    for file in files:
        if file.is_file():
            state = file.stat()
            yield f"{file} {state.st_mtime_ns} {state.st_size}"


def _code_below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix in _SUFFIXES and path.is_file())


def _entry_points_in(folder: Path) -> Iterator[Path]:
    """Give the lists of entry points of all that is installed in a folder of the path."""
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if entry.name.endswith(_METADATA)]
    except OSError:  # a zip file, or nothing
        return
    yield from (folder / name / "entry_points.txt" for name in names)


def _offers(path: Path) -> bool:
    try:
        return GROUP.encode() in path.read_bytes()
    except OSError:
        return False
