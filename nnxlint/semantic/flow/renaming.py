"""Giving the objects that a run made the numbers that the same run would give them in another call chain."""

from dataclasses import dataclass, field, replace

from nnxlint.semantic.machine import Machine
from nnxlint.semantic.values import (
    Array,
    ClassRef,
    Const,
    Dictionary,
    FlagAttribute,
    Func,
    GraphDef,
    Instance,
    Items,
    Key,
    Method,
    Partial,
    Record,
    Ref,
    Sequence,
    Super,
    Taint,
    Taints,
    Transformed,
    Tree,
    Tuple,
    Union,
    Unknown,
    Value,
)


class NotPortableError(Exception):
    """Something that a run made belongs to its own call chain."""


@dataclass(slots=True)
class Renaming:
    """From the chain of calls `old` of a run, whose frames are numbered from `serial` on, to the chain `new`."""

    machine: Machine
    old: int
    new: int
    serial: int
    _numbers: dict[int, int] = field(default_factory=lambda: {-1: -1})

    def number(self, target: int) -> int:
        """The number of an object: a new one where the run made it."""
        known = self._numbers.get(target)
        if known is None:
            known = self._numbers[target] = self._renumbered(target)
        return known

    def _renumbered(self, target: int) -> int:
        context, node, extra = self.machine.numbers.key_of(target)
        if context < 0:
            return self.machine.numbers.target((-self.number(-context), node, extra))
        return self.machine.numbers.target((self._context(context), node, extra))

    def _context(self, context: int) -> int:
        if context in {0, self.old}:
            return self.new if context else 0
        parent, node = self.machine.numbers.context_key(context)
        moved = self._context(parent)
        return context if moved == parent else self.machine.numbers.context((moved, node))

    def record(self, record: Record) -> Record:
        """A record with the objects in it renumbered."""
        match record:
            case Instance():
                return replace(record, attrs={name: self.value(held) for name, held in record.attrs.items()})
            case Sequence():
                return Sequence(self._each(record.items), self._rest(record.rest), record.place)
            case Dictionary():
                items = {key: self.value(held) for key, held in record.items.items()}
                return Dictionary(items, self._rest(record.rest), record.place)

    def _rest(self, rest: Value | None) -> Value | None:
        return None if rest is None else self.value(rest)

    def _each(self, values: tuple[Value, ...]) -> tuple[Value, ...]:
        return tuple(self.value(value) for value in values)

    def value(self, value: Value) -> Value:
        """A value with the objects in it renumbered."""
        match value:
            case Ref():
                return Ref(self.number(value.target))
            case Const():
                return self._constant(value)
            case Tuple():
                return Tuple(self._each(value.items))
            case Items():
                return Items(self.value(value.item))
            case Union():
                return Union(self._each(value.members))
            case Array() | Unknown():
                return replace(value, taints=self._taints(value.taints)) if value.taints else value
        return self._composed(value)

    def _constant(self, value: Const) -> Const:
        origin = value.origin
        if isinstance(origin, FlagAttribute):
            return Const(value.value, FlagAttribute(self.number(origin.owner), origin.name))
        return value

    def _taints(self, taints: Taints) -> Taints:
        return frozenset(Taint(taint.kind, self.number(taint.source)) for taint in taints)

    def _composed(self, value: Value) -> Value:
        match value:
            case Tree():
                return Tree(value.kind, self.number(value.root), self._each(value.filters), self._taints(value.taints))
            case GraphDef():
                return replace(value, root=self.number(value.root))
            case Partial():
                keywords = tuple((name, self.value(held)) for name, held in value.keywords)
                return Partial(self.value(value.function), self._each(value.args), keywords)
            case Transformed():
                options = tuple((name, self.value(held)) for name, held in value.options)
                return replace(value, function=self.value(value.function), options=options)
            case Method():
                return Method(self.value(value.receiver), value.name)
            case Super():
                return Super(self.value(value.instance), value.cls)
            case Func() | ClassRef():
                return self._code(value)
            case Key() if isinstance(value.seed, str) and ":" in value.seed:
                raise NotPortableError
        return value

    def _code(self, value: Func | ClassRef) -> Value:
        if value.closure is not None and value.closure.serial >= self.serial:
            raise NotPortableError
        if isinstance(value, Func) and value.bound is not None:
            return replace(value, bound=self.value(value.bound))
        return value
