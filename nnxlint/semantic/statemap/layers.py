"""The Variables of the library's layers, from a table: which are there with these arguments, and how large."""

from collections.abc import Iterator, Mapping

from nnxlint.semantic.flax_api import ClassApi, LayerVariable, layer_variables
from nnxlint.semantic.library.forms import dtype_name
from nnxlint.semantic.library.streams import STREAM
from nnxlint.semantic.statemap.data import Held, Kind, Part
from nnxlint.semantic.statemap.naming import short
from nnxlint.semantic.values import Const, Instance, Method, Record, Ref, Tuple, Value, members
from nnxlint.semantic.values import Sequence as SequenceRecord

_STREAM_STATE = frozenset({"rngs/key", "rngs/count"})


def layer_parts(api: ClassApi, record: Instance, records: Mapping[int, Record]) -> Iterator[Part]:
    """The Variables that a layer of the library holds by itself."""
    for variable in _table_of(api):
        there = _is_there(variable, record, api)
        if there is False:
            continue
        if variable.path in _STREAM_STATE:
            if variable.path == "rngs/key":
                yield Part("rngs", (stream_of(api, record),), optional=there is None)
            continue
        shape = None if "mapped" in record.tags else _shape(variable, record.attrs, records)
        dtype = variable.dtype if variable.dtype != "param_dtype" else _dtype(record.attrs)
        held = Held(Kind.VARIABLE, short(variable.type), variable.type, variable.type, shape, dtype)
        yield Part(variable.path.replace("/", "."), (held,), optional=there is None)


def is_known_layer(api: ClassApi) -> bool:
    """Whether the table tells of the class, or it is known to hold nothing by itself."""
    return bool(_table_of(api)) or api.name in _EMPTY


_EMPTY = frozenset({"flax.nnx.Module", "flax.nnx.Sequential", "flax.nnx.RNNCellBase", "flax.nnx.Dict", "flax.nnx.List"})


def _table_of(api: ClassApi) -> tuple[LayerVariable, ...]:
    layers = layer_variables().layers
    return next((layers[name] for name in api.mro if name in layers), ())


def stream_of(api: ClassApi, record: Instance) -> Held:
    """The stream that a layer keeps."""
    kept = record.attrs.get("rngs")
    names = [kept.name.removeprefix(STREAM)] if isinstance(kept, Method) and kept.name.startswith(STREAM) else []
    collection = record.attrs.get("rng_collection")
    if not names and isinstance(collection, Const) and isinstance(collection.value, str):
        names = [collection.value]
    return Held(Kind.STREAM, "RngStream", "flax.nnx.RngStream", streams=tuple(names or api.streams_call))


def _is_there(variable: LayerVariable, record: Instance, api: ClassApi) -> bool | None:
    answers = {_agrees(variable, name, record, api) for name in variable.needs}
    if variable.path in _STREAM_STATE:
        answers.add(_has_rngs(record.attrs.get("rngs"), api))
    if False in answers:
        return False
    return None if None in answers else True


def _agrees(variable: LayerVariable, name: str, record: Instance, api: ClassApi) -> bool | None:
    """Whether a parameter has the value that the Variable needs; one that a base class takes may be left out."""
    value = record.attrs.get(name)
    if value is None:
        handed_on = [parameter.name for parameter in api.init if parameter.kind == "var_keyword"]
        return variable.usual if handed_on and handed_on[0] not in record.attrs else None
    if not isinstance(value, Const):
        return None
    return bool(value.value) if name.endswith("rate") else value.value == variable.needs[name]


def _has_rngs(value: Value | None, api: ClassApi) -> bool | None:
    if value is None:
        return False if any(parameter.name == "rngs" and not parameter.required for parameter in api.init) else None
    found = {
        isinstance(one, Ref | Method) if not isinstance(one, Const) else one.value is not None for one in members(value)
    }
    return True if found == {True} else False if found == {False} and isinstance(value, Const) else None


def _dtype(attrs: Mapping[str, Value]) -> str | None:
    given = attrs.get("param_dtype")
    if given is None:
        return "float32"
    return dtype_name(given)


def _shape(
    variable: LayerVariable, attrs: Mapping[str, Value], records: Mapping[int, Record]
) -> tuple[int | None, ...] | None:
    if variable.shape is None:
        return None
    axes: list[int | None] = []
    for axis in variable.shape:
        if axis.startswith("*"):
            known = numbers(attrs.get(axis[1:]), records)
            if known is None:
                return None
            axes.extend(known)
        else:
            axes.append(_axis(axis, attrs))
    # A size may be a tuple, of a `LinearGeneral` for instance: then the number of axes is not known either.
    sizes = [attrs.get(name) for axis in variable.shape for name in axis.split("//") if name.isidentifier()]
    return None if any(isinstance(size, Tuple | Ref) for size in sizes) else tuple(axes)


def _axis(axis: str, attrs: Mapping[str, Value]) -> int | None:
    if axis.isdigit():
        return int(axis)
    factor, _, name = axis.rpartition("*")
    name, _, divisor = name.partition("//")
    size = whole(attrs.get(name))
    parts = whole(attrs.get(divisor)) if divisor else 1
    if size is None or not parts:
        return None
    return int(factor or 1) * size // parts


def whole(value: Value | None) -> int | None:
    """The number that a value is for certain."""
    known = isinstance(value, Const) and isinstance(value.value, int) and not isinstance(value.value, bool)
    return value.value if known and isinstance(value, Const) and isinstance(value.value, int) else None


def numbers(value: Value | None, records: Mapping[int, Record]) -> tuple[int | None, ...] | None:
    """The numbers of a tuple or list, or one number as a tuple of it."""
    if isinstance(value, Tuple):
        return tuple(whole(one) for one in value.items)
    record = records.get(value.target) if isinstance(value, Ref) else None
    if isinstance(record, SequenceRecord) and record.rest is None:
        return tuple(whole(one) for one in record.items)
    one = whole(value)
    return (one,) if one is not None else None
