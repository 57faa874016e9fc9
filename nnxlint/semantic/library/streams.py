"""`nnx.Rngs` and its streams, and the keys of `jax.random`.

An `Rngs` is an instance whose attributes are its streams: the name maps to the seed or key it was given;
`default` is the stream that unknown names fall back to.
"""

import ast
from collections.abc import Iterable, Mapping

from nnxlint.semantic.frames import Frame
from nnxlint.semantic.heap import parts
from nnxlint.semantic.library.decisions import note_acting
from nnxlint.semantic.library.guards import is_guarded
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.observe import Arguments, RngsMade, StreamDraw
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

RNGS = External("flax.nnx.Rngs")
STREAM = "flax.nnx.Rngs.stream."
RANDOM = Array(frozenset({Taint("random")}))
INITIALIZED = Array(frozenset({Taint("random"), Taint("initializer")}))
DIRECT = "a direct draw"
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
    made = machine.allocate(frame, place.node, Instance(RNGS, seeds, place, frozenset(tags)))
    _note_rngs(machine, frame, made, seeds, frozenset(tags), place)
    return made


def _note_rngs(
    machine: Machine, frame: Frame, made: Ref, seeds: Mapping[str, Value], tags: frozenset[str], place: Place
) -> None:
    chain = frame.chain()
    machine.log.add_rngs(
        RngsMade(
            place,
            made.target,
            seeds,
            is_open="open" in tags,
            abstract="abstract" in tags,
            function=frame.decl,
            stack=tuple(one.activation for one in chain),
            sites=(place, *(one.call_site for one in chain if one.call_site is not None)),
            conditions={id(one.activation): one.conditional for one in chain},
        )
    )


def given_rngs(machine: Machine, frame: Frame, place: Place) -> Value:
    """An `Rngs` made up for a parameter."""
    record = Instance(RNGS, {}, place, frozenset({"open", "given"}))
    return machine.allocate(frame, place.node, record)


def need_all(
    machine: Machine,
    frame: Frame,
    rngs: Value,
    streams: Iterable[str],
    by: str,
    place: Place,
    *,
    certain: bool = True,
) -> None:
    """A layer needs these streams of what it was given as `rngs`; of a single stream, it draws from that."""
    for stream in streams:
        for member in members(rngs):
            if isinstance(member, Ref) and is_rngs(machine, member):
                chosen = member is rngs or _is_optional(machine, member)
                need(machine, frame, member, stream, by, place, certain=certain and chosen)
            elif isinstance(member, Method) and isinstance(member.receiver, Ref) and is_rngs(machine, member.receiver):
                need(machine, frame, member.receiver, _own_name(member), by, place, certain=False)


def need(
    machine: Machine, frame: Frame, rngs: Ref, stream: str, by: str, place: Place, *, certain: bool = True
) -> None:
    """Log that a stream is needed, and whether the `Rngs` lacks it."""
    record = machine.instance(rngs)
    if record is None:
        return
    unsure = "open" in record.tags or record.cls != RNGS
    missing = None if unsure else not (stream in record.attrs or "default" in record.attrs)
    sure = certain and _is_reached(machine, frame, rngs.target) and not (missing and is_guarded(machine, frame, place))
    machine.log.add_draw(StreamDraw(place, rngs.target, stream, by, missing, sure))


def _is_optional(machine: Machine, rngs: Ref) -> bool:
    """Whether the `Rngs` was made under a condition (`if rngs is None: rngs = …`): where it exists, it is used."""
    made = machine.log.newest_rngs(rngs.target)
    return made is not None and any(made.conditions.values())


def _is_reached(machine: Machine, frame: Frame, target: int) -> bool:
    """Whether this point is reached, as far as is known, whenever the `Rngs` is made."""
    made = machine.log.newest_rngs(target)
    before = made.conditions if made is not None else {}
    return all(one.conditional <= before.get(id(one.activation), 0) for one in frame.chain())


def load(machine: Machine, frame: Frame, rngs: Ref, name: str, place: Place) -> Value:
    """`rngs.dropout`, `rngs["dropout"]`: a stream, or a method; asking for a stream that is not there fails already."""
    by_item = isinstance(place.node, ast.Subscript)
    by_name = isinstance(place.node, ast.Attribute) and place.node.attr == name and not name.startswith("_")
    is_method = name in machine.api.classes["flax.nnx.Rngs"].methods and name not in _attributes(machine, rngs)
    if by_item or (by_name and not is_method and name not in _NO_DRAW):
        need(machine, frame, rngs, name, DIRECT, place)
    return Method(rngs, f"{STREAM}{name}")


def holds(machine: Machine, value: Value, name: str) -> bool | None:
    """Whether a value is an `Rngs` with a stream of this very name; `None` where that is not known."""
    record = machine.instance(value)
    if record is None or record.cls != RNGS or "open" in record.tags:
        return None
    return name in record.attrs


def keep(machine: Machine, value: Value) -> None:
    """Note that an `Rngs` became an attribute, so that methods may draw from it that are not seen to run on it."""
    for member in members(value):
        if isinstance(member, Ref) and is_rngs(machine, member):
            machine.log.kept.add(member.target)


def let_go(machine: Machine, values: Iterable[Value]) -> None:
    """Note that code that is not known got an `Rngs`: itself, or in a tuple, list or dict."""
    for value in values:
        for member in (value, *parts(value)):
            if isinstance(member, Ref) and is_rngs(machine, member):
                machine.log.escaped.add(member.target)


def _own_name(stream: Method) -> str:
    return stream.name.removeprefix("flax.nnx.Rngs.").removeprefix("stream.")


def call_stream(machine: Machine, frame: Frame, rngs: Ref, name: str, arguments: Arguments, place: Place) -> Value:
    """`rngs.dropout()`, `rngs()`, `rngs.normal(shape)`, `rngs.params.normal(shape)`, `rngs.fork()`."""
    stream, _, drawn = name.partition(".")
    if stream in _NO_DRAW:
        return rngs if stream in {"fork", "split", "copy", "broadcast"} else UNKNOWN
    if stream == "get":
        given = arguments.get(0, "name")
        named = isinstance(given, Const) and isinstance(given.value, str)
        return Method(rngs, f"{STREAM}{given.value!s}") if named and isinstance(given, Const) else UNKNOWN
    note_acting(machine, frame, place)
    methods = machine.api.classes["flax.nnx.Rngs"].methods
    if stream in methods and not drawn and stream not in _attributes(machine, rngs):
        need(machine, frame, rngs, "default", DIRECT, place)
        return RANDOM
    need(machine, frame, rngs, stream, DIRECT, place)
    if drawn in {"fork", "split", "last"}:
        return Method(rngs, f"{STREAM}{stream}")
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
