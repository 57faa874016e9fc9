"""What a file imports, told cheaply from its bytes, and which file of the project that is.

This only chooses which files are read at all, so it errs on the side of too many: an import in a docstring
counts too. What names really mean is the semantic layer's business.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

_KEYWORD = re.compile(rb"import(?=[ \t(*\\])")  # begins with plain bytes: found at the speed of `bytes.find`
_HEAD = re.compile(rb"(?:^|[;:])[ \t]*(?:from(?:[ \t\\\r\n]+|(?=\.))([.\w \t]*?)[ \t\\\r\n]*)?$")
_TAIL = re.compile(rb"[ \t\\\r\n]*(?:\(([^)]*)\)|((?:[^\n\r;#\\]|\\\r?\n)*))")
_COMMENT = re.compile(rb"#[^\r\n]*")
_MODULE = re.compile(r"\.*[\w.]*\Z")

# Folders that merely lie beside a script are searched for its imports; these names always mean the packages.
_NEVER_BESIDE = frozenset({"flax", "jax", "jaxlib", "numpy", "optax", "orbax", "chex", "torch", "tensorflow"})


@dataclass(frozen=True, slots=True)
class Import:
    """One imported module, and the names taken from it: none for a plain `import`."""

    level: int
    module: tuple[str, ...]
    names: tuple[str, ...]


def find_imports(data: bytes) -> Iterator[Import]:
    """Find what the bytes of a Python file import."""
    for found in _KEYWORD.finditer(data):
        head = _HEAD.search(data[_statement_start(data, found.start()) : found.start()])
        tail = _TAIL.match(data, found.end()) if head else None
        if head is None or tail is None:
            continue
        names = _names(tail.group(1) or tail.group(2) or b"")
        if head.group(1) is None:
            yield from (Import(0, tuple(name.split(".")), ()) for name in names)
        else:
            origin = head.group(1).decode("utf-8", "replace").replace(" ", "").replace("\t", "")
            module = origin.lstrip(".")
            parts = tuple(module.split(".")) if module else ()
            yield Import(len(origin) - len(module), parts, names)


@dataclass(slots=True)
class ModuleFinder:
    """Finds the files of imported modules; `root` and `search_roots` are absolute directories."""

    root: str
    search_roots: tuple[str, ...]
    _listings: dict[str, frozenset[str]] = field(default_factory=dict)
    _orders: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = field(default_factory=dict)
    _own_names: dict[tuple[str, ...], frozenset[str]] = field(default_factory=dict)

    def files_of(self, importer: str, imported: Import) -> tuple[str, ...]:
        """Give the files that the import reads: the module's, and those of submodules among the names."""
        for base in self._bases(importer, imported):
            folder = "/".join((base, *imported.module))
            files = [self._module_file(folder)] if imported.module or imported.level else []
            files += [self._module_file(f"{folder}/{name}") for name in imported.names if name != "*"]
            present = tuple(file for file in files if file is not None and file != importer)
            if present:
                return present
        return ()

    def roots_for(self, importer: str) -> tuple[str, ...]:
        """Give the directories where the file's absolute imports are looked for, the likeliest first."""
        before, beside = self._order(importer)
        return (*before, *beside)

    def _bases(self, importer: str, imported: Import) -> tuple[str, ...]:
        if imported.level:
            return (str(PurePosixPath(importer).parents[min(imported.level, importer.count("/")) - 1]),)
        known = not imported.module or imported.module[0] in _NEVER_BESIDE
        bases = self.search_roots if known else self.roots_for(importer)
        # Most imports are of packages that are installed: one look tells that no folder here has such a name.
        return bases if not imported.module or imported.module[0] in self._names_in(bases) else ()

    def _names_in(self, folders: tuple[str, ...]) -> frozenset[str]:
        """Give the names that can be imported from any of the folders."""
        if folders not in self._own_names:
            entries = frozenset().union(*map(self._listing, folders))
            self._own_names[folders] = frozenset(entry.removesuffix(".py") for entry in entries)
        return self._own_names[folders]

    def _order(self, importer: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Order the folders above the file, what `src` adds to each, the other roots; packages apart."""
        folder = importer.rpartition("/")[0]
        if folder not in self._orders:
            above = [folder, *map(str, PurePosixPath(folder).parents)]
            inside = [path for path in above if path == self.root or path.startswith(f"{self.root}/")] or [folder]
            packages = [path for path in inside if "__init__.py" in self._listing(path)]
            first: list[str] = []
            for path in inside:
                first += [] if path in packages else [path]
                first += [root for root in self.search_roots if root.rpartition("/")[0] == path]
            self._orders[folder] = tuple(dict.fromkeys((*first, *self.search_roots))), tuple(packages)
        return self._orders[folder]

    def _module_file(self, stem: str) -> str | None:
        folder, _, name = stem.rpartition("/")
        listing = self._listing(folder)
        if name in listing and "__init__.py" in self._listing(stem):
            return f"{stem}/__init__.py"
        return f"{stem}.py" if f"{name}.py" in listing else None

    def _listing(self, folder: str) -> frozenset[str]:
        if folder not in self._listings:
            try:
                self._listings[folder] = frozenset(os.listdir(folder))  # noqa: PTH208 - names are all we need
            except OSError:
                self._listings[folder] = frozenset()
        return self._listings[folder]


def _statement_start(data: bytes, position: int) -> int:
    start = max(data.rfind(b"\n", 0, position), data.rfind(b"\r", 0, position)) + 1
    if data[:start][-2:] == b"\\\n" or data[max(start - 3, 0) : start] == b"\\\r\n":
        return max(data.rfind(b"\n", 0, start - 2), data.rfind(b"\r", 0, start - 2)) + 1
    return start


def _names(listed: bytes) -> tuple[str, ...]:
    text = _COMMENT.sub(b"", listed).replace(b"\\", b" ").decode("utf-8", "replace")
    first_words = (item.split()[:1] for item in text.split(","))
    return tuple(word for words in first_words for word in words if _is_name(word))


def _is_name(word: str) -> bool:
    return word == "*" or _MODULE.match(word) is not None
