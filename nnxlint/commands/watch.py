"""`--watch`: lint, and again whenever a file changes that matters, until interrupted."""

import importlib.util
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from nnxlint.commands.output import write_notes, write_text
from nnxlint.discovery import DEFAULT_EXCLUDE, absolute, project_root
from nnxlint.errors import NnxlintError
from nnxlint.settings import SettingsOf

_CLEAR = "\x1b[2J\x1b[3J\x1b[H"
_MILLISECONDS = 200
_POLLING = 1.0
# Code, settings, and what tells which Flax is targeted.
_SUFFIXES = (".py", ".ipynb", ".toml", ".lock", ".cfg", ".yml", ".yaml")
_NAMES = (".gitignore", "Pipfile")


@dataclass(frozen=True, slots=True)
class Watched:
    """The folders that are watched, and files besides that matter: baselines."""

    folders: tuple[Path, ...]
    files: frozenset[Path] = frozenset()

    def matters(self, path: Path) -> bool:
        """Whether a change of the file can change what is found."""
        if path in self.files:
            return True
        named = path.name.endswith(_SUFFIXES) or path.name in _NAMES or path.name.startswith("requirements")
        return named and not any(self._excluded(path, folder) for folder in self.folders)

    @staticmethod
    def _excluded(path: Path, folder: Path) -> bool:
        inside = path.relative_to(folder).parts if path.is_relative_to(folder) else ()
        return any(part in DEFAULT_EXCLUDE for part in inside[:-1])


def watched_by(paths: Iterable[Path], settings_of: SettingsOf) -> Watched:
    """Give what decides on the findings under the paths: all of their projects, and their baselines."""
    near = {_existing_folder(absolute(path)) for path in paths}
    folders = {project_root(folder) or folder for folder in near}
    outermost = [each for each in folders if not any(each != other and each.is_relative_to(other) for other in folders)]
    baselines: set[Path] = set()
    for folder in near:
        with suppress(NnxlintError):  # which the first run tells
            named = settings_of(folder).baseline
            baselines |= set() if named is None else {named}
    return Watched(tuple(sorted(outermost)), frozenset(baselines))


def _existing_folder(path: Path) -> Path:
    return next(each for each in (path, *path.parents) if each.is_dir())


def run_watch(run: Callable[[], int], watched: Watched, *, quiet: bool) -> int:
    """Run, and again after every change, until interrupted, which is no failure."""
    told = importlib.util.find_spec("watchfiles") is not None
    changes = _changes(watched) if told else _polled_changes(watched)
    how = "" if told else ", once a second (at once if nnxlint is installed with its extra `watch`)"
    try:
        next(changes)  # from here on no change is missed
        while True:
            if sys.stdout.isatty():
                write_text(_CLEAR)
            try:
                run()
            except NnxlintError as error:  # mended by a later change
                write_notes([f"error: {' '.join(str(error).split())}"])
            write_notes(() if quiet else [f"watching for changes{how}; Ctrl-C ends"])
            next(changes)
    except KeyboardInterrupt:
        return 0


def _changes(watched: Watched) -> Iterator[None]:
    """Give one at once, then one for every bundle of changes that matter."""
    import watchfiles  # noqa: PLC0415 - only who watches needs it

    bundles = watchfiles.watch(
        *watched.folders,
        *(path.parent for path in watched.files if path.parent.is_dir()),
        watch_filter=lambda _, path: watched.matters(Path(path)),
        step=_MILLISECONDS // 4,
        rust_timeout=_MILLISECONDS,
        yield_on_timeout=True,
        ignore_permission_denied=True,
    )
    next(bundles)
    yield
    for bundle in bundles:
        if bundle:
            yield


def _polled_changes(watched: Watched) -> Iterator[None]:
    """The same without a library: by looking, again and again, at when files were written."""
    before = _snapshot(watched)
    yield
    while True:
        time.sleep(_POLLING)
        now = _snapshot(watched)
        if now != before:
            before = now
            yield


def _snapshot(watched: Watched) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for path in (*_files_below(watched), *watched.files):
        with suppress(OSError):  # it is gone
            told = path.stat()
            found[str(path)] = told.st_mtime_ns, told.st_size
    return found


def _files_below(watched: Watched) -> Iterator[Path]:
    for folder in watched.folders:
        for here, inner, names in os.walk(folder):
            inner[:] = [name for name in inner if name not in DEFAULT_EXCLUDE]
            yield from (path for name in names if watched.matters(path := Path(here, name)))
