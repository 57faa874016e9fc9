"""How long what took."""

from collections.abc import Iterable, Iterator
from operator import itemgetter

import msgspec
from rich.console import Console
from rich.text import Text

from nnxlint.render.documents import json_line
from nnxlint.timing import Timings


class PhaseTime(msgspec.Struct, frozen=True):
    """How long a phase took, in all processes together."""

    name: str
    seconds: float


class RuleTime(msgspec.Struct, frozen=True):
    """How long a rule took in all files."""

    code: str
    name: str
    seconds: float


class TimingsDocument(msgspec.Struct, frozen=True):
    """The timings of a run; `seconds` is what a clock on the wall says."""

    seconds: float
    phases: tuple[PhaseTime, ...]
    rules: tuple[RuleTime, ...]


def render_timings(timings: Timings, seconds: float, console: Console) -> None:
    """Write the phases in their order, and the rules, the slowest first."""
    console.print(Text("Time by phase:", "bold"))
    for line in (*_lines(timings.phases), *_lines([("from start to end", seconds)])):
        console.print(line)
    if timings.rules:
        console.print(Text("Time by rule:", "bold"))
    for line in _lines((f"{each.code} {each.name}", each.seconds) for each in _rules(timings)):
        console.print(line)


def timings_document(timings: Timings, seconds: float) -> str:
    """Give the timings as one line of JSON."""
    phases = tuple(PhaseTime(name, _rounded(each)) for name, each in timings.phases)
    document = TimingsDocument(_rounded(seconds), phases, tuple(_rules(timings)))
    return json_line(document)


def _rules(timings: Timings) -> Iterator[RuleTime]:
    for (code, name), seconds in sorted(timings.rules, key=itemgetter(1), reverse=True):
        yield RuleTime(code, name, _rounded(seconds))


def _lines(rows: Iterable[tuple[str, float]]) -> Iterator[Text]:
    return (Text(f"  {seconds:8.3f} s  {name}") for name, seconds in rows)


def _rounded(seconds: float) -> float:
    return round(seconds, 6)
