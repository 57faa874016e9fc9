"""Which files hang together: by what they import, and by what they mention."""

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping

from nnxlint.source import mentions_nnx


def related_files(contents: Mapping[str, bytes], imported: Mapping[str, tuple[str, ...]]) -> set[str]:
    """Find the files that mention NNX, those that import them by any chain, and all that these import."""
    importers: dict[str, set[str]] = {}
    for path, targets in imported.items():
        for target in targets:
            importers.setdefault(target, set()).add(path)
    mentioning = [path for path, data in contents.items() if mentions_nnx(data)]
    using = _reachable(mentioning, lambda path: importers.get(path, ()))
    return _reachable(using, lambda path: imported.get(path, ())) & contents.keys()


def connected_groups(
    related: set[str], imported: Mapping[str, tuple[str, ...]], reported: frozenset[str]
) -> Iterator[set[str]]:
    """Give the groups of related files that imports connect, in either direction; those with a reported file."""
    neighbours: dict[str, set[str]] = {path: set() for path in related}
    for path in related:
        # A module is reached through the packages that hold it, named in the import or not.
        for other in (*imported[path], *_packages(path.rpartition("/")[0])):
            if other in neighbours:
                neighbours[path].add(other)
                neighbours[other].add(path)
    seen: set[str] = set()
    for path in sorted(reported & related):
        if path not in seen:
            group = _reachable((path,), neighbours.__getitem__)
            seen |= group
            yield group


@functools.lru_cache(maxsize=4096)
def _packages(folder: str) -> tuple[str, ...]:
    """List the files that make packages of a folder and of those above it."""
    above = _packages(folder.rpartition("/")[0]) if folder else ()
    return (f"{folder}/__init__.py", *above)


def _reachable(starts: Iterable[str], step: Callable[[str], Iterable[str]]) -> set[str]:
    reached = set(starts)
    waiting = list(reached)
    while waiting:
        new = set(step(waiting.pop())) - reached
        reached |= new
        waiting += new
    return reached
