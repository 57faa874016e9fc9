"""`nnx.Rngs` and its streams, and the keys of `jax.random`.

An `Rngs` is an instance whose attributes are its streams: the name maps to the seed or key it was given;
`default` is the stream that unknown names fall back to.
"""

import ast
from collections.abc import Iterable, Mapping

from nnxlint.semantic.frames import Frame
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.observe import Arguments, StreamDraw
from nnxlint.semantic.values import (
    UNKNOWN,
    Array,
    Const,
    External,
    Instance,
    Items,
    Key,
    Method,
    Place,
    Ref,
    Taint,
    Unknown,
    Value,
    is_none,
    members,
)

RANDOM = Array(frozenset({Taint("random")}))
_NO_DRAW = frozenset("fork split items keys values broadcast reseed copy".split())


def is_rngs(machine: Machine, value: Value) -> bool:
    """Whether a value is an `Rngs` for certain."""
    record = machine.instance(value)
    return record is not None and machine.derives(record.cls, "flax.nnx.Rngs")


def construct_rngs(machine: Machine, frame: Frame, arguments: Arguments, place: Place) -> Value:
    """`nnx.Rngs(0, dropout=1)`, `nnx.Rngs({"params": 0})`, `nnx.Rngs(**streams)`."""
    seeds: dict[str, Value] = {}
    tags = set()
    default = arguments.get(0, "default")
    mapping = machine.dictionary(default) if default is not None else None
    if mapping is not None:
        seeds.update({key: value for key, value in mapping.items.items() if isinstance(key, str)})
        tags |= {"open"} if mapping.rest is not None else set()
    elif default is not None and is_none(default) is not True:
        seeds["default"] = default
        # A mapping that is not known may name any streams.
        tags |= {"open"} if isinstance(default, Unknown) else set()
    seeds.update({name: value for name, value in arguments.keywords.items() if name != "default"})
    tags |= {"open"} if arguments.open else set()
    tags |= {"abstract"} if machine.abstract else set()
    tags |= {"loop"} if frame.loop_depth else set()
    return machine.allocate(frame, place.node, Instance(External("flax.nnx.Rngs"), seeds, place, frozenset(tags)))


def given_rngs(machine: Machine, frame: Frame, place: Place) -> Value:
    """An `Rngs` made up for a parameter."""
    record = Instance(External("flax.nnx.Rngs"), {}, place, frozenset({"open", "given"}))
    return machine.allocate(frame, place.node, record)


def need_all(
    machine: Machine, frame: Frame, rngs: Value, streams: Iterable[str], by: str, place: Place
) -> None:
    """A layer needs these streams of what it was given as `rngs`."""
    for stream in streams:
        for member in members(rngs):
            if isinstance(member, Ref) and is_rngs(machine, member):
                need(machine, frame, member, stream, by, place, certain=member is rngs)


def need(
    machine: Machine, frame: Frame, rngs: Ref, stream: str, by: str, place: Place, *, certain: bool = True
) -> None:
    """Log that a stream is needed, and whether the `Rngs` lacks it."""
    record = machine.instance(rngs)
    if record is None:
        return
    missing = None if "open" in record.tags else not (stream in record.attrs or "default" in record.attrs)
    machine.log.draws.append(StreamDraw(place, rngs.target, stream, by, missing, certain and frame.certain))


def call_stream(
    machine: Machine, frame: Frame, rngs: Ref, name: str, arguments: Arguments, place: Place
) -> Value:
    """`rngs.dropout()`, `rngs()`, `rngs.normal(shape)`, `rngs.params.normal(shape)`, `rngs.fork()`."""
    stream, _, drawn = name.partition(".")
    if stream in _NO_DRAW:
        return rngs if stream in {"fork", "split", "copy", "broadcast"} else UNKNOWN
    if stream == "get":
        given = arguments.get(0, "name")
        return Method(rngs, f"flax.nnx.Rngs.stream.{given.value}") if isinstance(given, Const) else UNKNOWN
    methods = machine.api.classes["flax.nnx.Rngs"].methods
    if stream in methods and not drawn and stream not in _attributes(machine, rngs):
        need(machine, frame, rngs, "default", "a direct draw", place)
        return RANDOM
    need(machine, frame, rngs, stream, "a direct draw", place)
    if drawn in {"fork", "split", "last"}:
        return rngs
    return RANDOM if drawn else Key(f"{rngs.target}:{id(place.node)}", exact=False)


def _attributes(machine: Machine, rngs: Ref) -> Mapping[str, Value]:
    record = machine.instance(rngs)
    return record.attrs if record is not None else {}


def random_key(frame: Frame, arguments: Arguments, place: Place) -> Value:
    """`jax.random.key(0)`: equal literals give equal keys; anything else gives a key of its own place."""
    seed = arguments.get(0, "seed")
    if isinstance(seed, Const) and isinstance(seed.value, int | str | float):
        return Key(seed.value)
    return Key(f"{frame.context}:{ast.dump(place.node)}", exact=not isinstance(seed, Items))


def derived_key(frame: Frame, place: Place) -> Value:
    """`jax.random.split`, `fold_in`: keys that equal no other."""
    return Key(f"{frame.context}:{id(place.node)}", exact=False)


