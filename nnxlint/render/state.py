"""The state map as a tree: files, their module classes, what each holds, draws, goes by, and who changes it."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from nnxlint.naming import relative_name
from nnxlint.render.places import locate
from nnxlint.semantic.statemap import ClassState, Location, Part
from nnxlint.semantic.statemap.wording import (
    call_text,
    change_text,
    contents_of,
    counted,
    draw_text,
    flag_text,
    kind_of,
    mode_text,
    shape_of,
    short_name,
)
from nnxlint.source import Source

_MOST_LINES = 4
_GUIDE = "dim"
_PLAIN = frozenset({"abc", "typing", "builtins"})
_NO_WRAPPING = 4_096  # a tree crops what is longer than its width


def render_state(
    classes: Sequence[ClassState], sources: Mapping[str, Source], console: Console, directory: Path, depth: int
) -> None:
    """Write a tree for each file; `depth`: how far into what the classes hold."""
    console.width = _NO_WRAPPING
    where = _where(sources, directory)
    for path, states in groupby(classes, key=lambda state: state.place.path):
        tree = Tree(Text(relative_name(path, directory), "bold"), guide_style=_GUIDE)
        for state in states:
            _add_class(tree, state, where, depth)
        console.print(tree)
        console.print()
    console.print(Text(_summary(classes), "bold"))


def _where(sources: Mapping[str, Source], directory: Path) -> Callable[[Location], str]:
    def where(place: Location) -> str:
        found = locate(sources, place.path, place.span, directory)
        return str(found).rpartition(":")[0]

    return where


def _add_class(tree: Tree, state: ClassState, where: Callable[[Location], str], depth: int) -> None:
    bases = next((short_name(base) for base in state.bases if base.partition(".")[0] not in _PLAIN), "")
    label = Text.assemble((state.name, "bold cyan"), f"({bases}) " if bases else " ", (counted(state.totals), "green"))
    if state.totals.streams:
        label.append(f"; streams {', '.join(state.totals.streams)}", "magenta")
    label.append(f"  {where(state.place).rpartition('/')[2]}", "dim")
    branch = tree.add(label)
    if depth == 0:
        return
    if not state.complete:
        branch.add(Text("not everything that it holds is known", "yellow"))
    for part in state.parts:
        _add_part(branch, part, state, depth)
    for title, style, lines in _sections(state, where):
        for line in lines:
            branch.add(Text.assemble((f"{title}: ", style), line.replace("`", "")))


def _sections(state: ClassState, where: Callable[[Location], str]) -> Iterator[tuple[str, str, Sequence[str]]]:
    yield "flag", "blue", [flag_text(flag) for flag in state.flags]
    yield "draws", "magenta", [draw_text(draw) for draw in state.draws]
    yield "changed", "red", _some([change_text(change, where) for change in state.changes])
    if state.built:
        yield "built", "dim", [", ".join(_some([where(place) for place in state.built]))]
    if len(state.calls) > _MOST_LINES:
        modes = Counter(mode_text(call.mode) or "no mode" for call in state.calls)
        told = ", ".join(f"{count} in {mode}" for mode, count in sorted(modes.items()) if mode != "no mode")
        yield "called", "dim", [f"at {len(state.calls)} places{f': {told}' if told else ''}"]
    else:
        yield "called", "dim", [call_text(call, where) for call in state.calls]


def _some(lines: Sequence[str]) -> Sequence[str]:
    if len(lines) <= _MOST_LINES + 1:
        return lines
    return [*lines[:_MOST_LINES], f"{len(lines) - _MOST_LINES} more places"]


def _add_part(tree: Tree, part: Part, state: ClassState | None, depth: int) -> None:
    for held in part.held:
        inside = contents_of(held)
        label = Text.assemble((f"{part.name}: ", "cyan"), kind_of(held), (f" ({inside})" if inside else "", "green"))
        if shape_of(held):
            label.append(f" {shape_of(held)}", "dim")
        if part.optional:
            label.append(", or none", "yellow")
        if state is not None and part.owner and part.owner != state.qualified:
            label.append(f"  from {short_name(part.owner)}", "dim")
        branch = tree.add(label)
        if depth > 1:
            for inner in held.parts:
                _add_part(branch, inner, None, depth - 1)


def _summary(classes: Sequence[ClassState]) -> str:
    if not classes:
        return "no module classes"
    files = len({state.place.path for state in classes})
    unknown = sum(not state.complete for state in classes)
    known = f"; of {unknown} not everything is known" if unknown else ""
    plural = "es" if len(classes) > 1 else ""
    return f"{len(classes)} module class{plural} in {files} file{'s' if files > 1 else ''}{known}"
