"""What a format is given: a report, and how it is asked for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nnxlint.report import Report

if TYPE_CHECKING:  # rules bring the whole semantic layer along, and few formats tell of them
    from nnxlint.rule import Rule


def _no_rules() -> "Sequence[Rule]":
    return ()


@dataclass(frozen=True, slots=True)
class View:
    """A report to be written.

    Files are named as they are seen from `directory`; for programs that show them beside a repository, from its `root`.
    `rules` gives the rules that there are. Only texts for people are `coloured`, and `quiet` leaves out their summary.
    """

    report: Report
    directory: Path
    root: Path
    rules: "Callable[[], Sequence[Rule]]" = _no_rules
    coloured: bool = False
    quiet: bool = False
