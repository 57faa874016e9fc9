"""Which files must be known to lint some: those that mention NNX, and all that hang together with these.

Naming files chooses what is reported, never what is known of it: the sources are every file that any chain of
imports, followed in either direction, connects with a file that was named. Files that hang together with none
of these (the next project of a large repository) cannot change what is found, and are left out.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from packaging.version import Version

from nnxlint.connections import connected_groups, related_files
from nnxlint.discovery import PROJECT_FILES, Patterns, absolute, compile_patterns, discover, project_root
from nnxlint.grouping import Group, group_files
from nnxlint.imports import ModuleFinder, find_imports
from nnxlint.presence import is_file, is_folder
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

    `unrelated` were named too, but have nothing to do with NNX: they are a project without sources.
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
    paths: Sequence[Path],
    settings_of: SettingsOf,
    contents: Mapping[Path, bytes] = MappingProxyType({}),
    folders: Sequence[Path] = (),
) -> Loaded:
    """Load the projects of the files that the paths name; `settings_of` gives the settings of a directory.

    `contents` stands in for what is on disk under an absolute path, if anything is. Files that are of no project belong
    together where one of the `folders` holds them, as where that had been named.
    """

    def read(path: Path) -> bytes:
        return contents[path] if path in contents else read_bytes(path)

    given = [absolute(path) for path in paths]
    named = [path for path in given if not _forced_out(path, settings_of)]
    on_disk = [path for path in named if path not in contents]
    found = discover(on_disk, lambda folder: _report_excludes(folder, settings_of(folder)))
    files = sorted({*found.files, *(path for path in named if path in contents)})
    groups = group_files(files, [path for path in (*on_disk, *folders) if is_folder(path)], settings_of)
    failures: list[SourceError] = []
    single = frozenset(path.as_posix() for path in named if not is_folder(path))
    projects = [each for group in groups for each in _load(group, settings_of, single, failures, read)]
    excluded = () if named or not given else ("all paths that were named are excluded",)
    return Loaded(tuple(projects), tuple(failures), (*found.notices, *excluded))


def _load(
    group: Group, settings_of: SettingsOf, single: frozenset[str], failures: list[SourceError], read: Read
) -> Iterator[Project]:
    """Load the projects of a group: files that no chain of imports connects cannot change what is found in another."""
    reported = frozenset(group.reported)
    files = sorted(_without_aliases(group.files, reported))
    contents = _read_all(files, reported, single, failures, read)
    src = settings_of(group.root).src
    search_roots = _search_roots(group.root, group.folders, src)
    finder = ModuleFinder(group.root.as_posix(), search_roots)
    imported = _imports(contents, finder, read)
    related = related_files(contents, imported)
    targets = TargetFinder()
    unrelated = tuple(sorted((reported & contents.keys()) - related))
    if unrelated:
        yield Project(group.root, {}, {}, search_roots, unrelated=unrelated)
    for connected in connected_groups(related, imported, reported):
        sources: dict[str, Source] = {}
        for path in sorted(connected):
            try:
                sources[path] = _source(path, contents[path], read)
            except SourceError as error:
                failures += [error] if path in reported else []
        yield Project(
            root=group.root,
            sources=sources,
            targets=_targets(targets, group.root, sources, settings_of),
            search_roots=search_roots,
            reported=tuple(sorted(reported & sources.keys())),
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
    projects = [path for path in folders if any(is_file(path / name) for name in PROJECT_FILES)]
    ordered = sorted({*projects, root}, key=lambda path: (-len(path.parts), path))
    roots = (absolute(project / entry) for project in ordered for entry in src)
    return tuple(dict.fromkeys(path.as_posix() for path in roots if is_folder(path)))


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


def _targets(finder: TargetFinder, root: Path, paths: Iterable[str], settings_of: SettingsOf) -> dict[str, Version]:
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
    folder = path if is_folder(path) else path.parent
    settings = settings_of(folder)
    return settings.force_exclude and bool(
        _report_excludes(folder, settings).verdict(f"{path.as_posix()}{'/' if is_folder(path) else ''}")
    )
