"""The layers of `flax.nnx`: what their constructors keep, what a call of them does, which streams they need."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from nnxlint.semantic.flax_api import ClassApi
from nnxlint.semantic.frames import Frame
from nnxlint.semantic.library import modes, streams
from nnxlint.semantic.library.binding import bind_signature
from nnxlint.semantic.library.escape import escape
from nnxlint.semantic.library.watching import mapped_tag
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.observe import Arguments, Construction, LayerUse
from nnxlint.semantic.values import (
    ARRAY,
    NONE,
    UNKNOWN,
    Array,
    Const,
    External,
    FlagAttribute,
    FlagDefault,
    FlagLiteral,
    Instance,
    Method,
    Origin,
    Place,
    Ref,
    Sequence,
    Tuple,
    Union,
    Unknown,
    Value,
    all_taints,
    members,
)


def construct_layer(machine: Machine, frame: Frame, api: ClassApi, arguments: Arguments, place: Place) -> Value:
    """Make an object of a library class."""
    tags = {"loop"} if frame.loop_depth else set()
    tags |= {"abstract"} if machine.abstract else set()
    tags |= mapped_tag(machine, frame)
    made = machine.allocate(frame, place.node, Instance(External(api.name), {}, place, frozenset(tags)))
    if api.kind == "variable":
        construct_variable(machine, frame, made, arguments)
        return made
    fill_layer(machine, frame, api, made, arguments, place)
    if api.kind == "module":
        note_construction(machine, frame, made, arguments, place)
    return made


def construct_variable(machine: Machine, frame: Frame, made: Ref, arguments: Arguments) -> None:
    """A Variable holds its first argument; the rest is metadata."""
    value = arguments.get(0, "value")
    held = value if value is not None else UNKNOWN
    machine.set_attribute(made.target, "value", held)
    for name, metadata in arguments.keywords.items():
        if name != "value":
            machine.set_attribute(made.target, name, metadata)


def fill_layer(machine: Machine, frame: Frame, api: ClassApi, made: Ref, arguments: Arguments, place: Place) -> None:
    """What a library constructor keeps: its parameters under their names, and the modules in them."""
    record = machine.instance(made)
    if record is None:
        return
    bound = bind_signature(api.init, arguments)
    if machine.log.watched is not None:
        # What goes through `**` to the constructor of a base class decides which Variables there are.
        bound = {**{name: value for name, value in arguments.keywords.items() if name not in bound}, **bound}
    if api.name == "flax.nnx.Sequential":
        layers = Sequence(arguments.positional, arguments.more_positional, place)
        bound = {"layers": machine.allocate(frame, place.node, layers, "layers")}
    machine.heap.write(made.target, replace(record, attrs={**record.attrs, **bound}))
    rngs = bound.get("rngs")
    if rngs is not None and api.kind == "module":
        _need_streams(machine, frame, api, bound, rngs, place)
        _keep_stream(machine, made, api, bound, rngs)


def _keep_stream(machine: Machine, made: Ref, api: ClassApi, bound: Mapping[str, Value], rngs: Value) -> None:
    """Layers that ask for their stream when they are built keep it, not the `Rngs`."""
    asked = [name for name in api.streams_call if name in api.streams_init]
    if asked and isinstance(rngs, Ref) and streams.is_rngs(machine, rngs):
        machine.set_attribute(made.target, "rngs", Method(rngs, f"{streams.STREAM}{_renamed(asked, bound)[0]}"))


def _need_streams(
    machine: Machine, frame: Frame, api: ClassApi, bound: Mapping[str, Value], rngs: Value, place: Place
) -> None:
    """What a constructor draws; with a rate that is not known, only what it draws at any rate is certain."""
    rate = bound.get(api.rate_parameter or "", UNKNOWN)
    least = api.streams_init_at_zero_rate if api.rate_parameter is not None else api.streams_init
    most = least if _is_zero(rate) else api.streams_init
    if _is_plain(api, bound):
        return
    settled = not isinstance(rate, Unknown | Union)
    for needed in most:
        sure = settled or needed in least
        streams.need_all(machine, frame, rngs, _renamed((needed,), bound), api.name, place, certain=sure)
    if not _is_zero(rate):
        later = [name for name in api.streams_call if name not in most]
        streams.need_all(machine, frame, rngs, _renamed(later, bound), api.name, place, certain=False)


def _is_plain(api: ClassApi, bound: Mapping[str, Value]) -> bool:
    """A normalisation without scale and bias draws nothing."""
    names = [parameter.name for parameter in api.init if parameter.name in {"use_scale", "use_bias"}]
    return "use_scale" in names and all(bound.get(name) == Const(value=False) for name in names)


def _renamed(needed: Iterable[str], bound: Mapping[str, Value]) -> tuple[str, ...]:
    """Streams under the names that the layer was told to use."""
    collection = bound.get("rng_collection")
    if isinstance(collection, Const) and isinstance(collection.value, str):
        return tuple(collection.value if name == "dropout" else name for name in needed)
    return tuple(needed)


def _is_zero(value: Value) -> bool:
    return isinstance(value, Const) and isinstance(value.value, int | float) and value.value == 0


def note_construction(machine: Machine, frame: Frame, made: Ref, arguments: Arguments, place: Place) -> None:
    """Log that a module was built, and from which `Rngs`."""
    found = [
        member.target
        for value in arguments.values()
        for member in members(value)
        if isinstance(member, Ref) and streams.is_rngs(machine, member)
    ]
    record = machine.instance(made)
    if record is None:
        return
    construction = Construction(
        place,
        record.cls,
        made.target,
        tuple(found),
        frame.activation,
        frame.decl,
        frame.loop_depth,
        frame.targets,
        draws=any(machine.log.draws_of(target) for target in found),
        abstract=bool(machine.abstract),
    )
    machine.log.constructions.append(construction)
    for one in frame.chain() if found else ():
        if one.loop_depth:
            one.activation.looped.append(construction)


def call_layer(machine: Machine, frame: Frame, callee: Ref, arguments: Arguments, place: Place) -> Value:
    """Call a layer of the library, or a project class that inherits its `__call__` from one."""
    record = machine.instance(callee)
    api = machine.library_class(record.cls) if record is not None else None
    if record is None or api is None:
        return UNKNOWN
    taints = all_taints(arguments.values())
    if "open" in record.tags and api.name == "flax.nnx.Module":
        # Some module by its annotation: what its class does with the call is not known.
        escape(machine, (callee, *arguments.values()))
        return Unknown(taints, "a call of a module whose class is not known")
    if api.name == "flax.nnx.Sequential":
        return _chain(machine, frame, record, arguments, place)
    if api.mode_flag is not None:
        _use(machine, frame, callee, record, api, arguments, place)
        _draw(machine, frame, callee, record, api, arguments, place)
    for name in ("cell", "forward_rnn", "backward_rnn"):
        if name in record.attrs:
            machine.call(machine, frame, record.attrs[name], Arguments((ARRAY, Array(taints))), place)
    return Array(taints)


def _chain(machine: Machine, frame: Frame, record: Instance, arguments: Arguments, place: Place) -> Value:
    layers = machine.sequence(record.attrs.get("layers", UNKNOWN))
    if layers is None:
        return UNKNOWN
    value: Value = UNKNOWN
    current = arguments
    for layer in (*layers.items, *((layers.rest,) if layers.rest is not None else ())):
        value = machine.call(machine, frame, layer, current, place)
        current = Arguments(value.items) if isinstance(value, Tuple) else Arguments((value,))
    return value


def _use(
    machine: Machine, frame: Frame, callee: Ref, record: Instance, api: ClassApi, arguments: Arguments, place: Place
) -> None:
    """Note that a mode-dependent layer was reached and in which mode."""
    rate = record.attrs.get(api.rate_parameter or "", UNKNOWN)
    if api.rate_parameter is not None and (_is_zero(rate) or rate == NONE):
        return
    flag = api.mode_flag or ""
    passed = bind_signature(api.call or (), arguments).get(flag, NONE)
    acts = api.rate_parameter is None or all(isinstance(one, Const) for one in members(rate))
    certain = frame.certain and not isinstance(rate, Unknown)
    decided = frame.decided_by()
    evaluates = modes.is_set_to_evaluation(record, flag)
    for training, origin in _modes(passed, record.attrs.get(flag, UNKNOWN), callee, flag, place):
        # A layer that only the flag's default let run is there because the flag was left out.
        cause = decided if training and decided is not None and not isinstance(origin, FlagDefault) else origin
        beaten = evaluates and training is True and origin != FlagAttribute(callee.target, flag)
        use = LayerUse(api.name, training, cause, certain, place, callee.target, acts, beaten)
        if machine.collectors:
            machine.collectors[-1].append(use)


def _draw(
    machine: Machine, frame: Frame, callee: Ref, record: Instance, api: ClassApi, arguments: Arguments, place: Place
) -> None:
    """Note the streams that the call draws from: of the `Rngs` handed over, else of the layer's own."""
    rate = record.attrs.get(api.rate_parameter or "", UNKNOWN)
    if not api.streams_call or _is_zero(rate):
        return
    bound = bind_signature(api.call or (), arguments)
    given = bound.get("rngs", NONE)
    rngs = record.attrs.get("rngs", NONE) if given == NONE else given
    flag = api.mode_flag or ""
    held = record.attrs.get(flag, UNKNOWN)
    acting = {training for training, _ in _modes(bound.get(flag, NONE), held, callee, flag, place)}
    if acting == {False}:
        return
    sure = acting == {True} and not isinstance(rate, Unknown | Union)
    streams.need_all(machine, frame, rngs, _renamed(api.streams_call, record.attrs), api.name, place, certain=sure)


def _modes(
    passed: Value, attribute: Value, callee: Ref, flag: str, place: Place
) -> list[tuple[bool | None, Origin | None]]:
    """A flag at the call beats the attribute; `None` at the call leaves it to the attribute."""
    found: list[tuple[bool | None, Origin | None]] = []
    for value in members(passed):
        if isinstance(value, Const) and isinstance(value.value, bool):
            found.append((not value.value, value.origin or FlagLiteral(place)))
        elif isinstance(value, Const) and value.value is None:
            for held in members(attribute):
                training = not held.value if isinstance(held, Const) and isinstance(held.value, bool) else None
                found.append((training, FlagAttribute(callee.target, flag)))
        else:
            found.append((None, None))
    return found
