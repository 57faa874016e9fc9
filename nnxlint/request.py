"""What is asked of a run. Nothing heavy is imported here: most runs find all that they are asked for in the cache."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from nnxlint.diagnostic import Diagnostic
from nnxlint.edits import Applicability
from nnxlint.knowledge import Project
from nnxlint.report import Report
from nnxlint.scope import EVERYTHING, Scope
from nnxlint.settings import Settings, SettingsOf
from nnxlint.timing import Stopwatch

if TYPE_CHECKING:  # rules bring the whole semantic layer along
    from nnxlint.rule import Rule


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """What to check: paths, the settings of each directory, which fixes to make.

    `rules` are those that there are: where none are given, nnxlint's own and those that packages and settings add.
    Statistics take time, so they are only made where they are wanted. `scope` says which findings are reported.
    `contents` stands in for what is on disk under an absolute path. `remembers`: results are read from the cache and
    kept there; `jobs`: so many processes. `choose`, where there is one, has the last word on the fixes of a project.
    `clock`, where there is one, measures where the time goes; `kept`, where there is one, may know the report of a
    project without a new analysis. `folders` hold files together that are of no project.
    """

    paths: tuple[Path, ...]
    settings_of: SettingsOf
    rules: "tuple[Rule, ...] | None" = None
    fixes: frozenset[Applicability] = frozenset()
    statistics: bool = False
    contents: Mapping[Path, bytes] = field(default_factory=dict)
    remembers: bool = False
    jobs: int = 1
    scope: Scope = EVERYTHING
    clock: Stopwatch | None = None
    choose: Callable[[Project, tuple[Diagnostic, ...]], Collection[Diagnostic]] | None = None
    kept: Callable[[Project], Report | None] | None = None
    folders: tuple[Path, ...] = ()

    def known_rules(self, *settings: Settings) -> "tuple[Rule, ...]":
        """The rules that there are where these settings hold; `NnxlintError` where those of others cannot be loaded."""
        if self.rules is not None:
            return self.rules
        from nnxlint.plugins import known_rules  # noqa: PLC0415 - see above

        found = (rule for each in settings for rule in known_rules(each.rules_path))
        return tuple(dict.fromkeys(found))

    def known_rules_in(self, project: Project) -> "tuple[Rule, ...]":
        """The rules that there are for any file of the project."""
        folders = sorted({Path(path).parent for path in project.reported})
        return self.known_rules(*map(self.settings_of, folders))
