"""The analysis in a process of its own, as the server asks it.

In one process the two would take turns, and what both import when they start would be read one after the other. A
process that dies, for whatever reason, is started again and told what it has to know.
"""

import pickle
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nnxlint.errors import NnxlintError
from nnxlint.lsp.analysis import FileFindings, Hint, OutdatedError, Page, Tell
from nnxlint.lsp.orders import COUNT, CRASH, MISTAKE, OUTDATED, RESULT, STOP
from nnxlint.lsp.starting import start_analysis
from nnxlint.settings import NO_OVERRIDES, Overrides


class RemoteError(Exception):
    """What went wrong in the other process, with the traceback that it gave."""


class RemoteAnalysis:
    """Asks an analysis in another process; whoever asks waits for the answer."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._contents: dict[str, bytes] = {}
        self._scope: tuple[Sequence[Path], Overrides] = ((), NO_OVERRIDES)
        self._number = 0
        self._process: subprocess.Popen[bytes] | None = process

    def update(self, path: str, content: bytes | None) -> None:
        """Take these bytes for the file; None: what is on disk."""
        if content is None:
            self._contents.pop(path, None)
        else:
            self._contents[path] = content
        self._ask("update", path, content)

    def file_findings(self, path: str) -> FileFindings:
        """What is found in one file."""
        found: FileFindings = self._ask("file_findings", path)
        return found

    def project_findings(self, tell: Tell) -> Mapping[str, FileFindings]:
        """What is found in the folders and in updated files, where it is anything."""
        found: Mapping[str, FileFindings] = self._ask("project_findings", tell=tell)
        return found

    def pages(self) -> Sequence[Page]:
        """The pages of the rules that there are."""
        pages: Sequence[Page] = self._ask("pages")
        return pages

    def hover(self, path: str, offset: int) -> str | None:
        """Markdown on the state of what is at an offset of the file."""
        text: str | None = self._ask("hover", path, offset)
        return text

    def hints(self, path: str) -> Sequence[Hint]:
        """The mode of each model call in the file, and the kind of each state attribute."""
        hints: Sequence[Hint] = self._ask("hints", path)
        return hints

    def prepare(self) -> None:
        """Do ahead what makes later answers about updated files quick."""
        self._ask("prepare")

    def reload(self, folders: Sequence[Path], overrides: Overrides) -> None:
        """Look at these folders with these settings."""
        self._scope = (folders, overrides)
        self._ask("reload", folders, overrides)

    def _ask(self, method: str, *arguments: object, tell: Tell | None = None) -> Any:  # noqa: ANN401 - what it is the method says
        if self._process is None:
            self._process = start_analysis()
            self._replay()
        return self._asked(method, arguments, tell)

    def _replay(self) -> None:
        """Tell a new process all that the last one knew."""
        self._asked("reload", self._scope, None)
        for path, content in self._contents.items():
            self._asked("update", (path, content), None)

    def _asked(self, method: str, arguments: Sequence[object], tell: Tell | None) -> Any:  # noqa: ANN401
        self._number += 1
        try:
            self._send(self._number, method, tuple(arguments))
            while True:
                kind, value = self._receive()
                if kind == COUNT:
                    self._count(tell, value)
                elif kind == RESULT:
                    return value
                else:
                    raise _ERRORS[kind](value)
        except (OSError, EOFError, pickle.UnpicklingError) as error:
            status = self._process.wait() if self._process else None
            self._process = None
            message = f"the process that analyses ended with status {status}: it is started again"
            raise RemoteError(message) from error

    def _count(self, tell: Tell | None, value: tuple[int, int]) -> None:
        """Tell how far it is; where that is not wanted any more, the other process is to stop."""
        try:
            if tell is not None:
                tell(*value)
        except OutdatedError:
            self._send(self._number, STOP, ())

    def _send(self, *message: object) -> None:
        stream = self._process.stdin if self._process else None
        if stream is None:
            raise EOFError
        pickle.dump(message, stream)
        stream.flush()

    def _receive(self) -> tuple[str, Any]:
        stream = self._process.stdout if self._process else None
        if stream is None:
            raise EOFError
        message: tuple[str, Any] = pickle.load(stream)  # noqa: S301 - from our own process
        return message


_ERRORS: Mapping[str, type[Exception]] = {OUTDATED: OutdatedError, MISTAKE: NnxlintError, CRASH: RemoteError}
