"""The table of what was found in public packages, and what a person who read each place says of it.

The table holds places, hashes and sentences of our own, never a line of somebody else's code. A finding is
known again by its fingerprint, which survives moved lines, but not another version of its package: what a
reader said is true of the version that was read.
"""

import json
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from pathlib import Path

import msgspec
from command import Finding

from nnxlint.fingerprint import digest

_DIGITS = 12
_HEADER = """\
# What nnxlint finds in the pinned packages, read by a person. Written by `benchmarks/ecosystem.py --update`;
# only `verdict` and `reason` are written by hand.
"""

Key = tuple[str, str, str, str]


class Verdict(Enum):
    """What a reader says of a finding."""

    RIGHT = "right"
    WRONG = "wrong"
    UNREAD = "unread"


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One finding with its verdict. Row and column count from one; `reason` is one sentence."""

    package: str
    version: str
    file: str
    row: int
    column: int
    code: str
    level: str
    fingerprint: str
    verdict: Verdict = Verdict.UNREAD
    reason: str = ""

    @property
    def key(self) -> Key:
        """What stays when lines move and when levels change."""
        return self.package, self.version, self.file, self.fingerprint

    @property
    def order(self) -> tuple[str, str, int, int, str]:
        """Where the entry stands in the table."""
        return self.package, self.file, self.row, self.column, self.code

    def __str__(self) -> str:
        return f"{self.package} {self.file}:{self.row}:{self.column}: {self.code} {self.level}"


class _Table(msgspec.Struct, forbid_unknown_fields=True):
    finding: list[Entry] = []


def entries_of(package: str, version: str, root: Path, findings: Iterable[Finding]) -> Iterator[Entry]:
    """Yield the findings of one package as entries that nobody has read yet, in the order of the table."""
    seen: Counter[tuple[str, str, str]] = Counter()
    for finding in sorted(findings, key=lambda one: (one.filename, one.cell or 0, one.location.row)):
        file, text = Path(finding.filename).as_posix(), _text(root, finding)
        seen[file, finding.code, text] += 1
        yield Entry(
            package=package,
            version=version,
            file=file,
            row=finding.location.row,
            column=finding.location.column,
            code=finding.code,
            level=finding.level,
            fingerprint=fingerprint(finding.code, text, seen[file, finding.code, text]),
        )


def _text(root: Path, finding: Finding) -> str:
    if finding.cell is not None:
        return f"cell {finding.cell}: {finding.message}"
    lines = (root / finding.filename).read_text(encoding="utf-8", errors="replace").splitlines()
    return lines[finding.location.row - 1] if finding.location.row <= len(lines) else ""


def fingerprint(code: str, text: str, occurrence: int) -> str:
    """Return a short hash of a rule, the line that it reports and how often that was there before, in one file."""
    return digest(code, " ".join(text.split()), str(occurrence))[:_DIGITS]


def judged(found: Iterable[Entry], known: Iterable[Entry]) -> Sequence[Entry]:
    """Return what was found, in order, with what was said of it before; what no longer occurs is left out."""
    said = {entry.key: entry for entry in known}
    return sorted((_judged(entry, said) for entry in found), key=lambda entry: entry.order)


def _judged(entry: Entry, said: Mapping[Key, Entry]) -> Entry:
    before = said.get(entry.key)
    return msgspec.structs.replace(entry, verdict=before.verdict, reason=before.reason) if before else entry


def read_table(path: Path) -> Sequence[Entry]:
    """Return the table's entries; none when there is no table yet."""
    if not path.exists():
        return ()
    return tuple(msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), _Table).finding)


def write_table(path: Path, entries: Iterable[Entry]) -> None:
    """Write the table."""
    path.write_text(spell_table(entries), encoding="utf-8")


def spell_table(entries: Iterable[Entry]) -> str:
    """Return the table as TOML, sorted, each value on a line of its own."""
    blocks = [_block(entry) for entry in sorted(entries, key=lambda entry: entry.order)]
    return "\n".join((_HEADER, *blocks))


def _block(entry: Entry) -> str:
    lines = (f"{name} = {_spelled(value)}\n" for name, value in msgspec.to_builtins(entry).items())
    return "".join(("[[finding]]\n", *lines))


def _spelled(value: str | int) -> str:
    # A JSON string is a TOML string, too.
    return json.dumps(value, ensure_ascii=False)
