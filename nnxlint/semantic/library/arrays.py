"""`jax.numpy`, `jax.random`, initializers and NumPy, as far as it matters where their arrays come from."""

from nnxlint.semantic.frames import Frame
from nnxlint.semantic.library import streams, variables
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.observe import Arguments
from nnxlint.semantic.values import (
    Array,
    Const,
    External,
    Items,
    Partial,
    Place,
    Ref,
    Taint,
    Taints,
    Value,
    taints_of,
)

_RANDOM = frozenset({Taint("random")})
_TABLES = frozenset({Taint("table")})
_KEY_MAKERS = frozenset({"key", "PRNGKey"})
_KEY_DERIVERS = frozenset({"split", "fold_in", "clone", "wrap_key_data", "key_data", "key_impl"})
_INTEGERS = frozenset("int8 int16 int32 int64 uint8 uint16 uint32 uint64 int_ int".split())
_BOOLEANS = frozenset({"bool_", "bool"})
_BOOLEAN_RESULTS = frozenset("tril_indices isnan isinf logical_not logical_and logical_or".split())


def call_jax_random(machine: Machine, frame: Frame, name: str, arguments: Arguments, place: Place) -> Value:
    """`jax.random.key(0)`, `jax.random.split(key)`, `jax.random.normal(key, shape)`."""
    last = name.rpartition(".")[2]
    if last in _KEY_MAKERS:
        return streams.random_key(frame, arguments, place)
    if last in _KEY_DERIVERS:
        return Items(streams.derived_key(frame, place)) if last == "split" else streams.derived_key(frame, place)
    return Array(_RANDOM)


def call_initializer(machine: Machine, name: str, arguments: Arguments) -> Value:
    """`nnx.initializers.lecun_normal()` gives an initializer; `zeros_init()` one that is not random."""
    last = name.rpartition(".")[2]
    constant = last.removesuffix("_init") in {"zeros", "ones", "constant"}
    if last in {"zeros", "ones"}:
        return Array()
    return Partial(External("nnxlint.constant" if constant else "nnxlint.random"))


def call_numpy(machine: Machine, frame: Frame, name: str, arguments: Arguments, place: Place) -> Value:
    """Any other function of arrays: the result is made of its arguments."""
    last = name.rpartition(".")[2]
    if ".random." in name:
        return Array(_RANDOM)
    read = [variables.payload(machine, value, place) for value in arguments.values()]
    objects = [value for value in read if isinstance(value, Ref)]
    held = [item for value in objects for item in _held(machine, value, place)]
    taints: Taints = frozenset().union(*(taints_of(value) for value in (*read, *held)))
    return Array(taints | _dtype(last, arguments) | (_TABLES if last in _TABLE_MAKERS else frozenset()))


def _held(machine: Machine, value: Ref, place: Place) -> list[Value]:
    listed = machine.sequence(value)
    return [variables.payload(machine, item, place) for item in listed.items] if listed is not None else []


_TABLE_MAKERS = frozenset("arange linspace logspace sin cos tril triu outer meshgrid hanning kaiser eye indices".split())


def _dtype(last: str, arguments: Arguments) -> Taints:
    """Whether an array is of integers or booleans for certain."""
    given = arguments.keywords.get("dtype")
    if given is None and last in {"array", "asarray", "zeros", "ones", "empty"} and len(arguments.positional) > 1:
        given = arguments.positional[1]
    if given is None and last == "full" and len(arguments.positional) > 2:  # noqa: PLR2004 - full(shape, value, dtype)
        given = arguments.positional[2]
    named = given.name.rpartition(".")[2] if isinstance(given, External) else getattr(given, "value", None)
    if named in _BOOLEANS or last in _BOOLEAN_RESULTS:
        return frozenset({Taint("bool")})
    if named in _INTEGERS:
        return frozenset({Taint("int")})
    if given is not None:
        return frozenset()
    return _literal_dtype(last, arguments)


def _literal_dtype(last: str, arguments: Arguments) -> Taints:
    if last in {"array", "asarray"} and arguments.positional:
        first = arguments.positional[0]
        if isinstance(first, Const) and isinstance(first.value, bool):
            return frozenset({Taint("bool")})
        if isinstance(first, Const) and isinstance(first.value, int):
            return frozenset({Taint("int")})
    return frozenset()
