"""What is known to be found in each file, and those who wait to hear of it."""

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field

from nnxlint.lsp.analysis import NOTHING, FileFindings
from nnxlint.lsp.holding import Held, held


@dataclass(frozen=True, slots=True)
class Record:
    """What is shown of a file; `revision`: of which texts that was found."""

    path: str
    revision: int
    held: Held

    @property
    def shown(self) -> FileFindings:
        """What is shown."""
        return self.held.shown


@dataclass(slots=True)
class Records:
    """The records of all files. Everything happens in the thread of the event loop."""

    by_path: dict[str, Record] = field(default_factory=dict)
    looked: int = -1
    looked_at_all: int = -1
    _waiting: list[asyncio.Future[None]] = field(default_factory=list)

    def take(self, path: str, found: FileFindings, revision: int) -> Record:
        """Take the findings of a file."""
        before = self.by_path.get(path)
        record = Record(path, revision, held(before.held if before else None, found))
        self.by_path[path] = record
        self._wake()
        return record

    def take_all(self, found: Mapping[str, FileFindings], revision: int, opened: Collection[str]) -> Iterator[Record]:
        """Take the findings of all files but the open ones, which are told one by one; who is not there has none."""
        for path in sorted({*self.by_path, *found}.difference(opened)):
            yield self.take(path, found.get(path, NOTHING), revision)

    def take_note(self, revision: int, *, whole: bool) -> None:
        """Take note that all open files were looked at, or all files."""
        self.looked = max(self.looked, revision)
        if whole:
            self.looked_at_all = max(self.looked_at_all, revision)
        self._wake()

    def forget(self, path: str) -> None:
        """Know nothing of a file any more."""
        self.by_path.pop(path, None)

    async def wait(self, ready: Callable[[], bool]) -> None:
        """Wait until something holds that depends on what is known here."""
        while not ready():
            future = asyncio.get_running_loop().create_future()
            self._waiting.append(future)
            await future

    async def current(self, path: str, revision: int) -> Record | None:
        """Wait for the findings of a file in texts as new as the revision; None where it has none."""

        def known() -> bool:
            record = self.by_path.get(path)
            return self.looked >= revision or (record is not None and record.revision >= revision)

        await self.wait(known)
        return self.by_path.get(path)

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            if not each.done():
                each.set_result(None)
