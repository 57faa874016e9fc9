"""Variables: reading and writing what they hold, and the arrays that come out of a module's state."""

import ast
from dataclasses import replace

from nnxlint.semantic.frames import Frame
from nnxlint.semantic.library import streams
from nnxlint.semantic.library.decisions import note_acting
from nnxlint.semantic.library.parts import part_of_tree
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.observe import Arguments, VariableRead, VariableWrite
from nnxlint.semantic.values import (
    ARRAY,
    UNKNOWN,
    Array,
    ClassRef,
    Const,
    External,
    Instance,
    Method,
    Place,
    Ref,
    Taint,
    Tree,
    Unknown,
    Value,
    taints_of,
    union,
)

_VALUES = frozenset({"value", "raw_value"})
_READ_METHODS = frozenset({"get_value", "get_raw_value"})
_WRITE_METHODS = frozenset({"set_value", "set_raw_value"})
_METADATA = frozenset(
    {"get_metadata", "set_metadata", "has_metadata", "type", "sharding", "sharding_names", "copy", "replace"}
)

# The attributes under which the layers of the library keep their Variables.
_LAYER_PARAMS = frozenset({"kernel", "bias", "scale", "embedding", "lora_a", "lora_b", "negative_slope"})
_LAYER_STATISTICS = frozenset({"mean", "var"})


def payload(machine: Machine, value: Value, place: Place) -> Value:
    """What arithmetic sees: a Variable's array, the arrays of a state, anything else as it is."""
    match value:
        case Ref():
            record = machine.instance(value)
            if record is not None and machine.is_variable(record.cls):
                return read(machine, value, record, place)
            return value
        case Method():
            return Array(taints_of(value)) if taints_of(value) else UNKNOWN
        case Tree():
            return Array(value.taints)
    return value


def read(machine: Machine, variable: Ref, record: Instance, place: Place) -> Value:
    """The value of a Variable; that it was read is logged."""
    machine.log.reads.append(VariableRead(place, variable.target, machine.stopping > 0))
    held = record.attrs.get("value", UNKNOWN)
    taint = frozenset({Taint("read", variable.target)})
    kept = frozenset(one for one in taints_of(held) if one.kind in {"stopped", "random"})
    if isinstance(held, Ref | Unknown):
        return held if isinstance(held, Ref) else Unknown(taint | kept, held.reason)
    return Array(taint | kept)


def load_of_variable(machine: Machine, variable: Ref, record: Instance, name: str, place: Place) -> Value | None:
    """`variable.name`, `None` when the name is none of a Variable's own."""
    if name in _VALUES:
        return read(machine, variable, record, place)
    if name in _READ_METHODS | _WRITE_METHODS | _METADATA:
        return Method(variable, f"flax.nnx.Variable.{name}")
    if name in record.attrs:
        return record.attrs[name]
    if isinstance(record.cls, ClassRef):
        for ancestor in machine.ancestry(record.cls):
            if isinstance(ancestor, ClassRef) and name in ancestor.decl.methods:
                return None
    return Method(read(machine, variable, record, place), name)


def load_item(machine: Machine, frame: Frame, owner: Ref, key: Value, place: Place) -> Value:
    """`owner[key]` for an object: a Variable's array, a stream of an `Rngs`, or unknown."""
    record = machine.instance(owner)
    if record is None:
        return UNKNOWN
    if machine.is_variable(record.cls):
        return read(machine, owner, record, place)
    if machine.derives(record.cls, "flax.nnx.Rngs"):
        name = getattr(key, "value", None)
        return streams.load(machine, frame, owner, name, place) if isinstance(name, str) else UNKNOWN
    if machine.derives(record.cls, "flax.nnx.Sequential"):
        return (
            machine.evaluate(machine, frame, ast.Constant(None))
            if "layers" not in record.attrs
            else _layer(machine, record, key)
        )
    return UNKNOWN


def _layer(machine: Machine, record: Instance, key: Value) -> Value:
    layers = machine.sequence(record.attrs["layers"])
    position = getattr(key, "value", None)
    if layers is None:
        return UNKNOWN
    if isinstance(position, int) and -len(layers.items) <= position < len(layers.items) and layers.rest is None:
        return layers.items[position]
    held = (*layers.items, *((layers.rest,) if layers.rest is not None else ()))
    return union(held) if held else UNKNOWN


def load_of_tree(machine: Machine, value: Tree | Array, name: str) -> Value:
    """`state.layer`, `leaf.value`, and methods of arrays."""
    if name in _VALUES or (name in _TRANSPOSES and isinstance(value, Array)):
        return Array(value.taints)
    if isinstance(value, Tree) and name not in _TREE_METHODS:
        return part_of_tree(machine, value, Const(name))
    return Method(value, name)


_TRANSPOSES = frozenset({"T", "mT", "real"})
_TREE_METHODS = frozenset(
    """filter map flat_state flatten items keys values get merge to_pure_dict replace_by_pure_dict split copy
    get_value set_value pop raw_mapping from_flat_path update""".split()
)


def load_of_layer(machine: Machine, owner: Ref, record: Instance, name: str) -> Value:
    """`layer.kernel` and other names that a library's object has without our having seen them set."""
    api = machine.library_class(record.cls)
    if api is None:
        plain = (
            isinstance(record.cls, ClassRef) and not record.tags & {"open", "given"} and not machine.is_open(record.cls)
        )
        return Unknown(reason=f"no attribute `{name}` was seen") if plain else UNKNOWN
    if api.kind == "module" and isinstance(record.cls, External):
        if name in _LAYER_PARAMS:
            return _layer_variable(machine, owner, record, name, "flax.nnx.Param")
        if name in _LAYER_STATISTICS and api.mode_flag == "use_running_average":
            return _layer_variable(machine, owner, record, name, "flax.nnx.BatchStat")
        return Unknown(reason=f"`{api.name}.{name}` is not modelled")
    if api.name == "flax.nnx.Rngs":
        return Method(owner, f"flax.nnx.Rngs.stream.{name}")
    if api.kind == "module":
        return Unknown(reason=f"no attribute `{name}` was seen")
    return Method(owner, f"{api.name}.{name}")


def _layer_variable(machine: Machine, owner: Ref, record: Instance, name: str, kind: str) -> Value:
    made = Instance(External(kind), {"value": ARRAY, "owner": owner}, record.place, record.tags & {"clone", "given"})
    return machine.part_of(owner.target, name, made)


def write(machine: Machine, frame: Frame, variable: Ref, value: Value, how: str, place: Place) -> None:
    """Give a Variable a new value, and log it."""
    record = machine.instance(variable)
    if record is None:
        return
    if how not in _VALUES | {"[...]"} | _WRITE_METHODS:
        machine.set_attribute(variable.target, how, value)
        return
    new = payload(machine, value, place)
    taints = taints_of(new)
    api = machine.library_class(record.cls)
    _log(machine, frame, place, variable.target, api.name if api else "", how, new, record.tags)
    if not any(machine.derives(record.cls, name) for name in ("flax.nnx.Param", "flax.nnx.Intermediate")):
        note_acting(machine, frame, place)
    machine.set_attribute(variable.target, "value", _settled(new, taints))


def _settled(value: Value, taints: frozenset[Taint]) -> Value:
    """What a Variable remembers of a written value: enough for rules, little enough for loops to settle."""
    if isinstance(value, Ref | Unknown):
        return Unknown(reason="written") if isinstance(value, Unknown) else value
    return Array(frozenset(taint for taint in taints if taint.kind in {"stopped", "random", "int", "bool"}))


def write_leaf(machine: Machine, frame: Frame, owner: Value, value: Value, how: str, place: Place) -> None:
    """Write into something that came out of a module's state (`for p in leaves: p.value = …`)."""
    if how in _VALUES | {"[...]"} | _WRITE_METHODS and any(taint.kind == "params" for taint in taints_of(owner)):
        if isinstance(owner, Tree) and how == "[...]":
            return
        new = payload(machine, value, place)
        _log(machine, frame, place, -1, "leaf", how, new, frozenset())


def _log(
    machine: Machine, frame: Frame, place: Place, variable: int, kind: str, how: str, value: Value, tags: frozenset[str]
) -> None:
    itself = any(taint == Taint("read", variable) or taint.kind == "params" for taint in taints_of(value))
    decl = frame.decl
    owner = decl.owner if decl is not None else None
    methods = tuple(one.decl for one in frame.chain() if one.decl is not None and one.decl.owner is not None)
    machine.log.writes.append(VariableWrite(place, variable, kind, how, value, decl, owner, tags, itself, methods))


def call_variable_method(
    machine: Machine, frame: Frame, variable: Ref, name: str, arguments: Arguments, place: Place
) -> Value:
    """`variable.get_value()`, `variable.set_value(x)`, `variable.replace(x)`."""
    record = machine.instance(variable)
    if record is None:
        return UNKNOWN
    if name in _READ_METHODS:
        return read(machine, variable, record, place)
    given = arguments.get(0, "value")
    if name in _WRITE_METHODS:
        write(machine, frame, variable, given if given is not None else UNKNOWN, name, place)
        return UNKNOWN
    if name in {"replace", "copy"}:
        held = given if given is not None else record.attrs.get("value", UNKNOWN)
        return machine.allocate(frame, place.node, replace(record, attrs={**record.attrs, "value": held}))
    return UNKNOWN
