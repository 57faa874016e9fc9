"""The projects of the files that an editor shows, kept analysed: a change in one costs what it touches."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from nnxlint.knowledge import Project
from nnxlint.remembering import recalled, remember
from nnxlint.report import Report
from nnxlint.request import CheckRequest
from nnxlint.source import SourceError

if TYPE_CHECKING:  # what is remembered needs no analysis
    from nnxlint.live import LiveProject


@dataclass(slots=True)
class Keeper:
    """Knows which projects are kept. `shown` are the files for which it is worth it."""

    shown: Mapping[Path, bytes]
    _kept: "list[LiveProject]" = field(default_factory=list)

    def forget(self) -> None:
        """Keep nothing any more: settings may be others."""
        self._kept.clear()

    def of(self, path: str) -> "LiveProject | None":
        """The kept project that a file is of."""
        return next((each for each in self._kept if each.knows(path)), None)

    def change(self, path: str, content: bytes | None) -> None:
        """Take a file's bytes; None where there is no such file any more."""
        live = self.of(path)
        if live is None:
            return
        try:
            if content is not None:
                live.change(path, content)
                return
        except (SourceError, SyntaxError, ValueError, RecursionError):
            pass
        # It is not of the project any more, or not as it was: whoever asks next has all of it looked at anew.
        self._kept.remove(live)

    def report_of(self, project: Project, request: CheckRequest) -> Report | None:
        """Report the files of a project that was just loaded, by one that is kept; None where it is not worth it."""
        live = next((each for each in self._kept if _is_same(each, project)), None)
        if live is not None and (live.differs(project) or not _follow(live, project)):
            self._kept.remove(live)
            live = None
        if live is None:
            if not self._is_shown(project) or recalled(project, request) is not None:
                return None
            live = self.keep(project, request)
        if not all(map(live.knows, project.reported)):
            return None
        report = live.report(project.reported)
        remember(project, request, live.found(project.reported))
        return report

    def keep(self, project: Project, request: CheckRequest, *, watched: bool = False) -> "LiveProject":
        """Keep a project from now on, instead of whatever had the same files."""
        from nnxlint.live import keep_live  # noqa: PLC0415 - see above

        self._kept = [each for each in self._kept if not _is_same(each, project)]
        made = keep_live(project, request, watched=watched)
        self._kept.append(made)
        return made

    def _is_shown(self, project: Project) -> bool:
        return any(path.as_posix() in project.sources for path in self.shown)


def _is_same(live: "LiveProject", project: Project) -> bool:
    """Whether two projects are the same one, at different times."""
    return live.project.root == project.root and not live.project.sources.keys().isdisjoint(project.sources)


def _follow(live: "LiveProject", project: Project) -> bool:
    """Let the kept project have the texts of the loaded one; whether that can be done."""
    try:
        for path, source in project.sources.items():
            if not live.knows(path):
                return False
            live.take(source)
    except (SyntaxError, ValueError, RecursionError):
        return False
    return True
