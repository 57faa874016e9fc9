"""The heap of the interpreted program, with an undo log so that a branch costs only what it changes."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from nnxlint.semantic.values import (
    Dictionary,
    Instance,
    Items,
    Partial,
    Record,
    Ref,
    Sequence,
    Transformed,
    Tuple,
    Union,
    Value,
    join,
)

K = TypeVar("K")
# The tag of an attribute that is not there on every path, before its name; only in a run that is watched.
MAYBE = "maybe:"


@dataclass(slots=True)
class Heap:
    """Records by object number. Every write can be taken back to an earlier mark.

    `reads`, when it is set, gathers what is looked at and was not written since write number `since`. With `absences`,
    joined objects are tagged with the attributes that are not there on every path.
    """

    records: dict[int, Record] = field(default_factory=dict)
    reads: dict[int, tuple[Record | None, int]] | None = None
    since: int = 0
    written: int = 0
    absences: bool = False
    _versions: dict[int, int] = field(default_factory=dict)
    _log: list[tuple[int, Record | None, int]] = field(default_factory=list)

    def get(self, target: int) -> Record | None:
        """The object's record."""
        record = self.records.get(target)
        if self.reads is not None and target not in self.reads:
            self.note(target, record, self._versions.get(target, 0))
        return record

    def note(self, target: int, record: Record | None, version: int) -> None:
        """Remember that a record was looked at, if it is older than what is being recorded."""
        if self.reads is not None and version <= self.since:
            self.reads.setdefault(target, (record, version))

    def write(self, target: int, record: Record) -> None:
        """Set the object's record."""
        old = self.records.get(target)
        if old is record:
            return
        self._log.append((target, old, self._versions.get(target, 0)))
        self.records[target] = record
        self.written += 1
        self._versions[target] = self.written

    def mark(self) -> int:
        """A point to come back to."""
        return len(self._log)

    def changes(self, mark: int) -> dict[int, Record]:
        """The records that differ since the mark."""
        return {entry[0]: self.records[entry[0]] for entry in self._log[mark:]}

    def new(self, mark: int) -> frozenset[int]:
        """The objects that did not exist at the mark."""
        first: dict[int, Record | None] = {}
        for target, old, _ in self._log[mark:]:
            first.setdefault(target, old)
        return frozenset(target for target, old in first.items() if old is None)

    def rewind(self, mark: int) -> None:
        """Undo every write since the mark."""
        while len(self._log) > mark:
            target, old, version = self._log.pop()
            self._versions[target] = version
            if old is None:
                del self.records[target]
            else:
                self.records[target] = old

    def apply(self, changes: Mapping[int, Record]) -> None:
        """Make the changes that `changes` returned on another path."""
        for target, record in changes.items():
            self.write(target, record)

    def join(self, paths: Iterable[Mapping[int, Record]]) -> None:
        """Make what the paths changed, joined where they differ; the heap stands at their common mark."""
        deltas = tuple(paths)
        if len(deltas) == 1:
            self.apply(deltas[0])
            return
        for target in dict.fromkeys(target for delta in deltas for target in delta):
            base = self.get(target)
            versions = [version for delta in deltas if (version := delta.get(target, base)) is not None]
            record = versions[0]
            for version in versions[1:]:
                record = join_records(record, version, absences=self.absences)
            if record != base:
                self.write(target, record)

    def reachable(self, *values: Value) -> tuple[int, ...]:
        """The objects that can be reached from the values, in the order of discovery."""
        found: dict[int, None] = {}
        pending: list[Value] = list(values)
        while pending:
            value = pending.pop()
            if isinstance(value, Ref) and value.target not in found:
                found[value.target] = None
                record = self.get(value.target)
                pending.extend(contents(record) if record is not None else ())
            else:
                pending.extend(parts(value))
        return tuple(found)


def parts(value: Value) -> Iterator[Value]:
    """The values inside a value that is not on the heap."""
    match value:
        case Tuple():
            yield from value.items
        case Items():
            yield value.item
        case Union():
            yield from value.members
        case Partial():
            yield value.function
            yield from value.args
            yield from (keyword for _, keyword in value.keywords)
        case Transformed():
            yield value.function


def contents(record: Record) -> Iterator[Value]:
    """The values that a record holds."""
    match record:
        case Instance():
            yield from record.attrs.values()
        case Sequence():
            yield from record.items
            if record.rest is not None:
                yield record.rest
        case Dictionary():
            yield from record.items.values()
            if record.rest is not None:
                yield record.rest


def join_records(left: Record, right: Record, *, absences: bool = False) -> Record:
    """What an object may be after either of two paths; `absences`: with tags for what one of them did not set."""
    if left == right:
        return left
    match left, right:
        case Instance(), Instance():
            attrs = _join_maps(left.attrs, right.attrs)
            lacking = left.attrs.keys() ^ right.attrs.keys() if absences else ()
            tags = left.tags | right.tags | {f"{MAYBE}{name}" for name in lacking}
            return Instance(left.cls, attrs, left.place, tags)
        case Sequence(), Sequence():
            return _join_sequences(left, right)
        case Dictionary(), Dictionary():
            return Dictionary(_join_maps(left.items, right.items), join_optional(left.rest, right.rest), left.place)
    return left


def _join_maps(left: Mapping[K, Value], right: Mapping[K, Value]) -> dict[K, Value]:
    joined = dict(left)
    for key, value in right.items():
        joined[key] = join(joined[key], value) if key in joined else value
    return joined


def _join_sequences(left: Sequence, right: Sequence) -> Sequence:
    if len(left.items) == len(right.items):
        items = tuple(join(one, two) for one, two in zip(left.items, right.items, strict=True))
        return Sequence(items, join_optional(left.rest, right.rest), left.place)
    shorter, longer = sorted((left, right), key=lambda record: len(record.items))
    rest = join_optional(left.rest, right.rest)
    for item in longer.items[len(shorter.items) :]:
        rest = join_optional(rest, item)
    items = tuple(join(one, two) for one, two in zip(shorter.items, longer.items, strict=False))
    return Sequence(items, rest, left.place)


def join_optional(left: Value | None, right: Value | None) -> Value | None:
    """The join of two values of which any may be missing."""
    if left is None or right is None:
        return left if right is None else right
    return join(left, right)
