"""Objects of the heap as what they hold of NNX: attributes, elements of lists, Variables, streams."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from nnxlint.semantic.heap import MAYBE
from nnxlint.semantic.library.streams import RNGS, STREAM
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.statemap.data import Held, Kind, Location, Part
from nnxlint.semantic.statemap.layers import is_known_layer, layer_parts
from nnxlint.semantic.statemap.merging import merged
from nnxlint.semantic.statemap.naming import plain_name, qualified
from nnxlint.semantic.values import (
    Array,
    ClassRef,
    Const,
    Dictionary,
    Form,
    Instance,
    Items,
    Method,
    Record,
    Ref,
    Sequence,
    Tuple,
    Unknown,
    Value,
    members,
)
from nnxlint.semantic.vocabulary import names_function

# What a layer's record holds because its constructor was given it, and what only describes a Variable.
_NO_STATE = frozenset({"rngs"})
_MOST_NESTED = 24


@dataclass(frozen=True, slots=True)
class Reader:
    """The records of one object, read as state. `declared`: where attributes of classes are set."""

    machine: Machine
    records: Mapping[int, Record]
    declared: Mapping[tuple[str, str], Location]

    def whole(self, target: int, inside: tuple[int, ...] = ()) -> Held | None:
        """What the object of this number is and holds; `None` for one that holds nothing of NNX."""
        record = self.records.get(target)
        if target in inside or len(inside) > _MOST_NESTED:
            return None
        match record:
            case Instance():
                return self._instance(target, record, (*inside, target))
            case Sequence():
                return self._listed(target, record, (*inside, target))
            case Dictionary():
                return self._mapping(target, record, (*inside, target))
        return None

    def held_of(self, value: Value, inside: tuple[int, ...] = ()) -> tuple[tuple[Held, ...], bool]:
        """Each thing of NNX that a value may be, and whether it may also be none."""
        found: list[Held] = []
        optional = False
        for member in members(value):
            held = self._held(member, inside)
            if held is None:
                optional = True
            else:
                found.append(held)
        return merged(found), optional

    def _held(self, value: Value, inside: tuple[int, ...]) -> Held | None:
        match value:
            case Ref():
                return self.whole(value.target, inside)
            case Method() if value.name.startswith(STREAM):
                return Held(Kind.STREAM, "RngStream", "flax.nnx.RngStream", streams=(value.name.removeprefix(STREAM),))
            case Tuple():
                parts = tuple(self._elements(enumerate(value.items), None, inside))
                return Held(Kind.LIST, "tuple", "builtins.tuple", parts=parts) if parts else None
            case Items():
                parts = tuple(self._elements((), value.item, inside))
                return Held(Kind.LIST, "tuple", "builtins.tuple", parts=parts, complete=False) if parts else None
        return None

    def _instance(self, target: int, record: Instance, inside: tuple[int, ...]) -> Held | None:
        api = self.machine.library_class(record.cls)
        name, full = plain_name(record.cls), qualified(self.machine, record.cls)
        if api is None:
            return None
        if api.kind == "variable":
            shape, dtype = _described(record)
            return Held(Kind.VARIABLE, name, full, api.name, shape, dtype, number=target)
        if record.cls == RNGS or "flax.nnx.Rngs" in api.mro:
            is_open = "open" in record.tags
            return Held(
                Kind.RNGS, name, full, api.name, streams=tuple(record.attrs), number=target, complete=not is_open
            )
        if api.kind != "module":
            return Held(Kind.OBJECT, name, full, api.name, number=target, complete=False)
        parts = [*self._attributes(record, inside), *layer_parts(api, record, self.records)]
        complete = not self.machine.is_open(record.cls) and "open" not in record.tags and is_known_layer(api)
        return Held(
            Kind.MODULE,
            name,
            full,
            api.name,
            parts=tuple(parts),
            number=target,
            complete=complete,
            mapped="mapped" in record.tags,
            unfinished="unfinished" in record.tags,
        )

    def _attributes(self, record: Instance, inside: tuple[int, ...]) -> Iterator[Part]:
        of_library = not isinstance(record.cls, ClassRef)
        for name, value in record.attrs.items():
            if of_library and name in _NO_STATE:
                continue
            held, optional = self.held_of(value, inside)
            if not held and isinstance(value, Unknown) and not of_library and self._is_called(record.cls, name):
                held = (Held(Kind.UNKNOWN, "unknown", complete=False),)
            if held:
                place, owner = self._place(record.cls, name)
                yield Part(name, held, optional or f"{MAYBE}{name}" in record.tags, place, owner)

    def _is_called(self, cls: Value, name: str) -> bool:
        """Whether a class calls the attribute as one calls a module."""
        return not names_function(name) and any(
            isinstance(one, ClassRef) and (qualified(self.machine, one), f"call {name}") in self.declared
            for one in self.machine.ancestry(cls)
        )

    def _place(self, cls: Value, name: str) -> tuple[Location | None, str]:
        for one in self.machine.ancestry(cls):
            owner = qualified(self.machine, one)
            found = self.declared.get((owner, name))
            if found is not None:
                return found, owner
        return None, qualified(self.machine, cls)

    def _listed(self, target: int, record: Sequence, inside: tuple[int, ...]) -> Held | None:
        parts = tuple(self._elements(enumerate(record.items), record.rest, inside))
        return self._container(Kind.LIST, "List", target, parts, complete=record.rest is None)

    def _mapping(self, target: int, record: Dictionary, inside: tuple[int, ...]) -> Held | None:
        parts = tuple(self._elements(record.items.items(), record.rest, inside))
        return self._container(Kind.DICT, "Dict", target, parts, complete=record.rest is None)

    def _container(self, kind: Kind, name: str, target: int, parts: tuple[Part, ...], *, complete: bool) -> Held | None:
        return Held(kind, name, f"flax.nnx.{name}", parts=parts, number=target, complete=complete) if parts else None

    def _elements(
        self, items: Iterable[tuple[object, Value]], rest: Value | None, inside: tuple[int, ...]
    ) -> Iterator[Part]:
        for key, value in items:
            held, optional = self.held_of(value, inside)
            if held:
                yield Part(str(key), held, optional)
        held, optional = self.held_of(rest, inside) if rest is not None else ((), False)
        if held:
            yield Part("*", tuple(replace(one, number=-1) for one in held), optional)


def _described(record: Instance) -> Form:
    """The shape and dtype of what a Variable holds, as far as its value tells."""
    value = record.attrs.get("value")
    if "mapped" in record.tags:
        return Form()
    if isinstance(value, Array):
        return value.form if value.form is not None else Form()
    return Form(()) if isinstance(value, Const) and isinstance(value.value, int | float) else Form()
