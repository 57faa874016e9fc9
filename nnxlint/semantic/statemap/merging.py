"""What several objects hold, told as of one, and what is held in all."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from nnxlint.semantic.statemap.data import Count, Held, Kind, Part, Totals


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
    if left.unfinished is not right.unfinished:
        # The other one of the class tells what this one would have been, at the least.
        return replace(right if left.unfinished else left, number=-1)
    return replace(
        left,
        shape=_joined_shapes(left.shape, right.shape),
        dtype=left.dtype if left.dtype == right.dtype else None,
        streams=tuple(dict.fromkeys((*left.streams, *right.streams))),
        parts=merged_parts((left.parts, right.parts)),
        number=left.number if left.number == right.number else -1,
        complete=left.complete and right.complete,
        mapped=left.mapped or right.mapped,
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
    counting = _Counting()
    least, most = counting.of_parts(parts)
    return _totals(
        {name: (least[name], most.get(name)) for name in counting.types}, counting.streams, counting.complete
    )


def totals_of_all(several: Sequence[Totals]) -> Totals:
    """What each of several objects of a class holds, told as of one."""
    names = dict.fromkeys(count.type for one in several for count in one.variables)
    ranges: dict[str, tuple[int, int | None]] = {}
    for name in names:
        counts = [next((count for count in one.variables if count.type == name), Count(name, 0, 0)) for one in several]
        ends = [count.most for count in counts]
        most = None if None in ends else max(end for end in ends if end is not None)
        ranges[name] = (min(count.least for count in counts), most)
    streams = dict.fromkeys(stream for one in several for stream in one.streams)
    return _totals(ranges, streams, all(one.complete for one in several))


def _totals(ranges: Mapping[str, tuple[int, int | None]], streams: Iterable[str], complete: bool) -> Totals:  # noqa: FBT001
    counts = [Count(name, least, most) for name, (least, most) in ranges.items()]
    return Totals(tuple(sorted(counts, key=_order)), tuple(streams), complete)


def _order(count: Count) -> tuple[int, str]:
    usual = ("Param", "BatchStat", "Cache")
    return (usual.index(count.type) if count.type in usual else len(usual), count.type)


_Ranges: TypeAlias = tuple[Counter[str], dict[str, int | None]]


@dataclass(slots=True)
class _Counting:
    """Counts what parts hold; what is shared counts where it is met first."""

    types: dict[str, None] = field(default_factory=dict)
    streams: dict[str, None] = field(default_factory=dict)
    complete: bool = True
    seen: set[int] = field(default_factory=set)

    def of_parts(self, parts: Iterable[Part]) -> _Ranges:
        """How many there are of each type, at least and at most, in all parts."""
        least: Counter[str] = Counter()
        most: dict[str, int | None] = {}
        for part in parts:
            few, many = self._of_part(part)
            least += few
            for name, count in many.items():
                before = most.get(name, 0)
                most[name] = None if before is None or count is None else before + count
        return least, most

    def _of_part(self, part: Part) -> _Ranges:
        """Of alternatives the one with the fewest, and the one with the most."""
        found = [self._of_held(held) for held in part.held]
        names = {name for _, many in found for name in many}
        never = part.optional or part.name == "*"
        least = Counter({name: 0 if never else min(few[name] for few, _ in found) for name in names})
        most: dict[str, int | None] = {}
        for name in names:
            ends = [many.get(name, 0) for _, many in found]
            most[name] = None if part.name == "*" or None in ends else max(end for end in ends if end is not None)
        return least, most

    def _of_held(self, held: Held) -> _Ranges:
        if held.number >= 0 and held.number in self.seen:
            return Counter(), {}
        self.seen.add(held.number)
        self.streams.update(dict.fromkeys(held.streams))
        if held.kind is Kind.VARIABLE:
            self.types[held.type] = None
            return Counter({held.type: 1}), {held.type: 1}
        listed = held.kind in {Kind.LIST, Kind.DICT} and any(part.name == "*" for part in held.parts)
        self.complete = self.complete and (held.complete or listed or held.kind is Kind.RNGS)
        return self.of_parts(held.parts)
