"""Which file an import means.

Files are found by their paths, not by one dotted name each: several projects under one root may share module
names, scripts import their neighbours, packages may have no ``__init__.py``. The nearest match to the
importing file wins.
"""

import ast
import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from nnxlint.semantic.facts import ModuleFacts


@dataclass(frozen=True, eq=False)
class Index:
    """Every known file's facts, and the roots that imports are looked up from."""

    modules: Mapping[str, ModuleFacts]
    search_roots: tuple[str, ...]
    _folders: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        folders = {str(parent) for path in self.modules for parent in PurePosixPath(path).parents}
        object.__setattr__(self, "_folders", frozenset(folders))

    def resolve(self, importer: str, module: str, level: int = 0) -> str | None:
        """The file, or the folder of a namespace package, that `module` means in `importer`; `None` outside."""
        return _resolve(self, importer, module, level)

    def submodule(self, location: str, name: str) -> str | None:
        """The file or folder `name` in a package's folder or beside its ``__init__.py``."""
        folder = location.removesuffix("/__init__.py")
        if folder == location and location.endswith(".py"):
            return None
        return self.find(folder, (name,))

    def find(self, folder: str, parts: tuple[str, ...]) -> str | None:
        """The file, or the namespace folder, of a dotted name below a folder."""
        base = "/".join((folder.rstrip("/"), *parts))
        if f"{base}/__init__.py" in self.modules:
            return f"{base}/__init__.py"
        if f"{base}.py" in self.modules:
            return f"{base}.py"
        return base if base in self._folders else None

    def candidates(self, importer: str) -> tuple[str, ...]:
        """The folders that absolute imports of a file are looked up from, nearest first."""
        folder = PurePosixPath(importer).parent
        own = [str(folder), *(str(parent) for parent in folder.parents)]
        package_top = next((place for place in own if f"{place}/__init__.py" not in self.modules), own[0])
        sources = [f"{place}/src" for place in own if f"{place}/src" in self._folders]
        return tuple(dict.fromkeys((package_top, *own, *sources, *self.search_roots)))


def connected(index: Index) -> Mapping[str, frozenset[str]]:
    """For every file, the files that hang together with it by imports, in whatever direction."""
    groups: dict[str, set[str]] = {path: {path} for path in index.modules}
    for path, facts in index.modules.items():
        for other in _imported(index, facts):
            if groups[other] is not groups[path]:
                larger, smaller = sorted((groups[path], groups[other]), key=len, reverse=True)
                larger |= smaller
                for member in smaller:
                    groups[member] = larger
    frozen = {id(group): frozenset(group) for group in groups.values()}
    return {path: frozen[id(group)] for path, group in groups.items()}


def _imported(index: Index, facts: ModuleFacts) -> Iterator[str]:
    for node in facts.imports:
        names = [alias.name for alias in node.names]
        if isinstance(node, ast.ImportFrom):
            base = node.module or ""
            candidates = [(base, node.level), *((f"{base}.{name}", node.level) for name in names)]
        else:
            candidates = [(name, 0) for name in names]
        for name, level in candidates:
            found = index.resolve(facts.path, name, level)
            if found is not None and found in index.modules:
                yield found


@functools.lru_cache(maxsize=65536)
def _resolve(index: Index, importer: str, module: str, level: int) -> str | None:
    parts = tuple(part for part in module.split(".") if part)
    if level:
        folder = PurePosixPath(importer).parent
        for _ in range(level - 1):
            folder = folder.parent
        return index.find(str(folder), parts) if parts else _package(index, str(folder))
    found = None
    for place in index.candidates(importer):
        match = index.find(place, parts)
        if match is not None and match.endswith(".py"):
            return match
        found = found or match
    return found


def _package(index: Index, folder: str) -> str | None:
    init = f"{folder}/__init__.py"
    return init if init in index.modules else folder
