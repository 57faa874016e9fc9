"""Find out by experiment what a layer does with random streams and with train/eval mode.

Each layer is built with small arguments and called once, while `nnx.RngStream` notes which stream is drawn
from. A layer that no recipe fits (an abstract base, a container) is described by its signature alone.
"""

import contextlib
import inspect
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from unittest.mock import patch

import jax.numpy as jnp
from flax import nnx

MODE_FLAGS = ("deterministic", "use_running_average")

# Arguments by parameter name, because layers agree on names across all versions.
REQUIRED_ARGUMENTS: dict[str, Callable[[], object]] = {
    "backward_rnn": lambda: nnx.RNN(nnx.LSTMCell(4, 4, rngs=nnx.Rngs(0))),
    "cell": lambda: nnx.LSTMCell(4, 4, rngs=nnx.Rngs(0)),
    "einsum_str": lambda: "ab,bc->ac",
    "features": lambda: 4,
    "forward_rnn": lambda: nnx.RNN(nnx.LSTMCell(4, 4, rngs=nnx.Rngs(0))),
    "hidden_features": lambda: 4,
    "in_features": lambda: 4,
    "kernel_shape": lambda: (4, 4),
    "kernel_size": lambda: (3,),
    "layer_instance": lambda: nnx.Linear(4, 4, rngs=nnx.Rngs(0)),
    "lora_rank": lambda: 2,
    "num_embeddings": lambda: 5,
    "num_features": lambda: 4,
    "num_heads": lambda: 2,
    "out_features": lambda: 4,
}
# Arguments given although optional: the default does not fit four features, or must be decided by somebody.
OPTIONAL_ARGUMENTS: dict[str, object] = {"decode": False, "num_groups": 2, "update_stats": True}
ACTIVE_RATE = 0.5


@dataclass(frozen=True, slots=True)
class Draws:
    """The streams drawn from, and the streams asked for by name."""

    drawn: set[str] = field(default_factory=set)
    requested: set[str] = field(default_factory=set)


def probe_layer(cls: type) -> dict[str, object]:
    """Entries of the table that only building and calling the layer can tell."""
    described: dict[str, object] = {}
    layer, failure = _attempt(lambda: cls(**_arguments(cls, nnx.Rngs(0), None)))
    flag, default = _mode_flag(cls, layer)
    if flag is not None:
        described |= {"mode_flag": flag, "mode_default": default}
    if failure is not None:
        sys.stderr.write(f"not built: {cls.__name__}: {failure}\n")
        return described
    streams = _streams(cls, ACTIVE_RATE)
    described |= {f"streams_{moment}": sorted(drawn) for moment, drawn in streams.items()}
    if (rate := _rate_parameter(cls)) is None:
        return described
    at_zero = _streams(cls, 0.0)
    if streams["call"] and not at_zero["call"]:
        described |= {"rate_parameter": rate, "streams_init_at_zero_rate": sorted(at_zero["init"])}
    return described


def _mode_flag(cls: type, layer: object) -> tuple[str | None, str | None]:
    """The flag that the call accepts and that `eval()` and `train()` really set."""
    for flag in MODE_FLAGS:
        call, init = _parameters(cls, "__call__"), _parameters(cls, "__init__")
        if flag not in call or flag not in init:
            continue
        if layer is None:
            return flag, repr(init[flag].default)
        fresh = getattr(layer, flag)
        layer.eval()  # type: ignore[attr-defined]
        evaluating = getattr(layer, flag)
        layer.train()  # type: ignore[attr-defined]
        if evaluating is True and getattr(layer, flag) is False:
            return flag, repr(fresh)
    return None, None


def _rate_parameter(cls: type) -> str | None:
    parameters = _parameters(cls, "__init__")
    return next((name for name in parameters if name == "rate" or name.endswith("_rate")), None)


def _streams(cls: type, rate: float) -> dict[str, set[str]]:
    """Streams drawn from at construction and at a call in training mode."""
    known: set[str] = set()
    while True:
        rngs = nnx.Rngs(0, **{name: number for number, name in enumerate(sorted(known), start=1)})
        # An RNN's cell, say, is built before recording: what it draws is not the RNN's doing.
        arguments = _arguments(cls, rngs, rate)
        with _recording() as at_init:
            layer = cls(**arguments)
        layer.train()
        at_call = _record_call(layer)
        # A stream that Rngs lacks is served by `default`; named in the next round, it is drawn as itself.
        unseen = (at_init.requested | at_call.requested) - known
        if not unseen:
            return {"init": at_init.drawn, "call": at_call.drawn}
        known |= unseen


def _arguments(cls: type, rngs: nnx.Rngs, rate: float | None) -> dict[str, object]:
    arguments: dict[str, object] = {}
    for name, parameter in _parameters(cls, "__init__").items():
        if name == "rngs":
            arguments[name] = rngs
        elif rate is not None and name == _rate_parameter(cls):
            arguments[name] = rate
        elif name in OPTIONAL_ARGUMENTS:
            arguments[name] = OPTIONAL_ARGUMENTS[name]
        elif name in REQUIRED_ARGUMENTS and parameter.default is parameter.empty:
            arguments[name] = REQUIRED_ARGUMENTS[name]()
        elif name == _rate_parameter(cls) and parameter.default is parameter.empty:
            arguments[name] = ACTIVE_RATE
    return arguments


def _record_call(layer: object) -> Draws:
    """Call the layer with the first input that it accepts."""
    failure: Exception | None = None
    for inputs in _inputs(layer):
        with _recording() as draws:
            _, failure = _attempt(lambda inputs=inputs: _call(layer, inputs))  # type: ignore[misc]
        if failure is None:
            return draws
    sys.stderr.write(f"not called: {type(layer).__name__}: {failure}\n")
    return Draws()


def _inputs(layer: object) -> Iterator[tuple[object, ...]]:
    if hasattr(layer, "initialize_carry"):
        carry, _ = _attempt(lambda: layer.initialize_carry((2, 4), nnx.Rngs(0)))
        yield carry, jnp.ones((2, 4))
    yield (jnp.ones((2, 4)),)
    yield (jnp.ones((2, 5, 4)),)
    yield (jnp.ones((2,), int),)


def _call(layer: object, inputs: tuple[object, ...]) -> object:
    accepted = _parameters(type(layer), "__call__")
    options = {name: value for name, value in OPTIONAL_ARGUMENTS.items() if name in accepted}
    return layer(*inputs, **options)  # type: ignore[operator]


@contextlib.contextmanager
def _recording() -> Iterator[Draws]:
    draws = Draws()
    draw, by_attribute, by_key = nnx.RngStream.__call__, nnx.Rngs.__getattr__, nnx.Rngs.__getitem__

    def recorded_draw(stream: nnx.RngStream) -> object:
        draws.drawn.add(stream.key.tag)
        return draw(stream)

    def recorded_attribute(rngs: nnx.Rngs, name: str) -> object:
        if not name.startswith("_"):
            draws.requested.add(name)
        return by_attribute(rngs, name)

    def recorded_key(rngs: nnx.Rngs, name: str) -> object:
        draws.requested.add(name)
        return by_key(rngs, name)

    with (
        patch.object(nnx.RngStream, "__call__", recorded_draw),
        patch.object(nnx.Rngs, "__getattr__", recorded_attribute),
        patch.object(nnx.Rngs, "__getitem__", recorded_key),
    ):
        yield draws


def defined_in(cls: type, name: str) -> Callable[..., object] | None:
    """The attribute as the class or a base defines it; `getattr` would also find that of the metaclass."""
    return next((vars(base)[name] for base in cls.__mro__ if name in vars(base)), None)


def _parameters(cls: type, method: str) -> dict[str, inspect.Parameter]:
    function = defined_in(cls, method)
    if function is None or function is object.__init__:
        return {}
    return dict(list(inspect.signature(function).parameters.items())[1:])


def _attempt(action: Callable[[], object]) -> tuple[object, Exception | None]:
    try:
        return action(), None
    except Exception as failure:  # noqa: BLE001 - any layer may refuse a recipe in its own way
        return None, failure
