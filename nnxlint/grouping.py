"""Files put together to projects: all files of each, and those of them that are reported."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nnxlint.discovery import DEFAULT_EXCLUDE, ProjectRoots, compile_patterns, discover
from nnxlint.presence import is_file
from nnxlint.settings import Settings, SettingsOf


@dataclass(slots=True)
class Group:
    """A project's root, all its files, the folders that may hold nested projects, and what is reported."""

    root: Path
    files: frozenset[str]
    folders: frozenset[Path]
    reported: list[str] = field(default_factory=list)


def group_files(files: Iterable[Path], given: Sequence[Path], settings_of: SettingsOf) -> list[Group]:
    """Put every file to its project; where it has none, or that ignores it, to the directory given."""
    groups: dict[Path, Group] = {}
    roots = ProjectRoots()
    for file in files:
        holding = [directory for directory in given if file.is_relative_to(directory)]
        top = min(holding, key=lambda path: len(path.parts), default=None)
        group = _group_of_project(groups, roots.of(file.parent), file, top, settings_of)
        group = group or _group_of_folder(groups, file, top, settings_of, roots)
        group.reported.append(file.as_posix())
    return [group for group in groups.values() if group.reported]


def _group_of_project(
    groups: dict[Path, Group], project: Path | None, file: Path, top: Path | None, settings_of: SettingsOf
) -> Group | None:
    if project is None:
        return None
    if project not in groups:
        walked = _walked(project, settings_of(project))
        groups[project] = Group(project, _posix(walked), _folders(walked))
    ignored = file.as_posix() not in groups[project].files
    given_apart = top is not None and not project.is_relative_to(top)
    return None if ignored and given_apart else groups[project]


def _group_of_folder(
    groups: dict[Path, Group], file: Path, top: Path | None, settings_of: SettingsOf, roots: ProjectRoots
) -> Group:
    package = _whole_package(top or file.parent)
    folder = package or top or file.parent
    if folder not in groups:
        beside = [path for path in folder.glob("*.py") if is_file(path)]
        walked = _walked(folder, settings_of(folder)) if package or top else beside
        # A package imports itself by its name, which the folder above knows.
        root = package.parent if package else folder
        groups[folder] = Group(root, _unclaimed(folder, walked, roots), _folders(walked))
    return groups[folder]


def _whole_package(folder: Path) -> Path | None:
    """Give the outermost package that a folder belongs to; None where it is no package."""
    package = None
    while is_file(folder / "__init__.py"):
        package, folder = folder, folder.parent
    return package


def _walked(root: Path, settings: Settings) -> Sequence[Path]:
    # What a project leaves out of the report it may still import, so only the default patterns count: they
    # are for directories that hold no code of the project's own.
    patterns = compile_patterns(root, [name for name in DEFAULT_EXCLUDE if name in settings.exclude])
    return discover([root], lambda _: patterns).files


def _unclaimed(top: Path, walked: Iterable[Path], roots: ProjectRoots) -> frozenset[str]:
    """Give the files below a directory that is no project, but for those that belong to a project in it."""
    claimed: dict[Path, bool] = {}
    unclaimed: set[str] = set()
    for file in walked:
        if file.parent not in claimed:
            project = roots.of(file.parent)
            claimed[file.parent] = project is not None and project != top and project.is_relative_to(top)
        if not claimed[file.parent]:
            unclaimed.add(file.as_posix())
    return frozenset(unclaimed)


def _folders(files: Iterable[Path]) -> frozenset[Path]:
    return frozenset(file.parent for file in files)


def _posix(paths: Iterable[Path]) -> frozenset[str]:
    return frozenset(path.as_posix() for path in paths)
