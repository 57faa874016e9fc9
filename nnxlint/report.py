"""What a run came to, as data: the engine makes it, the renderers show it, the faces decide by it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from nnxlint.baseline import Entry
from nnxlint.diagnostic import Crash, Diagnostic
from nnxlint.semantic.statistics import Statistics, merged
from nnxlint.source import Source
from nnxlint.timing import Timings


@dataclass(frozen=True, slots=True)
class Change:
    """A source as it is on disk, and as its fixes make it; `found` is all that was found in it as it is."""

    before: Source
    after: Source
    found: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True)
class Verified:
    """What running the code said of a fix: a verdict, and why."""

    verdict: str
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """The findings of one run, with the sources that they point into.

    `fixed` are the findings that `changes` mended. `failures` are jobs that could not be done, a line each;
    `notices` are lines worth knowing that do not change the outcome; `details` are for the curious.
    `checked` are the paths of all files that were looked at. `known` are findings that a baseline holds: no part of
    `diagnostics`, and of no weight; None where there is no baseline. `recognised`
    is what of baselines was met; `stale` are lines on what they hold in vain, each a reason for the exit status 1.
    `left_out` are findings that nobody asked for, on lines that were not changed. `verdicts` tell why fixes were
    taken back. `timings` are what this part of the run took in a process of its own.
    """

    diagnostics: tuple[Diagnostic, ...] = ()
    sources: Mapping[str, Source] = field(default_factory=dict)
    file_count: int = 0
    fixed: tuple[Diagnostic, ...] = ()
    changes: tuple[Change, ...] = ()
    failures: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    details: tuple[str, ...] = ()
    crashes: tuple[Crash, ...] = ()
    statistics: Statistics = field(default_factory=Statistics)
    checked: tuple[str, ...] = ()
    known: tuple[Diagnostic, ...] | None = None
    left_out: tuple[Diagnostic, ...] = ()
    verdicts: Mapping[Diagnostic, Verified] = field(default_factory=dict)
    timings: Timings = field(default_factory=Timings)
    recognised: frozenset[Entry] = frozenset()
    stale: tuple[str, ...] = ()


def combined(parts: Sequence[Report]) -> Report:
    """One report of several projects'."""
    return Report(
        diagnostics=tuple(each for part in parts for each in part.diagnostics),
        sources={path: source for part in parts for path, source in part.sources.items()},
        file_count=sum(part.file_count for part in parts),
        fixed=tuple(each for part in parts for each in part.fixed),
        changes=tuple(each for part in parts for each in part.changes),
        failures=_distinct(part.failures for part in parts),
        notices=_distinct(part.notices for part in parts),
        details=_distinct(part.details for part in parts),
        crashes=tuple(each for part in parts for each in part.crashes),
        statistics=merged(part.statistics for part in parts),
        checked=tuple(each for part in parts for each in part.checked),
    )


def _distinct(lines: Iterable[Sequence[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(line for some in lines for line in some))
