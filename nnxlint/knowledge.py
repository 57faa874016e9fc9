"""Which files must be known to lint some: those that mention NNX, and all that hang together with these.

Naming files chooses what is reported, never what is known of it: the sources are every file that any chain of
imports, followed in either direction, connects with a file that was named. Files that hang together with none
of these (the next project of a large repository) cannot change what is found, and are left out.
"""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from packaging.version import Version

from nnxlint.connections import connected_files, related_files
from nnxlint.discovery import (
    DEFAULT_EXCLUDE,
    PROJECT_FILES,
    Patterns,
    absolute,
    compile_patterns,
    discover,
    project_root,
)
from nnxlint.imports import ModuleFinder, find_imports
from nnxlint.settings import NO_MODE_FLAGS, ModeFlags, Settings, SettingsOf
from nnxlint.source import (
    NOTEBOOK_SUFFIX,
    Source,
    SourceError,
    code_bytes,
    make_source,
    mentions_nnx,
    read_bytes,
)
from nnxlint.target import TargetFinder


@dataclass(frozen=True, slots=True)
class Project:
    """The files to be known together. Paths are absolute and posix; `reported` are those that were named.

    `unrelated` were named too, but have nothing to do with NNX: they are not among the sources.
    """

    root: Path
    sources: Mapping[str, Source]
    targets: Mapping[str, Version]
    search_roots: tuple[str, ...]
    reported: tuple[str, ...] = ()
    unrelated: tuple[str, ...] = ()
    mode_flags: ModeFlags = NO_MODE_FLAGS


@dataclass(frozen=True, slots=True)
class Loaded:
    """The projects of the named files, which of these could not be read, and notices of one line each."""

    projects: tuple[Project, ...]
    failures: tuple[SourceError, ...]
    notices: tuple[str, ...]


Read = Callable[[Path], bytes]


def load_projects(
    paths: Sequence[Path], settings_of: SettingsOf, contents: Mapping[Path, bytes] = MappingProxyType({})
) -> Loaded:
    """Load the projects of the files that the paths name; `settings_of` gives the settings of a directory.

    `contents` stands in for what is on disk under an absolute path, if anything is.
    """

    def read(path: Path) -> bytes:
        return contents[path] if path in contents else read_bytes(path)

    named = [path for path in map(absolute, paths) if not _forced_out(path, settings_of)]
    on_disk = [path for path in named if path not in contents]
    found = discover(on_disk, lambda folder: _report_excludes(folder, settings_of(folder)))
    files = sorted({*found.files, *(path for path in named if path in contents)})
    groups = _group(files, [path for path in on_disk if path.is_dir()], settings_of)
    failures: list[SourceError] = []
    single = frozenset(path.as_posix() for path in named if not path.is_dir())
    projects = [_load(group, settings_of, single, failures, read) for group in groups]
    return Loaded(tuple(projects), tuple(failures), found.notices)


@dataclass(slots=True)
class _Group:
    """A project's root, all its files, the folders that may hold nested projects, and what is reported."""

    root: Path
    files: frozenset[str]
    folders: frozenset[Path]
    reported: list[str] = field(default_factory=list)


def _group(files: Iterable[Path], given: Sequence[Path], settings_of: SettingsOf) -> list[_Group]:
    """Put every file to its project; where it has none, or that ignores it, to the directory given."""
    groups: dict[Path, _Group] = {}
    roots: dict[Path, Path | None] = {}
    for file in files:
        if file.parent not in roots:
            roots[file.parent] = project_root(file.parent)
        holding = [directory for directory in given if file.is_relative_to(directory)]
        top = min(holding, key=lambda path: len(path.parts), default=None)
        group = _group_of_project(groups, roots[file.parent], file, top, settings_of)
        group = group or _group_of_folder(groups, file, top, settings_of)
        group.reported.append(file.as_posix())
    return [group for group in groups.values() if group.reported]


def _group_of_project(
    groups: dict[Path, _Group], project: Path | None, file: Path, top: Path | None, settings_of: SettingsOf
) -> _Group | None:
    if project is None:
        return None
    if project not in groups:
        walked = _walked(project, settings_of(project))
        groups[project] = _Group(project, _posix(walked), _folders(walked))
    ignored = file.as_posix() not in groups[project].files
    given_apart = top is not None and not project.is_relative_to(top)
    return None if ignored and given_apart else groups[project]


def _group_of_folder(groups: dict[Path, _Group], file: Path, top: Path | None, settings_of: SettingsOf) -> _Group:
    folder = top or file.parent
    if folder not in groups:
        beside = [path for path in folder.glob("*.py") if path.is_file()]
        walked = _walked(top, settings_of(top)) if top else beside
        groups[folder] = _Group(folder, _unclaimed(folder, walked), _folders(walked))
    return groups[folder]


def _walked(root: Path, settings: Settings) -> Sequence[Path]:
    # What a project leaves out of the report it may still import, so only the default patterns count: they
    # are for directories that hold no code of the project's own.
    patterns = compile_patterns(root, [name for name in DEFAULT_EXCLUDE if name in settings.exclude])
    return discover([root], lambda _: patterns).files


def _unclaimed(top: Path, walked: Iterable[Path]) -> frozenset[str]:
    """Give the files below a directory that is no project, but for those that belong to a project in it."""
    claimed: dict[Path, bool] = {}
    unclaimed: set[str] = set()
    for file in walked:
        if file.parent not in claimed:
            project = project_root(file.parent)
            claimed[file.parent] = project is not None and project != top and project.is_relative_to(top)
        if not claimed[file.parent]:
            unclaimed.add(file.as_posix())
    return frozenset(unclaimed)


def _folders(files: Iterable[Path]) -> frozenset[Path]:
    return frozenset(file.parent for file in files)


def _posix(paths: Iterable[Path]) -> frozenset[str]:
    return frozenset(path.as_posix() for path in paths)


def _load(
    group: _Group, settings_of: SettingsOf, single: frozenset[str], failures: list[SourceError], read: Read
) -> Project:
    reported = frozenset(group.reported)
    files = sorted(_without_aliases(group.files, reported))
    contents = _read_all(files, reported, single, failures, read)
    src = settings_of(group.root).src
    search_roots = _search_roots(group.root, group.folders, src)
    finder = ModuleFinder(group.root.as_posix(), search_roots)
    imported = _imports(contents, finder, read)
    related = related_files(contents, imported)
    sources: dict[str, Source] = {}
    for path in sorted(connected_files(related, imported, reported)):
        try:
            sources[path] = _source(path, contents[path], read)
        except SourceError as error:
            failures += [error] if path in reported else []
    return Project(
        root=group.root,
        sources=sources,
        targets=_targets(group.root, sources, settings_of),
        search_roots=search_roots,
        reported=tuple(sorted(reported & sources.keys())),
        unrelated=tuple(sorted((reported & contents.keys()) - related)),
        mode_flags=_mode_flags(sources, settings_of),
    )


def _without_aliases(files: frozenset[str], reported: frozenset[str]) -> frozenset[str]:
    """Give all files, each under one path: where a link was named, the link's."""
    linked = {os.path.realpath(path) for path in reported - files}
    if not linked:
        return files
    return reported | {path for path in files if os.path.realpath(path) not in linked}


def _read_all(
    paths: Iterable[str],
    reported: frozenset[str],
    single: frozenset[str],
    failures: list[SourceError],
    read: Read,
) -> dict[str, bytes]:
    """Read the Python of every file; a broken notebook in a folder matters only if it mentions NNX."""
    contents: dict[str, bytes] = {}
    for path in paths:
        data = None
        try:
            data = read(Path(path))
            contents[path] = code_bytes(path, data)
        except SourceError as error:
            if data is not None and path not in single and not mentions_nnx(data):
                contents[path] = b""
            elif path in reported:
                failures.append(error)
    return contents


def _source(path: str, code: bytes, read: Read) -> Source:
    # Of a notebook only the code was kept: outputs can be large, and few notebooks have to do with NNX.
    return make_source(path, read(Path(path)) if path.endswith(NOTEBOOK_SUFFIX) else code)


def _search_roots(root: Path, inside: Iterable[Path], src: Sequence[str]) -> tuple[str, ...]:
    """Give each of `src` below every project nested in the root, the deepest first, and below the root."""
    folders: set[Path] = set()
    for folder in inside:
        folders |= {path for path in (folder, *folder.parents) if path.is_relative_to(root)}
    projects = [path for path in folders if any((path / name).is_file() for name in PROJECT_FILES)]
    ordered = sorted({*projects, root}, key=lambda path: (-len(path.parts), path))
    roots = (absolute(project / entry) for project in ordered for entry in src)
    return tuple(dict.fromkeys(path.as_posix() for path in roots if path.is_dir()))


def _imports(contents: dict[str, bytes], finder: ModuleFinder, read: Read) -> dict[str, tuple[str, ...]]:
    """Find which files each file imports; reads into `contents` what lies outside the files walked."""
    imported: dict[str, tuple[str, ...]] = {}
    waiting = list(contents)
    while waiting:
        path = waiting.pop()
        imported[path] = _imported_files(path, contents[path], finder)
        waiting += (each for each in imported[path] if each not in contents and _read_into(contents, each, read))
    return imported


def _imported_files(path: str, data: bytes, finder: ModuleFinder) -> tuple[str, ...]:
    return tuple({file for found in find_imports(data) for file in finder.files_of(path, found)})


def _read_into(contents: dict[str, bytes], path: str, read: Read) -> bool:
    try:
        contents[path] = read(Path(path))
    except SourceError:
        return False
    return True


def _targets(root: Path, paths: Iterable[str], settings_of: SettingsOf) -> dict[str, Version]:
    finder = TargetFinder()
    versions: dict[Path, Version] = {}
    targets: dict[str, Version] = {}
    for path in paths:
        folder = Path(path).parent
        if folder not in versions:
            versions[folder] = finder.target(folder, settings_of(folder), root).version
        targets[path] = versions[folder]
    return targets


def _mode_flags(paths: Iterable[str], settings_of: SettingsOf) -> ModeFlags:
    """Collect the flags that any settings of the project name: a module may be called from another folder."""
    written = [settings_of(folder).mode_flags for folder in {Path(path).parent for path in paths}]
    return ModeFlags(
        frozenset().union(*(flags.train for flags in written)),
        frozenset().union(*(flags.evaluation for flags in written)),
    )


def _report_excludes(folder: Path, settings: Settings) -> Patterns:
    root = settings.root or project_root(folder) or folder
    return compile_patterns(root, settings.excluded_from(root))


def _forced_out(path: Path, settings_of: SettingsOf) -> bool:
    """Whether a path that was named is left out all the same, because excludes hold for such ones too."""
    folder = path if path.is_dir() else path.parent
    settings = settings_of(folder)
    return settings.force_exclude and bool(
        _report_excludes(folder, settings).verdict(f"{path.as_posix()}{'/' if path.is_dir() else ''}")
    )
