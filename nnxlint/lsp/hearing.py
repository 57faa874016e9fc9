"""What the analysis finds, heard in its thread and taken in the one that talks to the editor."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress

from nnxlint.diagnostic import Crash
from nnxlint.lsp.analysis import FileFindings
from nnxlint.lsp.diagnosing import Diagnosing
from nnxlint.lsp.session import Session


class Hearing:
    """Hears what the analysis finds, in its thread, and takes it in the one of the event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.session: Session
        self.diagnosing: Diagnosing

    def found(self, path: str, findings: FileFindings, revision: int) -> None:
        """Take the findings of one file."""
        self._later(lambda: self._take(path, findings, revision))

    def found_all(self, findings: Mapping[str, FileFindings], revision: int) -> None:
        """Take the findings of all files."""
        self._later(lambda: self._take_all(findings, revision))

    def counted(self, done: int, total: int) -> None:
        """Tell how far the look at all files is."""
        self._later(lambda: self.session.count(done, total))

    def looked(self, revision: int, *, whole: bool) -> None:
        """Take note that all is told."""
        self._later(lambda: self._note(revision, whole=whole))

    def failed(self, message: str) -> None:
        """Show what the user has to mend."""
        self._later(lambda: self.session.say(message))

    def crashed(self, crash: Crash) -> None:
        """Tell of a defect of ours."""
        self._later(lambda: self.session.report_crash(crash))

    def _take(self, path: str, findings: FileFindings, revision: int) -> None:
        for crash in findings.crashes:
            self.session.report_crash(crash)
        if path in self.session.files.by_path:
            self.diagnosing.take([self.session.records.take(path, findings, revision)])

    def _take_all(self, findings: Mapping[str, FileFindings], revision: int) -> None:
        opened = self.session.files.by_path
        self.diagnosing.take(list(self.session.records.take_all(findings, revision, opened)))

    def _note(self, revision: int, *, whole: bool) -> None:
        self.session.records.take_note(revision, whole=whole)
        self.diagnosing.take_note()
        if whole and self.session.preferences.inlay_hints and self.session.client.refreshes_hints:
            self.session.server.workspace_inlay_hint_refresh(None)

    def _later(self, action: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(action)
