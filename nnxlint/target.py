"""Which Flax code is written for: as set, else locked, else pinned, else installed, else the newest."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from nnxlint.discovery import absolute, project_root
from nnxlint.pins import Pin, locked_flax, pinned_flax
from nnxlint.semantic.flax_api import TABLE_VERSIONS
from nnxlint.settings import Settings

_FROM = (">=", ">", "~=", "==")

KNOWN_VERSIONS = tuple(sorted(map(Version, TABLE_VERSIONS)))


@dataclass(frozen=True, slots=True)
class Target:
    """The Flax that code is written for, and in words how that is known."""

    version: Version
    origin: str


@dataclass(slots=True)
class TargetFinder:
    """Finds the targets of many directories, reading every lock file and pin once."""

    _locks: dict[Path, tuple[Version, Path] | None] = field(default_factory=dict)
    _pins: dict[Path, Pin | None] = field(default_factory=dict)
    _seen: list[Target | None] = field(default_factory=list)  # what is installed, once that was looked up

    def target(self, directory: Path, settings: Settings, root: Path | None = None) -> Target:
        """Find the Flax that the code in the directory targets; pins count up to the project's `root`."""
        if settings.flax_version is not None:
            return Target(settings.flax_version, settings.flax_origin or "the settings")
        folders = tuple(_folders(absolute(directory), root))
        pinned = next((pin for pin in map(self._pin, folders) if pin), None)
        locked = next((lock for lock in map(self._lock, folders) if lock), None)
        if locked and not (pinned and _nearer(pinned.path, locked[1]) and not _allows(pinned, locked[0])):
            return Target(locked[0], f"locked in {locked[1]}")
        if pinned:
            return Target(newest_allowed(pinned.specifiers), _words(pinned))
        self._seen = self._seen or [_installed()]
        return self._seen[0] or Target(KNOWN_VERSIONS[-1], "the newest Flax that nnxlint knows")

    def _lock(self, folder: Path) -> tuple[Version, Path] | None:
        if folder not in self._locks:
            self._locks[folder] = locked_flax(folder)
        return self._locks[folder]

    def _pin(self, folder: Path) -> Pin | None:
        if folder not in self._pins:
            self._pins[folder] = _merged(pinned_flax(folder))
        return self._pins[folder]


def target_flax(directory: Path, settings: Settings) -> Target:
    """Find the Flax that the code in the directory targets."""
    return TargetFinder().target(directory, settings)


def newest_allowed(specifiers: SpecifierSet) -> Version:
    """Choose the newest known version that the specifiers allow, or what they name where none is known."""
    exact = [found.version for found in specifiers if found.operator in {"==", "==="}]
    named = [version for version in map(_version, exact) if version is not None]
    if named:
        return named[0]
    allowed = [version for version in KNOWN_VERSIONS if specifiers.contains(version, prereleases=True)]
    if allowed:
        return allowed[-1]
    bounds = [_version(found.version.removesuffix(".*")) for found in specifiers if found.operator in _FROM]
    return max((bound for bound in bounds if bound is not None), default=KNOWN_VERSIONS[0])


def _merged(pins: Iterator[Pin]) -> Pin | None:
    """Join the pins of one directory; one that contradicts those before it is left out."""
    merged = next(pins, None)
    if merged is None:
        return None
    for pin in pins:
        both = merged.specifiers & pin.specifiers
        if both != merged.specifiers and both.contains(newest_allowed(both), prereleases=True):
            narrower = newest_allowed(both) != newest_allowed(merged.specifiers)
            merged = Pin(both, pin.path if narrower else merged.path)
    return merged


def _folders(directory: Path, root: Path | None) -> Iterator[Path]:
    """Give the directory and those above it, up to the project's root."""
    top = root or project_root(directory)
    for folder in (directory, *directory.parents):
        yield folder
        if top is None or folder == top:
            return


def _nearer(path: Path, other: Path) -> bool:
    return len(path.parent.parts) > len(other.parent.parts)


def _allows(pin: Pin, version: Version) -> bool:
    return pin.specifiers.contains(version, prereleases=True)


def _words(pin: Pin) -> str:
    wanted = f"flax{pin.specifiers}" if str(pin.specifiers) else "flax without a version"
    return f"`{wanted}` in {pin.path}"


def _installed() -> Target | None:
    import importlib.metadata  # noqa: PLC0415 - takes time, and most projects say what they target

    try:
        version = _version(importlib.metadata.version("flax"))
    except importlib.metadata.PackageNotFoundError:
        return None
    return Target(version, "the installed Flax") if version else None


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None
