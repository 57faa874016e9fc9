"""What all features share: what is open, what is known of it, what the editor can do, and how it is spoken to."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from lsprotocol import types
from pygls import uris
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

from nnxlint.diagnostic import Crash
from nnxlint.discovery import absolute
from nnxlint.lsp.analysis import Analysis
from nnxlint.lsp.client import Client
from nnxlint.lsp.documents import path_of
from nnxlint.lsp.files import Files, OpenFile
from nnxlint.lsp.pages import Pages
from nnxlint.lsp.preferences import Preferences
from nnxlint.lsp.protocol import Conversation
from nnxlint.lsp.records import Record, Records
from nnxlint.lsp.showing import Showing
from nnxlint.lsp.worker import Change, Scope, Worker

_LOG = logging.getLogger("nnxlint")
_T = TypeVar("_T")


@dataclass(slots=True)
class Session:
    """One editor. Everything here happens in the thread of the event loop."""

    server: "Server"
    worker: Worker
    pages: Pages
    files: Files = field(default_factory=Files)
    records: Records = field(default_factory=Records)
    client: Client = field(default_factory=Client)
    preferences: Preferences = field(default_factory=Preferences)
    folders: dict[str, Path] = field(default_factory=dict)
    at_end: list[Callable[[], None]] = field(default_factory=list)
    _counting: set[types.ProgressToken] = field(default_factory=set)
    _said: set[str] = field(default_factory=set)

    @property
    def showing(self) -> Showing:
        """What makes findings of the engine into those of the protocol."""
        return Showing(self.files, self.client, self.pages.uri)

    def open_folders(self, given: list[types.WorkspaceFolder]) -> None:
        """Take folders of the workspace."""
        for each in given:
            path = uris.to_fs_path(each.uri)
            if path is not None:
                self.folders[each.uri] = absolute(Path(path))
        self.files.folder = next(iter(self.folders.values()), absolute(Path()))

    def look(self) -> None:
        """Look at everything anew."""
        whole = self.preferences.enable and self.preferences.diagnostic_mode == "workspace"
        self.files.revision += 1
        self.worker.look(Scope(tuple(self.folders.values()), self.preferences.overrides, self.files.revision, whole))

    def changed(self, file: OpenFile | None) -> None:
        """Have a file looked at whose text is new."""
        if file is not None:
            self.worker.change(Change(file.path, file.content, file.revision, is_open=True))

    def on_disk(self, path: str) -> None:
        """Have a file looked at that is not open, and may have changed."""
        self.files.revision += 1
        self.worker.change(Change(path, None, self.files.revision, is_open=False))

    async def current(self, uri: str) -> Record | None:
        """Give what is found in the file of a document, as all texts are now; None where it is none to lint."""
        while (file := self.files.file_of(uri)) is not None:
            record = await self.records.current(file.path, self.files.revision)
            if self.revision_of(file.path) == file.revision:
                return record
        return self.records.by_path.get(path_of(uri, self.files.folder))

    async def looked_at_all(self) -> None:
        """Wait until all files were looked at, as all texts are now."""
        if self.preferences.enable and self.preferences.diagnostic_mode == "workspace":
            await self.records.wait(lambda: self.records.looked_at_all >= self.files.revision)

    def revision_of(self, path: str) -> int:
        """Give the revision of an open file's last change; -1 for one that is not open."""
        file = self.files.by_path.get(path)
        return file.revision if file else -1

    def is_outdated(self, record: Record) -> bool:
        """Whether the text that a record is about is no longer the one in the editor."""
        return record.revision < self.revision_of(record.path)

    @asynccontextmanager
    async def progress(self, token: types.ProgressToken | None, title: str) -> AsyncIterator[None]:
        """Show how far the look at all files is, where the editor wants to be told."""
        if token is None:
            yield
            return
        progress = self.server.work_done_progress
        progress.begin(token, types.WorkDoneProgressBegin(title, percentage=0))
        self._counting.add(token)
        try:
            yield
        finally:
            self._counting.discard(token)
            progress.end(token, types.WorkDoneProgressEnd())
            progress.tokens.pop(token, None)

    def count(self, done: int, total: int) -> None:
        """Tell that so many of how many files are done."""
        percentage = 100 * done // total if total else 100
        report = types.WorkDoneProgressReport(message=f"{done} of {total} files", percentage=percentage)
        for token in self._counting:
            self.server.work_done_progress.report(token, report)

    def end(self) -> None:
        """Begin nothing any more, and leave nothing behind."""
        self.worker.stop()
        for action in self.at_end:
            action()
        self.pages.remove()

    async def ask(self, question: Callable[[Analysis], _T]) -> _T:
        """Ask the analysis, which knows the newest texts; a request that is cancelled is not asked any more."""
        return await asyncio.wrap_future(self.worker.ask(question))

    def show(self, message: str, kind: types.MessageType = types.MessageType.Info) -> None:
        """Show the user the answer to what he asked for."""
        self.server.window_show_message(types.ShowMessageParams(kind, f"nnxlint: {message}"))

    def say(self, message: str, kind: types.MessageType = types.MessageType.Error) -> None:
        """Show a message, unless it was shown before."""
        _LOG.warning("%s", message)
        if message not in self._said:
            self._said.add(message)
            self.server.window_show_message(types.ShowMessageParams(kind, f"nnxlint: {message}"))

    def note(self, message: str, kind: types.MessageType = types.MessageType.Info) -> None:
        """Write a line into the log that the editor keeps of the server."""
        self.server.window_log_message(types.LogMessageParams(kind, message))

    def report_crash(self, crash: Crash) -> None:
        """Tell of a defect of ours: once, and in full in the log."""
        self.note(crash.traceback, types.MessageType.Error)
        self.say(f"{crash.culprit} crashed, a defect of nnxlint: its log has the place")


class Server(LanguageServer):
    """Tells of its own mistakes in the log, and once to the user; mistakes of the editor are answered."""

    protocol: Conversation
    report: Callable[[Crash], None] = staticmethod(lambda _: None)

    def report_server_error(self, error: Exception, source: type[Exception]) -> None:
        """Tell of an error that a feature raised."""
        data = error.data if isinstance(error, JsonRpcException) else None
        if data is None:
            _LOG.warning("%s: %s", source.__name__, error)
            return
        trace = data.get("traceback", ()) if isinstance(data, dict) else ()
        self.report(Crash("the server", "", f"{''.join(trace)}{error}"))
