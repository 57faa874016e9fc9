"""Counts of findings by rule and by file, and how much of the code was understood."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
from rich.console import Console
from rich.text import Text

from nnxlint.naming import relative_name
from nnxlint.render.documents import json_line
from nnxlint.render.places import one_line
from nnxlint.report import Report
from nnxlint.semantic.statistics import Share, Statistics

_MOST_REASONS = 5
_MOST_FILES = 10


class RuleCount(msgspec.Struct, frozen=True):
    """How often a rule reports, and how many of its findings have a fix."""

    code: str
    name: str
    count: int
    fixable: int


class FileCount(msgspec.Struct, frozen=True):
    """How much is reported in a file, and how many of its findings have a fix."""

    filename: str
    count: int
    fixable: int


class StatisticsDocument(msgspec.Struct, frozen=True):
    """The statistics of a run as one document."""

    rules: tuple[RuleCount, ...]
    files: tuple[FileCount, ...]
    understood: Statistics


def render_statistics(report: Report, console: Console, directory: Path) -> None:
    """Write the counts by rule and by file, and the understood shares, as text."""
    console.print()
    for line in _counts([(f"{each.code} {each.name}", each.count, each.fixable) for each in rule_counts(report)]):
        console.print(line)
    files = file_counts(report, directory)
    if files:
        console.print(Text("By file:", "bold"))
    for line in _counts([(one_line(each.filename), each.count, each.fixable) for each in files[:_MOST_FILES]]):
        console.print(line)
    if len(files) > _MOST_FILES:
        rest = sum(each.count for each in files[_MOST_FILES:])
        console.print(Text(f"and {rest} in {len(files) - _MOST_FILES} others", "dim"))
    console.print(Text("Understood:", "bold"))
    for title, share in _titled(report.statistics):
        for line in _share(title, share):
            console.print(line)


def statistics_document(report: Report, directory: Path) -> str:
    """Give the statistics as one line of JSON."""
    document = StatisticsDocument(rule_counts(report), file_counts(report, directory), report.statistics)
    return json_line(document)


def rule_counts(report: Report) -> tuple[RuleCount, ...]:
    """Give the counts, the most frequent rule first."""
    counts = Counter((each.code, each.name) for each in report.diagnostics)
    fixes = Counter(each.code for each in report.diagnostics if each.fix and each.fix.edits)
    rows = (RuleCount(code, name, count, fixes[code]) for (code, name), count in counts.items())
    return tuple(sorted(rows, key=lambda each: (-each.count, each.code)))


def file_counts(report: Report, directory: Path) -> tuple[FileCount, ...]:
    """Give the counts of the files in which something is reported, the fullest first."""
    counts = Counter(each.path for each in report.diagnostics)
    fixes = Counter(each.path for each in report.diagnostics if each.fix and each.fix.edits)
    rows = (FileCount(relative_name(path, directory), count, fixes[path]) for path, count in counts.items())
    return tuple(sorted(rows, key=lambda each: (-each.count, each.filename)))


def _counts(rows: Sequence[tuple[str, int, int]]) -> Iterator[Text]:
    width = max((len(str(count)) for _, count, _ in rows), default=1)
    for name, count, fixable in rows:
        note = f" ({fixable} fixable)" if fixable else ""
        yield Text.assemble((f"{count:>{width}}", "bold"), f"  {name}{note}")


def _titled(statistics: Statistics) -> Iterator[tuple[str, Share]]:
    yield "module classes", statistics.module_classes
    yield "model calls", statistics.model_calls
    yield "optimizers", statistics.optimizers
    yield "rngs", statistics.rngs


def _share(title: str, share: Share) -> Iterator[Text]:
    percentage = f" ({share.percentage:.1f} %)" if share.seen else ""
    yield Text(f"  {title:<14}  {share.understood} of {share.seen}{percentage}")
    for reason, count in share.reasons[:_MOST_REASONS]:
        yield Text(f"    {count:>4}  {reason}", "dim")
    others = sum(count for _, count in share.reasons[_MOST_REASONS:])
    if others:
        yield Text(f"    {others:>4}  for other reasons", "dim")
