"""Known findings, in a file: kept by what they say and where they stand, so that moved lines stay known."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from nnxlint.diagnostic import Diagnostic
from nnxlint.errors import NnxlintError
from nnxlint.fingerprint import fingerprints
from nnxlint.naming import relative_name
from nnxlint.settings import SettingsOf
from nnxlint.source import Source
from nnxlint.writing import replace_file

VERSION = 1
DEFAULT_NAME = "nnxlint-baseline.json"

# A file that cannot be parsed, and a defect of ours, hide what else there is: nobody can know those findings.
NEVER_KNOWN = frozenset({"NNX900", "NNX999"})

Sources = Mapping[str, Source]


class Entry(msgspec.Struct, frozen=True, order=True):
    """One known finding. The path is seen from the folder of the file that the entry stands in."""

    path: str
    code: str
    fingerprint: str


class _Document(msgspec.Struct, forbid_unknown_fields=True):
    version: int
    findings: list[Entry]


@dataclass(frozen=True, slots=True)
class Baseline:
    """What the file at `path` holds."""

    path: Path
    entries: frozenset[Entry] = frozenset()

    def of(self, diagnostics: Iterable[Diagnostic], sources: Sources) -> dict[Diagnostic, Entry]:
        """Give the entries of those findings that can be known; all findings of a file must be given together."""
        root = self.path.parent
        named = fingerprints(diagnostics, sources, root)
        return {
            each: Entry(relative_name(each.path, root), each.code, fingerprint)
            for each, fingerprint in named.items()
            if each.code not in NEVER_KNOWN
        }


@dataclass(frozen=True, slots=True)
class Baselines:
    """The baselines that settings name, each read once. A copy in another process reads them itself."""

    settings_of: SettingsOf
    _read: dict[Path, Baseline] = field(default_factory=dict, repr=False, compare=False)

    def of(self, path: str) -> Baseline | None:
        """Give the baseline that holds for a file, if there is one; `NnxlintError` when it cannot be read."""
        named = self.settings_of(Path(path).parent).baseline
        if named is None:
            return None
        if named not in self._read:
            self._read[named] = read_baseline(named)
        return self._read[named]

    def known(self, diagnostics: Iterable[Diagnostic], sources: Sources) -> dict[Diagnostic, Entry]:
        """Give the findings that are known, and by which entries; all findings of a file must be given together."""
        known: dict[Diagnostic, Entry] = {}
        by_path: dict[str, list[Diagnostic]] = {}
        for each in diagnostics:
            by_path.setdefault(each.path, []).append(each)
        for path, found in by_path.items():
            baseline = self.of(path)
            if baseline is not None:
                entries = baseline.of(found, sources)
                known |= {each: entry for each, entry in entries.items() if entry in baseline.entries}
        return known

    def __reduce__(self) -> tuple[object, ...]:
        return Baselines, (self.settings_of,)


def read_baseline(path: Path) -> Baseline:
    """Read the baseline at the path; `NnxlintError` when there is none that can be read."""
    try:
        document = msgspec.json.decode(_content(path), type=_Document)
    except msgspec.DecodeError as error:
        message = f"{path}: no baseline of nnxlint: {error}"
        raise NnxlintError(message) from error
    if document.version != VERSION:
        message = f"{path}: a baseline of version {document.version}, and this nnxlint reads version {VERSION}"
        raise NnxlintError(message)
    return Baseline(path, frozenset(document.findings))


def write_baseline(baseline: Baseline) -> None:
    """Write the baseline, at once; `NnxlintError` when that fails."""
    try:
        replace_file(baseline.path.resolve(), _encoded(baseline))
    except OSError as error:
        message = f"{baseline.path}: cannot be written: {error.strerror or error}"
        raise NnxlintError(message) from error


def _content(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        message = f"{path}: no such baseline: `nnxlint check --write-baseline` makes one"
        raise NnxlintError(message) from error
    except OSError as error:
        message = f"{path}: cannot be read: {error.strerror or error}"
        raise NnxlintError(message) from error
    if b"\n<<<<<<<" in content:
        message = f"{path}: holds a conflict of git: keep the lines of both sides, or write it anew"
        raise NnxlintError(message)
    return content


def _encoded(baseline: Baseline) -> bytes:
    """One entry a line, sorted, so that git can merge what branches added."""
    lines = [b"  " + msgspec.json.encode(entry) for entry in sorted(baseline.entries)]
    listed = b"\n" + b",\n".join(lines) + b"\n" if lines else b""
    return b'{"version": %d, "findings": [%s]}\n' % (VERSION, listed)
