"""The files that a module needs, laid out so that their imports find each other in one folder."""

import posixpath
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from nnxlint.errors import NnxlintError
from nnxlint.imports import Import, ModuleFinder, find_imports
from nnxlint.knowledge import Project
from nnxlint.source import read_source

MAX_FILES = 400
MAX_CHARACTERS = 6_000_000

Read = Callable[[str], str | None]


class LayoutError(NnxlintError):
    """The module needs more files than a child is given."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Texts by their path in the program's folder; `origins`: the file each is of; `main`: the module's own path."""

    files: dict[str, str]
    origins: dict[str, str]
    main: str

    def module_of(self, origin: str) -> str | None:
        """The dotted name under which a file is imported; None for one that is not laid out."""
        place = next((place for place, path in self.origins.items() if path == origin), None)
        return None if place is None else dotted(place)

    def with_text(self, origin: str, text: str) -> dict[str, str]:
        """The files with another text for one of them, wherever it lies."""
        return {place: text if self.origins[place] == origin else old for place, old in self.files.items()}


def lay_out(main: str, project: Project, also: Iterable[str] = ()) -> Layout:
    """Lay out a file, some others, and all that they import of the project, under the names by which they are imported.

    `LayoutError` where that is more than a child is given.
    """
    finder = ModuleFinder(project.root.as_posix(), project.search_roots)
    found = _Found(finder, lambda path: _text(path, project))
    own = _own_place(main)
    found.add(own, main)
    _follow(found, finder, main)
    for path in also:
        if path not in found.origins.values():
            found.add(_own_place(path), path)
            _follow(found, finder, main)
    # Whoever imports the module itself must meet the one that is looked at.
    imported = [place for place, path in found.origins.items() if path == main and place != own]
    if imported:
        del found.files[own], found.origins[own]
    return Layout(found.files, found.origins, imported[0] if imported else own)


def dotted(place: str) -> str:
    """The dotted name of the module at a path of the program's folder."""
    return place.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _follow(found: "_Found", finder: ModuleFinder, main: str) -> None:
    while found.waiting:
        place, path = found.waiting.pop()
        for each in _imported(finder, place, path, found.files[place]):
            found.add(*each)
        if len(found.files) > MAX_FILES or sum(map(len, found.files.values())) > MAX_CHARACTERS:
            message = f"{main} imports more than {MAX_FILES} files of the project"
            raise LayoutError(message)


@dataclass(slots=True)
class _Found:
    """What was laid out so far, and what must still be looked at."""

    finder: ModuleFinder
    read: Read
    files: dict[str, str] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    waiting: list[tuple[str, str]] = field(default_factory=list)

    def add(self, place: str, path: str) -> None:
        """Lay out a file and the packages around its place."""
        for each, origin in ((place, path), *_packages(place, path)):
            text = None if each in self.files else self.read(origin)
            if text is not None:
                self.files[each], self.origins[each] = text, origin
                self.waiting.append((each, origin))


def _text(path: str, project: Project) -> str | None:
    if path in project.sources:
        return project.sources[path].text
    try:
        return read_source(Path(path)).text
    except NnxlintError:
        return None


def _own_place(main: str) -> str:
    """The path below the outermost package that the file is in; a notebook becomes a module."""
    file = PurePosixPath(main)
    folder = file.parent
    while (Path(folder) / "__init__.py").is_file():
        folder = folder.parent
    inside = file.relative_to(folder)
    stem = "".join(letter if letter.isalnum() else "_" for letter in inside.stem)
    return inside.with_name(f"{stem}.py").as_posix() if stem != "__init__" else inside.as_posix()


def _packages(place: str, path: str) -> Iterator[tuple[str, str]]:
    """The `__init__.py` of each package around a file, where it lies as deep on the disk as it does here."""
    inner, outer = PurePosixPath(place).parent, PurePosixPath(path).parent
    while inner.name and inner.name == outer.name:
        init = outer / "__init__.py"
        if Path(init).is_file():
            yield (inner / "__init__.py").as_posix(), init.as_posix()
        inner, outer = inner.parent, outer.parent


def _imported(finder: ModuleFinder, place: str, path: str, text: str) -> Iterator[tuple[str, str]]:
    for each in find_imports(text.encode("utf-8", "replace")):
        for file in finder.files_of(path, each):
            target = _beside(place, path, file) if each.level else _named(each, file)
            if target is not None:
                yield target, file


def _beside(place: str, path: str, file: str) -> str | None:
    """Where a relative import is found: as far from the importing place as the files are from each other."""
    target = posixpath.normpath(
        posixpath.join(posixpath.dirname(place), posixpath.relpath(file, posixpath.dirname(path)))
    )
    return None if target.startswith("..") else target


def _named(imported: Import, file: str) -> str | None:
    """Where an absolute import is found: at its name."""
    ending = "/__init__.py" if file.endswith("/__init__.py") else ".py"
    stem = file.removesuffix(ending)
    names = ["/".join((*imported.module, name)) for name in imported.names] + ["/".join(imported.module)]
    found = next((name for name in names if name and stem.endswith(f"/{name}")), None)
    return None if found is None else f"{found}{ending}"
