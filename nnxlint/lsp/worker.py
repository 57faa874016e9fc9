"""The thread that analyses: the newest texts first, and nothing that is no longer wanted to its end."""

import functools
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar

from nnxlint.diagnostic import Crash
from nnxlint.errors import NnxlintError
from nnxlint.lsp.analysis import Analysis, FileFindings, OutdatedError
from nnxlint.settings import NO_OVERRIDES, Overrides

_T = TypeVar("_T")

# Where an analysis takes long, the one of a text that changes again at once would be in vain.
_QUICK = 0.1
_PAUSE = 0.2
# All other files are looked at when nobody has typed for so long; when an editor starts, it opens files at once.
_QUIET = 0.3


@dataclass(frozen=True, slots=True)
class Change:
    """A new text of a file, or None for what is on disk; `revision` counts the changes of all files.

    `is_open`: whether the editor shows the file, so that its findings are wanted first.
    """

    path: str
    content: bytes | None
    revision: int
    is_open: bool


@dataclass(frozen=True, slots=True)
class Scope:
    """Where to look, and with which settings; `whole`: also at the files that are not open."""

    folders: tuple[Path, ...] = ()
    overrides: Overrides = NO_OVERRIDES
    revision: int = 0
    whole: bool = True


class Listener(Protocol):
    """Is told what was found. It is called from the thread that analyses."""

    def found(self, path: str, findings: FileFindings, revision: int) -> None:
        """The findings of one file, as all texts were at the revision."""

    def found_all(self, findings: Mapping[str, FileFindings], revision: int) -> None:
        """The findings of all files; one that is not among them has none."""

    def counted(self, done: int, total: int) -> None:
        """So many of how many files of the folders are done."""

    def looked(self, revision: int, *, whole: bool) -> None:
        """All that is known of the open files at the revision was told, or of all files."""

    def failed(self, message: str) -> None:
        """The user has to mend something, such as a settings file."""

    def crashed(self, crash: Crash) -> None:
        """A defect of ours."""


@dataclass(slots=True)
class _Wanted:
    """What waits to be done."""

    changes: dict[str, Change] = field(default_factory=dict)
    scope: Scope | None = None
    jobs: list[Callable[[], None]] = field(default_factory=list)
    ended: bool = False

    def __bool__(self) -> bool:
        return bool(self.changes or self.scope or self.ended)


class Worker:
    """Owns the analysis. What is asked of it is done in its thread, in the order in which it matters."""

    def __init__(
        self, make: Callable[[], Analysis], listener: Listener, at_rest: Callable[[Analysis], None] = lambda _: None
    ) -> None:
        self._make = make
        self._listener = listener
        self._at_rest = at_rest  # done whenever nothing else is left to do
        self._wanted = _Wanted()
        self._condition = threading.Condition()
        self._analysis: Analysis | None = None
        self._open: dict[str, int] = {}  # when each open file was changed last, the newest at the end
        self._revision = 0
        self._scope = Scope(whole=False)
        self._last_took = 0.0
        self._last_change = 0.0
        self._open_is_due = False
        self._whole_is_due = False
        self._thread = threading.Thread(target=self._run, name="nnxlint-analysis", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def change(self, *changes: Change) -> None:
        """Take new texts; those that were not looked at yet are forgotten."""
        with self._condition:
            self._wanted.changes |= {each.path: each for each in changes}
            self._condition.notify()

    def look(self, scope: Scope) -> None:
        """Look at all anew."""
        with self._condition:
            self._wanted.scope = scope
            self._condition.notify()

    def ask(self, question: Callable[[Analysis], _T]) -> "Future[_T]":
        """Ask the analysis, once it knows the newest texts."""
        future: Future[_T] = Future()

        def answer() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(question(self._known()))
            except Exception as error:  # noqa: BLE001 - who asked is told
                future.set_exception(error)

        with self._condition:
            self._wanted.jobs.append(answer)
            self._condition.notify()
        return future

    def stop(self) -> None:
        """Begin nothing any more."""
        with self._condition:
            self._wanted.ended = True
            self._condition.notify()

    def _run(self) -> None:
        while True:
            self._wait()
            if self._wanted.ended:
                return
            if self._wanted and self._last_took > _QUICK:
                time.sleep(_PAUSE)
            if self._take():
                self._open_is_due = self._whole_is_due = True
            if self._open_is_due:
                if not self._look_at_open_files():
                    continue
                self._open_is_due = False
                self._listener.looked(self._revision, whole=False)
            self._answer_jobs()
            if self._whole_is_due and self._is_quiet() and self._guarded(self._look_at_all):
                self._whole_is_due = False
                self._listener.looked(self._revision, whole=True)
                self._guarded(lambda: self._at_rest(self._known()))

    def _wait(self) -> None:
        """Wait for something to do; if all files are to be looked at, for a moment in which nothing changes."""
        timeout = max(0.0, self._last_change + _QUIET - time.monotonic()) if self._whole_is_due else None
        with self._condition:
            self._condition.wait_for(lambda: self._wanted or self._wanted.jobs, timeout)

    def _is_quiet(self) -> bool:
        return not self._wanted and time.monotonic() >= self._last_change + _QUIET

    def _take(self) -> bool:
        """Tell the analysis what is new, if anything is."""
        with self._condition:
            changes, scope = tuple(self._wanted.changes.values()), self._wanted.scope
            self._wanted.changes, self._wanted.scope = {}, None
        if scope is not None:
            self._scope = scope
            self._revision = max(self._revision, scope.revision)
            self._guarded(lambda: self._known().reload(scope.folders, scope.overrides))
        if scope is not None or any(each.is_open for each in changes):
            self._last_change = time.monotonic()
        for each in sorted(changes, key=lambda change: change.revision):
            self._revision = max(self._revision, each.revision)
            self._open.pop(each.path, None)
            if each.is_open:
                self._open[each.path] = each.revision
            self._guarded(functools.partial(self._update, each))
        return bool(changes or scope)

    def _look_at_open_files(self) -> bool:
        """Look at the open files; whether none of them changed meanwhile."""
        started = time.monotonic()
        for path in reversed(tuple(self._open)):
            if self._wanted:
                return False
            self._guarded(functools.partial(self._look_at, path))
        self._last_took = time.monotonic() - started
        return True

    def _look_at(self, path: str) -> None:
        self._listener.found(path, self._known().file_findings(path), self._revision)

    def _look_at_all(self) -> None:
        if self._scope.whole:
            self._listener.found_all(self._known().project_findings(self._count), self._revision)

    def _update(self, change: Change) -> None:
        self._known().update(change.path, change.content)

    def _answer_jobs(self) -> None:
        while not self._wanted:
            with self._condition:
                jobs, self._wanted.jobs = self._wanted.jobs, []
            if not jobs:
                return
            for job in jobs:
                job()

    def _count(self, done: int, total: int) -> None:
        if self._wanted or self._wanted.jobs:
            raise OutdatedError
        self._listener.counted(done, total)

    def _known(self) -> Analysis:
        if self._analysis is None:
            self._analysis = self._make()
        return self._analysis

    def _guarded(self, step: Callable[[], object]) -> bool:
        """Do a step, and tell whether it came to its end; one that cannot has come to it too."""
        try:
            step()
        except OutdatedError:
            return False
        except NnxlintError as error:
            self._listener.failed(str(error))
        except Exception as error:  # noqa: BLE001 - whatever it is, the editor goes on
            self._listener.crashed(Crash("the analysis", _where(error), traceback.format_exc()))
        return True


def _where(error: Exception) -> str:
    """Give the place of ours where it happened."""
    frames: Sequence[traceback.FrameSummary] = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""
