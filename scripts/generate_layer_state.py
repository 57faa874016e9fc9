"""Write `nnxlint/semantic/flax_api/layers.json`: which Variables each layer of the installed Flax holds.

    python scripts/generate_layer_state.py
    python scripts/generate_layer_state.py --check

Each layer is built several times with different sizes, and once with each of its switches the other way round. From
that follow the paths and types of its Variables, which sizes their shapes are made of, and which switches they hang on.
"""

import argparse
import inspect
import itertools
import json
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import flax
import jax.numpy as jnp
from flax import nnx
from probe_layers import REQUIRED_ARGUMENTS

TARGET = Path(__file__).resolve().parent.parent / "nnxlint" / "semantic" / "flax_api" / "layers.json"
# Sizes for which layers ask, in three versions: different numbers, with the divisors that heads and groups need.
SIZES: dict[str, tuple[int, int, int]] = {
    "feature_group_count": (2, 1, 4),
    "features": (44, 52, 68),
    "hidden_features": (20, 28, 36),
    "in_features": (8, 16, 24),
    "lora_rank": (3, 5, 7),
    "num_embeddings": (11, 13, 17),
    "num_features": (40, 56, 72),
    "num_groups": (4, 4, 4),
    "num_heads": (2, 4, 4),
    "out_features": (12, 32, 64),
    "qkv_features": (48, 80, 96),
}
TUPLES: dict[str, tuple[tuple[int, ...], ...]] = {
    "kernel_size": ((3, 7), (5, 9), (9, 3)),
    "kernel_shape": ((6, 10), (14, 22), (26, 34)),
}
MODES = frozenset({"deterministic", "use_running_average"})
VERSIONS = 3
RATE = 0.5


class Held(NamedTuple):
    """A Variable of a built layer."""

    type: str
    shape: tuple[int, ...]
    dtype: str


State = Mapping[str, Held]


def main(arguments: Sequence[str]) -> int:
    """Write the table, or say that it is not up to date."""
    parser = argparse.ArgumentParser(description="Write the table of the layers' Variables, or check it.")
    parser.add_argument("--check", action="store_true", help="compare without writing")
    options = parser.parse_args(arguments)
    table = describe()
    if options.check:
        return int(TARGET.read_text(encoding="utf-8") != table)
    TARGET.write_text(table, encoding="utf-8", newline="\n")
    return 0


def describe() -> str:
    """The whole table, one Variable a line."""
    layers = {f"flax.nnx.{name}": found for name, cls in _layers() if (found := _describe(cls))}
    lines = [
        f"  {json.dumps(name)}: [\n" + ",\n".join(f"   {json.dumps(one)}" for one in found) + "\n  ]"
        for name, found in sorted(layers.items())
    ]
    body = ",\n".join(lines)
    return f'{{\n "version": {json.dumps(flax.__version__)},\n "layers": {{\n{body}\n }}\n}}\n'


def _layers() -> Iterator[tuple[str, type]]:
    for name in dir(nnx):
        found = getattr(nnx, name)
        if isinstance(found, type) and issubclass(found, nnx.Module):
            yield name, found


def _describe(cls: type) -> list[list[object]]:
    probes = [_state(cls, version) for version in range(VERSIONS)]
    states = [(version, one) for version, one in enumerate(probes) if one is not None]
    if not states:
        return []
    paths = dict.fromkeys(path for _, state in states for path in state)
    switched = dict(_switched(cls, states[0][0]))
    paths.update(dict.fromkeys(path for _, state in switched.values() for path in state if path not in paths))
    return [_variable(cls, path, states, switched) for path in paths]


def _variable(
    cls: type, path: str, states: list[tuple[int, State]], switched: Mapping[str, tuple[object, State]]
) -> list[object]:
    """Its path, type, shape by sizes, dtype, the values that it needs of parameters, whether these are usual."""
    needs = {}
    for name, (value, state) in switched.items():
        default = _default(cls, name)
        if (path in state) != (path in states[0][1]):
            needs[name] = value if path in state else default
    shaped = [(version, state[path]) for version, state in states if path in state]
    held = shaped[0][1] if shaped else next(state[path] for _, state in switched.values() if path in state)
    shape = _fitted(cls, [(version, one.shape) for version, one in shaped]) if len(shaped) == VERSIONS else None
    dtype: str | None = "param_dtype" if held.dtype == "float16" else held.dtype
    if (
        dtype == "float32"
        and "param_dtype" in _parameters(cls)
        and all(one.dtype != "float16" for one in states[0][1].values())
    ):
        dtype = None  # it refused half precision, so what its dtype hangs on was not seen
    return [path, held.type, shape, dtype, needs, path in states[0][1]]


def _parameters(cls: type) -> dict[str, inspect.Parameter]:
    """What its constructor accepts, by what it hands on to that of a base as well."""
    found: dict[str, inspect.Parameter] = {}
    for one in cls.__mro__:
        if "__init__" not in vars(one):
            continue
        own = dict(list(inspect.signature(vars(one)["__init__"]).parameters.items())[1:])
        found = {**own, **found}
        if not any(parameter.kind is parameter.VAR_KEYWORD for parameter in own.values()):
            break
    return found


def _default(cls: type, name: str) -> object:
    default = _parameters(cls)[name].default
    return RATE if name.endswith("rate") else default


def _switched(cls: type, version: int) -> Iterator[tuple[str, tuple[object, State]]]:
    """The state with each switch the other way round; a rate's other way is none."""
    for name, parameter in _parameters(cls).items():
        if isinstance(parameter.default, bool) and name not in MODES | {"rngs"}:
            value: object = not parameter.default
        elif name == "rate" or name.endswith("_rate"):
            value = 0.0
        else:
            continue
        state = _state(cls, version, {name: value})
        if state is not None:
            yield name, (value, state)


def _state(cls: type, version: int, changed: Mapping[str, object] | None = None) -> State | None:
    layer = _built(cls, {**_arguments(cls, version), **(changed or {})})
    return _held(layer, set(_parameters(cls))) if layer is not None else None


def _arguments(cls: type, version: int) -> dict[str, object]:
    arguments: dict[str, object] = {}
    for name, parameter in _parameters(cls).items():
        if name == "rngs":
            arguments[name] = nnx.Rngs(0)
        elif name in SIZES:
            arguments[name] = SIZES[name][version]
        elif name in TUPLES:
            arguments[name] = TUPLES[name][version]
        elif name == "param_dtype":
            arguments[name] = jnp.float16
        elif name == "rate" or name.endswith("_rate"):
            arguments[name] = RATE
        elif name in REQUIRED_ARGUMENTS and parameter.default is parameter.empty:
            arguments[name] = REQUIRED_ARGUMENTS[name]()
    return arguments


def _held(layer: object, given: set[str]) -> State:
    found = {}
    for path, variable in nnx.to_flat_state(nnx.state(layer)):
        # What a layer was given holds its own Variables; in names that are no attributes nobody can look.
        if (str(path[0]) in given and path[0] != "rngs") or not isinstance(variable, nnx.Variable):
            continue
        if all(isinstance(part, str) for part in path):
            value = variable.get_value() if hasattr(variable, "get_value") else variable.value
            dtype = "key<fry>" if isinstance(variable, nnx.RngKey) else str(value.dtype)
            found["/".join(map(str, path))] = Held(f"flax.nnx.{type(variable).__name__}", tuple(value.shape), dtype)
    return found


def _built(cls: type, arguments: Mapping[str, object]) -> object:
    """The layer; where it refuses half precision, with its usual one; `None` where no recipe fits."""
    usual = {name: value for name, value in arguments.items() if name != "param_dtype"}
    for given in (arguments, usual):
        try:
            return cls(**given)
        except Exception as error:  # noqa: BLE001 - any layer may refuse a recipe in its own way
            failure = error
    sys.stderr.write(f"not built: {cls.__name__}: {failure}\n")
    return None


def _fitted(cls: type, seen: list[tuple[int, tuple[int, ...]]]) -> list[str] | None:
    """The shape by the layer's sizes, where one expression for each axis holds in all versions."""
    if len({len(shape) for _, shape in seen}) != 1:
        return None
    parameters = _parameters(cls)
    sizes = [name for name in SIZES if name in parameters]
    tuples = [name for name in TUPLES if name in parameters]
    axes: list[str] = []
    rest = [shape for _, shape in seen]
    while rest[0]:
        placed = [(version, shape) for (version, _), shape in zip(seen, rest, strict=True)]
        star = next((name for name in tuples if all(_starts(shape, name, version) for version, shape in placed)), None)
        if star is not None:
            axes.append(f"*{star}")
            rest = [shape[len(TUPLES[star][0]) :] for shape in rest]
            continue
        axis = _axis(sizes, [(version, shape[0]) for version, shape in placed])
        if axis is None:
            return None
        axes.append(axis)
        rest = [shape[1:] for shape in rest]
    return axes


def _starts(shape: tuple[int, ...], name: str, version: int) -> bool:
    wanted = TUPLES[name][version]
    return shape[: len(wanted)] == wanted


def _axis(sizes: list[str], seen: list[tuple[int, int]]) -> str | None:
    for name in sizes:
        if all(SIZES[name][version] == size for version, size in seen):
            return name
    for name, factor in itertools.product(sizes, (2, 3, 4)):
        if all(factor * SIZES[name][version] == size for version, size in seen):
            return f"{factor}*{name}"
    for name, other in itertools.permutations(sizes, 2):
        if all(SIZES[name][version] == size * SIZES[other][version] for version, size in seen):
            return f"{name}//{other}"
    constants = {size for _, size in seen}
    return str(constants.pop()) if len(constants) == 1 else None


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    sys.exit(main(sys.argv[1:]))
