"""Which lines were changed since a revision: git says what was there, and its text is held against the present one."""

import difflib
import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from nnxlint.errors import NnxlintError
from nnxlint.source import Source, SourceError, make_source, read_source

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
# In a hook, git tells by these of the repository that it runs in, which need not be the one that is asked.
_ANOTHER_REPOSITORY = frozenset({"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_PREFIX"})
_TWO_NAMES = ("R", "C")  # git tells of what was renamed or copied both the old and the new name


@dataclass(frozen=True, slots=True)
class _Repository:
    """A repository, the commit that is compared with, its files, and those that differ now with their old names."""

    root: Path
    base: str
    files: frozenset[str]
    changed: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Revision:
    """A revision as the user names it. What is compared with is where HEAD and it part, as in `git diff REV...`.

    Unlike there, what is not committed counts, too. Each repository is asked once; a copy in another process asks anew.
    """

    name: str
    _repositories: dict[Path, _Repository] = field(default_factory=dict, repr=False, compare=False)

    def demand(self, paths: Iterable[Path]) -> None:
        """`NnxlintError` where a path is in no repository, or the revision in none of these."""
        for path in paths:
            self._repository(path.resolve())

    def changed_rows(self, source: Source) -> frozenset[int]:
        """Give the rows of the source that were changed or added; of a new file, all."""
        path = Path(source.path).resolve()
        repository = self._repository(path)
        name = path.relative_to(repository.root).as_posix()
        old_name = repository.changed.get(name, name)
        everything = frozenset(range(1, source.lines.row_count + 1))
        if old_name not in repository.files:
            return everything
        if name not in repository.changed and _is_on_disk(source):
            return frozenset()
        try:
            data = _git(repository.root, "cat-file", "blob", f"{repository.base}:{old_name}")
            before = make_source(source.path, data)
        except SourceError:  # it was no text, or no notebook
            return everything
        return frozenset(_changed_rows(_lines(before.shown), _lines(source.shown)))

    def _repository(self, path: Path) -> _Repository:
        root = _root_of(path)
        if root is None:
            message = f"--diff-base: {path} is in no git repository"
            raise NnxlintError(message)
        if root not in self._repositories:
            self._repositories[root] = _asked(root, self.name)
        return self._repositories[root]

    def __reduce__(self) -> tuple[object, ...]:
        return Revision, (self.name,)


def _root_of(path: Path) -> Path | None:
    return next((each for each in (path, *path.parents) if (each / ".git").exists()), None)


def _asked(root: Path, name: str) -> _Repository:
    base = _merge_base(root, name)
    files = _git(root, "ls-tree", "-r", "-z", "--name-only", "--full-tree", base)
    told = _git(root, "diff", "--name-status", "--find-renames", "--no-ext-diff", "--ignore-submodules", "-z", base)
    return _Repository(root, base, frozenset(_names(files)), dict(_changed(_names(told))))


def _merge_base(root: Path, name: str) -> str:
    """Find where the histories of HEAD and the revision part."""
    found = None if name.startswith("-") else _tried(root, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
    if found is None:
        _fail(root, f"`{name}` is no revision of {root}")
    base = _tried(root, "merge-base", found, "HEAD")
    if base is None:
        _fail(root, f"`{name}` and HEAD have no common history in {root}")
    return base


def _fail(root: Path, message: str) -> NoReturn:
    if _tried(root, "rev-parse", "--is-shallow-repository") == "true":
        message += "; the clone is shallow: `git fetch --unshallow` brings its history (in CI, fetch all of it)"
    message = f"--diff-base: {message}"
    raise NnxlintError(message)


def _changed(told: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Give the files that differ and were there before, with the names that they had."""
    words = iter(told)
    for status in words:
        old = next(words)
        new = next(words) if status.startswith(_TWO_NAMES) else old
        if not status.startswith(("A", "D")):
            yield new, old


def _names(output: bytes) -> Sequence[str]:
    return [os.fsdecode(each) for each in output.split(b"\0") if each]


def _tried(root: Path, *arguments: str) -> str | None:
    """Give git's one-line answer, or None where it has none to give."""
    done = _run(root, *arguments)
    if done.returncode == 0:
        return done.stdout.decode().strip()
    if done.stderr.strip():
        raise _refusal(done)
    return None


def _git(root: Path, *arguments: str) -> bytes:
    done = _run(root, *arguments)
    if done.returncode != 0:
        raise _refusal(done)
    return done.stdout


def _run(root: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    kept = {name: value for name, value in os.environ.items() if name not in _ANOTHER_REPOSITORY}
    environment = {**kept, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    command = ("git", "-c", "core.quotePath=off", *arguments)
    try:
        # `git` is what the user calls git, and its arguments are no text for a shell.
        return subprocess.run(command, cwd=root, env=environment, capture_output=True, check=False)  # noqa: S603
    except FileNotFoundError as error:
        message = "--diff-base asks git, and git is not installed"
        raise NnxlintError(message) from error


def _refusal(done: subprocess.CompletedProcess[bytes]) -> NnxlintError:
    said = done.stderr.decode(errors="replace").strip().splitlines()
    return NnxlintError(f"--diff-base: git says: {said[0] if said else 'nothing'}")


def _is_on_disk(source: Source) -> bool:
    try:
        return read_source(Path(source.path)).content == source.content
    except SourceError:
        return False


def _lines(text: str) -> list[str]:
    return [line.rstrip("\r\n") for line in _LINE.findall(text)]


def _changed_rows(old: Sequence[str], new: Sequence[str]) -> Iterator[int]:
    """Give the rows of what is new; what both texts begin and end with is quickly left out."""
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    matcher = difflib.SequenceMatcher(None, old[start : len(old) - end], new[start : len(new) - end], autojunk=False)
    for kind, _, _, first, last in matcher.get_opcodes():
        if kind != "equal":
            yield from range(start + first + 1, start + last + 1)
