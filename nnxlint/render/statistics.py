"""Counts of findings by rule, and how much of the code was understood."""

from collections import Counter
from collections.abc import Iterator

import msgspec
from rich.console import Console
from rich.text import Text

from nnxlint.report import Report
from nnxlint.semantic.statistics import Share, Statistics

_MOST_REASONS = 5


class RuleCount(msgspec.Struct, frozen=True):
    """How often a rule reports, and how many of its findings have a fix."""

    code: str
    name: str
    count: int
    fixable: int


class StatisticsDocument(msgspec.Struct, frozen=True):
    """The statistics of a run as one document."""

    rules: tuple[RuleCount, ...]
    understood: Statistics


def render_statistics(report: Report, console: Console) -> None:
    """Write the counts by rule and the understood shares as text."""
    console.print()
    counts = rule_counts(report)
    width = max((len(str(each.count)) for each in counts), default=1)
    for each in counts:
        fixable = f" ({each.fixable} fixable)" if each.fixable else ""
        console.print(Text.assemble((f"{each.count:>{width}}", "bold"), f"  {each.code} {each.name}{fixable}"))
    console.print(Text("Understood:", "bold"))
    for title, share in _titled(report.statistics):
        for line in _share(title, share):
            console.print(line)


def statistics_document(report: Report) -> str:
    """Give the statistics as one line of JSON."""
    return msgspec.json.encode(StatisticsDocument(rule_counts(report), report.statistics)).decode()


def rule_counts(report: Report) -> tuple[RuleCount, ...]:
    """Give the counts, the most frequent rule first."""
    counts = Counter((each.code, each.name) for each in report.diagnostics)
    fixes = Counter(each.code for each in report.diagnostics if each.fix and each.fix.edits)
    rows = (RuleCount(code, name, count, fixes[code]) for (code, name), count in counts.items())
    return tuple(sorted(rows, key=lambda each: (-each.count, each.code)))


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
