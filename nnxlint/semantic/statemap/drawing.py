"""Which random streams a class draws from, and when."""

import ast
from collections import defaultdict
from collections.abc import Iterator

from nnxlint.semantic.facts import ClassDecl
from nnxlint.semantic.library.streams import DIRECT
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.observe import StreamDraw
from nnxlint.semantic.statemap.data import Draw, Location, When
from nnxlint.semantic.statemap.naming import location, short
from nnxlint.semantic.statemap.sources import Sources


def draws_by_class(machine: Machine, sources: Sources) -> dict[ClassDecl, tuple[Draw, ...]]:
    """The draws in the methods of each class, by stream."""
    found: dict[ClassDecl, dict[tuple[str, When], list[tuple[str, Location]]]] = defaultdict(lambda: defaultdict(list))
    for draw in machine.seen.draws:
        method = sources.inside.get(draw.place.node)
        if method is None or method.owner is None or _is_doubtful(machine, draw):
            continue
        for when, by in _when(machine, sources, draw):
            found[method.owner][draw.stream, when].append((by, location(machine, draw.place)))
    return {
        decl: tuple(
            Draw(stream, when, _distinct(by for by, _ in seen), _outermost({place for _, place in seen}))
            for (stream, when), seen in by_stream.items()
        )
        for decl, by_stream in found.items()
    }


def _is_doubtful(machine: Machine, draw: StreamDraw) -> bool:
    """Whether what is drawn from directly was seen to be something else than an `Rngs` as well."""
    watched = machine.log.watched
    node = draw.place.node.func if isinstance(draw.place.node, ast.Call) else draw.place.node
    while watched is not None and isinstance(node, ast.Attribute | ast.Subscript):
        seen = watched.sightings.get(node.value, ())
        if seen:
            return draw.by == DIRECT and any(one.target != draw.rngs and not one.is_rngs for one in seen)
        node = node.value
    return False


def _when(machine: Machine, sources: Sources, draw: StreamDraw) -> Iterator[tuple[When, str]]:
    method = sources.inside[draw.place.node]
    if draw.by == DIRECT:
        constructing = method in sources.constructing
        yield (When.CONSTRUCTION if constructing else When.CALL), f"{_owner(method.owner)}{method.name}"
        return
    api = machine.api.classes.get(draw.by)
    if api is None:
        yield When.CALL, short(draw.by)
        return
    builds = isinstance(draw.place.node, ast.Call) and method in sources.constructing
    drawn_late = draw.stream in api.streams_call or draw.stream not in api.streams_init
    if builds and draw.stream in api.streams_init and not (drawn_late and api.mode_flag):
        yield When.CONSTRUCTION, short(draw.by)
    elif drawn_late:
        yield (When.TRAINING if api.mode_flag else When.CALL), short(draw.by)
    else:
        yield When.CONSTRUCTION, short(draw.by)


def _owner(decl: ClassDecl | None) -> str:
    return f"{decl.name}." if decl is not None else ""


def _outermost(places: set[Location]) -> tuple[Location, ...]:
    """The places without those inside another: `rngs.params` in `rngs.params()`."""
    kept: list[Location] = []
    for place in sorted(places, key=lambda one: (one.path, one.span.start, -one.span.end)):
        if not kept or kept[-1].path != place.path or place.span not in kept[-1].span:
            kept.append(place)
    return tuple(kept)


def _distinct(names: Iterator[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
