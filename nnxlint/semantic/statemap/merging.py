"""What several objects hold, told as of one, and what is held in all."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from nnxlint.semantic.statemap.data import Held, Kind, Part, Totals


def merged(found: Iterable[Held]) -> tuple[Held, ...]:
    """Things of one class told as one."""
    alike: dict[tuple[Kind, str], Held] = {}
    for held in found:
        key = (held.kind, held.qualified)
        alike[key] = _joined(alike[key], held) if key in alike else held
    return tuple(alike.values())


def _joined(left: Held, right: Held) -> Held:
    if left == right:
        return left
    return replace(
        left,
        shape=_joined_shapes(left.shape, right.shape),
        dtype=left.dtype if left.dtype == right.dtype else None,
        streams=tuple(dict.fromkeys((*left.streams, *right.streams))),
        parts=merged_parts((left.parts, right.parts)),
        number=left.number if left.number == right.number else -1,
        complete=left.complete and right.complete,
    )


def _joined_shapes(
    left: tuple[int | None, ...] | None, right: tuple[int | None, ...] | None
) -> tuple[int | None, ...] | None:
    if left is None or right is None or len(left) != len(right):
        return None
    return tuple(one if one == other else None for one, other in zip(left, right, strict=True))


def merged_parts(several: Sequence[Sequence[Part]]) -> tuple[Part, ...]:
    """The parts of several objects of a class; what some lack is optional."""
    names = dict.fromkeys(part.name for parts in several for part in parts)
    return tuple(_merged_part(name, [_named(parts, name) for parts in several]) for name in names)


def _named(parts: Sequence[Part], name: str) -> Part | None:
    return next((part for part in parts if part.name == name), None)


def _merged_part(name: str, found: Sequence[Part | None]) -> Part:
    there = [part for part in found if part is not None]
    return Part(
        name,
        merged(held for part in there for held in part.held),
        any(part is None or part.optional for part in found),
        next((part.place for part in there if part.place is not None), None),
        next((part.owner for part in there if part.owner), ""),
    )


def totals_of(parts: Iterable[Part]) -> Totals:
    """What the parts hold in all, each object counted once."""
    counted: Counter[str] = Counter()
    streams: dict[str, None] = {}
    exact = [True]
    _count(parts, counted, streams, exact, set())
    return Totals(tuple(sorted(counted.items(), key=_order)), tuple(streams), exact[0])


def _order(counted: tuple[str, int]) -> tuple[int, str]:
    usual = ("Param", "BatchStat", "Cache")
    return (usual.index(counted[0]) if counted[0] in usual else len(usual), counted[0])


def _count(
    parts: Iterable[Part], counted: Counter[str], streams: dict[str, None], exact: list[bool], seen: set[int]
) -> None:
    for part in parts:
        if part.optional or len(part.held) != 1 or part.name == "*":
            exact[0] = False
        for held in part.held:
            if held.number >= 0 and held.number in seen:
                continue
            seen.add(held.number)
            if not held.complete:
                exact[0] = False
            if held.kind is Kind.VARIABLE:
                counted[held.type] += 1
            streams.update(dict.fromkeys(held.streams))
            _count(held.parts, counted, streams, exact, seen)
