"""`jax.numpy`, `jax.random`, initializers and NumPy, as far as it matters where their arrays come from."""

from nnxlint.semantic.frames import Frame
from nnxlint.semantic.library import dtypes, streams, variables
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.observe import Arguments
from nnxlint.semantic.values import (
    Array,
    External,
    Items,
    Partial,
    Place,
    Taint,
    Taints,
    Tuple,
    Value,
    all_taints,
)

_RANDOM = frozenset({Taint("random")})
_DISCRETE = frozenset({Taint("random"), Taint("discrete")})
_TABLES = frozenset({Taint("table")})
_WAVES = frozenset({Taint("wave")})
_DISCRETE_DRAWS = frozenset(
    """bernoulli randint permutation choice categorical bits rademacher binomial poisson geometric integers shuffle
    multinomial""".split()
)
_KEY_MAKERS = frozenset({"key", "PRNGKey"})
_KEY_DERIVERS = frozenset({"split", "fold_in", "clone", "wrap_key_data", "key_data", "key_impl"})


def call_jax_random(machine: Machine, frame: Frame, name: str, arguments: Arguments, place: Place) -> Value:
    """`jax.random.key(0)`, `jax.random.split(key)`, `jax.random.normal(key, shape)`."""
    last = name.rpartition(".")[2]
    if last in _KEY_MAKERS:
        return streams.random_key(frame, arguments, place)
    if last in _KEY_DERIVERS:
        return Items(streams.derived_key(frame, place)) if last == "split" else streams.derived_key(frame, place)
    return Array(_drawn(last) | dtypes.of_call(last, arguments, (), ()))


def _drawn(last: str) -> Taints:
    return _DISCRETE if last in _DISCRETE_DRAWS else _RANDOM


def drawn_by(receiver: Array, method: str) -> Taints:
    """What a method of a NumPy generator adds: `generator.permutation(n)` draws no weights."""
    drawn = method in _DISCRETE_DRAWS and Taint("random") in receiver.taints
    return _DISCRETE if drawn else frozenset()


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
        return Array(_drawn(last))
    read = tuple(variables.payload(machine, value, place) for value in arguments.values())
    held = tuple(item for value in read for item in _held(machine, value, place))
    dtype = dtypes.of_call(last, arguments, read, held)
    made = _TABLES if last in _TABLE_MAKERS else frozenset()
    made |= _WAVES if last in _WAVE_MAKERS else frozenset()
    taints = all_taints((*read, *held))
    if last in _FRESH:
        # Only the shape is taken from the arguments.
        taints = frozenset(taint for taint in taints if taint.kind not in _OF_CONTENT)
    return Array(dtypes.without(taints) | dtype | made)


def _held(machine: Machine, value: Value, place: Place) -> list[Value]:
    """The elements of a list or tuple of arrays, and those of the lists in it."""
    listed = machine.sequence(value)
    items = listed.items if listed is not None else value.items if isinstance(value, Tuple) else ()
    found: list[Value] = []
    for item in items:
        inner = _held(machine, item, place)
        found.extend(inner or [variables.payload(machine, item, place)])
    return found


_TABLE_MAKERS = frozenset(
    """arange linspace logspace geomspace sin cos tril triu tri outer meshgrid mgrid hanning hamming blackman bartlett
    kaiser eye identity indices vander""".split()
)
_WAVE_MAKERS = frozenset({"sin", "cos"})
_FRESH = frozenset("zeros ones empty eye identity zeros_like ones_like empty_like shape ndim size len".split())
_OF_CONTENT = frozenset({"random", "initializer", "discrete", "table", "wave"})
