"""What the server asks of the analysis, behind one protocol.

All of it is called from one thread, which is not the one that talks to the editor.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from nnxlint.diagnostic import Crash, Diagnostic
from nnxlint.settings import Overrides
from nnxlint.source import Source

Tell = Callable[[int, int], None]
"""Is told how many of how many files are done; raises `OutdatedError` where the rest is not wanted any more."""


class OutdatedError(Exception):
    """What is being computed is about texts that are no longer those in the editor."""


@dataclass(frozen=True, slots=True)
class FileFindings:
    """What there is to say of one file.

    `source` is what the findings count in: None where there is nothing to look at. `sources` are those of the files
    that they relate to. `known` are findings of a baseline: shown, but no cause for alarm. `failures` are lines
    about what could not be done. `parsed`: whether all of the file could be.
    """

    diagnostics: tuple[Diagnostic, ...] = ()
    known: tuple[Diagnostic, ...] = ()
    source: Source | None = None
    sources: Mapping[str, Source] = field(default_factory=dict, repr=False)
    failures: tuple[str, ...] = ()
    crashes: tuple[Crash, ...] = ()
    parsed: bool = True

    @property
    def shown(self) -> tuple[Diagnostic, ...]:
        """All that is shown, by place."""
        found = (*self.diagnostics, *self.known)
        return tuple(sorted(found, key=lambda each: (each.span, each.code, each.message)))


NOTHING = FileFindings()


@dataclass(frozen=True, slots=True)
class Page:
    """The page of a rule, in Markdown."""

    code: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Hint:
    """A few words after an offset, and Markdown that tells more."""

    offset: int
    text: str
    tooltip: str


class Analysis(Protocol):
    """Knows the texts of a workspace, and what is found in them. Paths are absolute and posix.

    While a text does not parse, the last one that did stands in for it where other files are looked at.
    """

    def update(self, path: str, content: bytes | None) -> None:
        """Take these bytes for the file; None: what is on disk, which may have changed."""

    def file_findings(self, path: str) -> FileFindings:
        """What is found in one file, as all texts are now; `NnxlintError` where settings are wrong."""

    def project_findings(self, tell: Tell) -> Mapping[str, FileFindings]:
        """What is found in the folders and in updated files, where it is anything; `NnxlintError` likewise."""

    def pages(self) -> Sequence[Page]:
        """The pages of the rules that there are: nnxlint's own, and those that packages and settings add."""

    def hover(self, path: str, offset: int) -> str | None:
        """Markdown on the state of the module class, object or attribute at an offset of the file, if it is one."""

    def hints(self, path: str) -> Sequence[Hint]:
        """The mode of each model call in the file, and the kind of each state attribute."""

    def prepare(self) -> None:
        """Do ahead what makes later answers about updated files quick."""

    def reload(self, folders: Sequence[Path], overrides: Overrides) -> None:
        """Look at these folders with these settings, all files that decide about settings read anew."""
