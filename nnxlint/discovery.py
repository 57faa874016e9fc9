"""Paths to the Python files and notebooks that they name: directories walked, `.gitignore` and excludes honoured."""

import functools
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pathspec import GitIgnoreSpec

from nnxlint.errors import NnxlintError
from nnxlint.presence import is_file, is_folder, is_there

DEFAULT_EXCLUDE = (
    ".bzr",
    ".direnv",
    ".eggs",
    ".git",
    ".hg",
    ".ipynb_checkpoints",
    ".mypy_cache",
    ".nnxlint_cache",
    ".nox",
    ".pants.d",
    ".pytest_cache",
    ".pytype",
    ".ruff_cache",
    ".svn",
    ".tox",
    ".venv",
    "__pycache__",
    "__pypackages__",
    "_build",
    "buck-out",
    "build",
    "dist",
    "node_modules",
    "site-packages",
    "venv",
)

_SUFFIXES = (".py", ".ipynb")
PROJECT_FILES = ("pyproject.toml", "setup.py", "setup.cfg")


@dataclass(frozen=True, slots=True)
class Patterns:
    """Patterns in the manner of `.gitignore`, and the directory that their slashes count from."""

    directory: str
    spec: GitIgnoreSpec
    lines: tuple[str, ...] = ()

    def verdict(self, path: str) -> bool | None:
        """Tell whether the path is excluded; None when no pattern says. A directory's path ends in `/`."""
        prefix = self.directory.rstrip("/") + "/"
        if not path.startswith(prefix) or path == prefix:
            return None
        return self.spec.check_file(path.removeprefix(prefix)).include

    def verdict_on_entry(self, path: str) -> bool | None:
        """Tell the same of an entry of a directory that no pattern excludes; names alone are known by heart."""
        if not _only_names(self.lines):
            return self.verdict(path)
        name = path.rstrip("/").rpartition("/")[2]
        return _verdict_on_name(self.lines, f"{name}/" if path.endswith("/") else name)


@dataclass(frozen=True, slots=True)
class Found:
    """The files found, sorted, and one line for each directory that could not be read."""

    files: tuple[Path, ...]
    notices: tuple[str, ...]


@dataclass(slots=True)
class _Walk:
    """One run over several trees: every directory is entered once, whatever links lead to it."""

    excludes: Callable[[Path], Patterns]
    files: dict[str, str] = field(default_factory=dict)  # the path to give, by the real path
    linked_files: dict[str, str] = field(default_factory=dict)
    entered: set[str] = field(default_factory=set)
    notices: list[str] = field(default_factory=list)


def compile_patterns(directory: Path, lines: Iterable[str]) -> Patterns:
    """Make patterns that count from the directory; `NnxlintError` for one that cannot be read."""
    try:
        listed = tuple(lines)
        return Patterns(directory.as_posix(), _compiled(listed), listed)
    except ValueError as error:
        message = f"invalid pattern: {error}"
        raise NnxlintError(message) from error


@functools.lru_cache(maxsize=256)
def _compiled(lines: tuple[str, ...]) -> GitIgnoreSpec:
    return GitIgnoreSpec.from_lines(lines)


@functools.lru_cache(maxsize=256)
def _only_names(lines: tuple[str, ...]) -> bool:
    return bool(lines) and not any("/" in line.rstrip("/") for line in lines)


@functools.lru_cache(maxsize=65536)
def _verdict_on_name(lines: tuple[str, ...], name: str) -> bool | None:
    return _compiled(lines).check_file(name).include


def find_python_files(
    paths: Iterable[Path], *, exclude: Sequence[str] = DEFAULT_EXCLUDE, root: Path | None = None
) -> tuple[Path, ...]:
    """Find the Python files that the paths name, absolute and sorted; `exclude` counts from `root`."""
    patterns = compile_patterns(absolute(root or Path()), exclude)
    return discover(paths, lambda _: patterns).files


def discover(paths: Iterable[Path], excludes: Callable[[Path], Patterns]) -> Found:
    """Find the Python files that the paths name; `excludes` gives the patterns that hold in a directory.

    A file that is named is always taken, and a directory that is named is always entered.
    """
    walk = _Walk(excludes)
    trees: list[Path] = []
    for path in map(absolute, paths):
        if is_folder(path):
            trees.append(path)
        else:
            _take_named_file(walk, path)
    for tree in trees:
        _walk_tree(walk, tree)
    found = {**walk.linked_files, **walk.files}
    return Found(tuple(sorted(map(Path, found.values()))), tuple(walk.notices))


def absolute(path: Path) -> Path:
    """Make the path absolute and free of `..`, symbolic links kept as the user named them."""
    return Path(os.path.abspath(path))  # noqa: PTH100 - `resolve` would follow the links


def project_root(path: Path) -> Path | None:
    """Find the project of a path, looking at every folder above it."""
    return ProjectRoots().of(path)


@dataclass(frozen=True, slots=True)
class ProjectRoots:
    """Finds the projects of many paths, looking at every folder once."""

    _known: dict[Path, Path | None] = field(default_factory=dict)

    def of(self, path: Path) -> Path | None:
        """Find the project of a path: the nearest repository, else the outermost folder with a project file.

        The home directory and the root of the file system are no projects.
        """
        if path in self._known:
            return self._known[path]
        passed: list[Path] = []
        found: Path | None = None
        for directory in _folders_above(absolute(path)):
            if directory in self._known:
                found = self._known[directory]
                break
            passed.append(directory)
        for directory in reversed(passed):
            is_repository = is_there(directory / ".git")
            if is_repository or (found is None and any(is_file(directory / name) for name in PROJECT_FILES)):
                found = directory
            self._known[directory] = found
        return found


@dataclass(frozen=True, slots=True)
class _Tree:
    """A directory to walk, what of the ignore files above holds in it, and whether it is excluded itself."""

    top: Path
    layers: tuple[Patterns, ...]
    excludes: Callable[[Path], Patterns]

    def excluded(self, directory: Path) -> Patterns:
        """Give the patterns that hold in the directory, counted from the top where they exclude all of it."""
        patterns = self.excludes(directory)
        top = f"{self.top.as_posix()}/"
        inside = top.startswith(f"{patterns.directory.rstrip('/')}/")
        return patterns if inside and not patterns.verdict(top) else replace(patterns, directory=top)


def _folders_above(path: Path) -> Iterator[Path]:
    try:
        home = Path.home()
    except RuntimeError:  # no home directory can be told
        home = Path(path.anchor)
    for directory in (path, *path.parents) if is_folder(path) else path.parents:
        if directory in {home, directory.parent}:
            return
        yield directory


def _take_named_file(walk: _Walk, path: Path) -> None:
    if not os.path.lexists(path):
        message = f"{path}: no such file or directory"
        raise NnxlintError(message)
    if not is_file(path):
        message = f"{path}: neither a file nor a directory"
        raise NnxlintError(message)
    walk.files.setdefault(os.path.realpath(path), path.as_posix())


def _walk_tree(walk: _Walk, top: Path) -> None:
    tree = _Tree(top, _ignore_files_above(top), walk.excludes)
    # Linked directories wait until all real ones are done, so that a file is known by its real path.
    linked: list[tuple[Path, tuple[Patterns, ...]]] = []
    waiting = [(top, tree.layers)]
    while waiting or linked:
        directory, layers = waiting.pop() if waiting else linked.pop(0)
        real = os.path.realpath(directory)
        if real in walk.entered:
            continue
        walk.entered.add(real)
        layers = (*layers, *_ignore_file(directory / ".gitignore", directory))
        excludes = (tree.excluded(directory), *reversed(layers))
        for entry, path in _kept(walk, directory, excludes):
            if _is_directory(entry):
                (linked if entry.is_symlink() else waiting).append((Path(path), layers))
            elif entry.is_symlink():
                walk.linked_files.setdefault(os.path.realpath(path), path)
            else:
                walk.files.setdefault(f"{real}{os.sep}{entry.name}", path)


def _kept(walk: _Walk, directory: Path, excludes: Sequence[Patterns]) -> Iterator[tuple["os.DirEntry[str]", str]]:
    """Give the entries of the directory that are to be entered or taken, with their paths."""
    try:
        with os.scandir(directory) as entries:
            ordered = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        walk.notices.append(f"{directory}: cannot be read: {error.strerror or error}")
        return
    prefix = f"{directory.as_posix().rstrip('/')}/"
    for entry in ordered:
        path = f"{prefix}{entry.name}"
        if _is_directory(entry):
            keep = not _excluded(f"{path}/", excludes)
        else:
            keep = entry.name.endswith(_SUFFIXES) and _is_file(entry) and not _excluded(path, excludes)
        if keep:
            yield entry, path


def _excluded(path: str, excludes: Sequence[Patterns]) -> bool:
    """Whether an entry of a directory that is not excluded is excluded."""
    setting, *ignore_files = excludes
    if setting.verdict_on_entry(path):
        return True
    verdicts = (patterns.verdict(path) for patterns in ignore_files)
    return next((verdict for verdict in verdicts if verdict is not None), False)


def _ignore_files_above(top: Path) -> tuple[Patterns, ...]:
    """Read the ignore files from the project's root down to the tree; none if they ignore the tree itself."""
    root = project_root(top)
    if root is None or root == top:
        return _ignore_file(top / ".git" / "info" / "exclude", top)
    layers = list(_ignore_file(root / ".git" / "info" / "exclude", root))
    for directory in reversed([parent for parent in top.parents if parent.is_relative_to(root)]):
        layers += _ignore_file(directory / ".gitignore", directory)
    verdicts = (layer.verdict(f"{top.as_posix()}/") for layer in reversed(layers))
    ignored = next((verdict for verdict in verdicts if verdict is not None), False)
    return () if ignored else tuple(layers)


def _ignore_file(path: Path, directory: Path) -> tuple[Patterns, ...]:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
        return (Patterns(directory.as_posix(), GitIgnoreSpec.from_lines(text.splitlines())),)
    except (OSError, ValueError):  # there is none, or git would not understand it either
        return ()


def _is_directory(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False


def _is_file(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_file()
    except OSError:
        return False
