"""Keeping objects as they were built and where they were seen, for who asked."""

import ast
from dataclasses import replace

from nnxlint.semantic.frames import Frame
from nnxlint.semantic.heap import contents, parts
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.observe.watching import SOMETHING_ELSE, Built, Sighting, Watched
from nnxlint.semantic.values import ClassRef, Const, Instance, Method, Place, Record, Ref, Value, is_none, members

_MOST_PARTS = 2_000


_MAPPING = frozenset(
    """flax.nnx.vmap flax.nnx.pmap flax.nnx.scan flax.nnx.compat.vmap jax.vmap jax.pmap jax.lax.scan jax.lax.map
    jax.shard_map flax.nnx.shard_map""".split()
)


def mapped_tag(machine: Machine, frame: Frame) -> set[str]:
    """In a run that is watched: the tag of what is made under a mapping, whose arrays get a further axis."""
    return {"mapped"} if machine.log.watched is not None and not _MAPPING.isdisjoint(frame.transforms) else set()


def note_built(machine: Machine, made: Ref, place: Place, *, made_up: bool = False) -> None:
    """Keep a module as it is when its constructor has ended."""
    watched = machine.log.watched
    record = machine.heap.records.get(made.target)
    if watched is None or not isinstance(record, Instance) or not watched.wants(place, made.target):
        return
    watched.add_built(Built(record.cls, place, made.target, records_of(machine, made), made_up))


def note_unfinished(machine: Machine, bound: Value | None) -> None:
    """A method of the object was not run: what it would have set is not known."""
    record = machine.heap.records.get(bound.target) if isinstance(bound, Ref) else None
    if machine.log.watched is not None and isinstance(record, Instance) and isinstance(bound, Ref):
        machine.heap.write(bound.target, replace(record, tags=record.tags | {"open", "unfinished"}))


def note_seen(machine: Machine, node: ast.AST, value: Value) -> None:
    """Keep which objects of NNX a name or an expression gave, each with its mode, or which class."""
    watched = machine.log.watched
    if watched is None or not watched.wants_sighting(node):
        return
    if isinstance(value, ClassRef):
        watched.classes[node] = value
    found = members(value)
    for member in found:
        if isinstance(member, Ref):
            _note_object(machine, watched, node, member)
        elif len(found) > 1 and is_none(member) is not True:
            watched.add_sighting(node, SOMETHING_ELSE)


def _note_object(machine: Machine, watched: Watched, node: ast.AST, seen: Ref) -> None:
    record = machine.heap.records.get(seen.target)
    if not isinstance(record, Instance):
        return
    api = machine.library_class(record.cls)
    if api is None:
        return
    modes = modes_of(machine, records_of(machine, seen)) if api.kind == "module" else frozenset[bool | None]()
    watched.add_sighting(node, Sighting(seen.target, modes, "flax.nnx.Rngs" in api.mro))
    if api.kind == "module" and seen.target not in watched.built:
        note_built(machine, seen, record.place, made_up="given" in record.tags)


def records_of(machine: Machine, value: Value) -> dict[int, Record]:
    """The records that a value reaches, read past the heap's own door: looking must not count as reading."""
    found: dict[int, Record] = {}
    pending: list[Value] = [value]
    while pending and len(found) < _MOST_PARTS:
        one = pending.pop()
        if isinstance(one, Method):
            one = one.receiver
        if not isinstance(one, Ref):
            pending.extend(parts(one))
            continue
        record = machine.heap.records.get(one.target)
        if record is not None and one.target not in found:
            found[one.target] = record
            pending.extend(contents(record))
    return found


def modes_of(machine: Machine, records: dict[int, Record]) -> frozenset[bool | None]:
    """In which modes the mode-dependent layers among the records are: whether in training, `None` for unknown."""
    found: set[bool | None] = set()
    for record in records.values():
        if not isinstance(record, Instance):
            continue
        api = machine.library_class(record.cls)
        if api is None or api.kind != "module" or api.mode_flag is None:
            continue
        for held in members(record.attrs[api.mode_flag]) if api.mode_flag in record.attrs else (None,):
            known = isinstance(held, Const) and isinstance(held.value, bool)
            found.add(not held.value if known and isinstance(held, Const) else None)
    return frozenset(found)
