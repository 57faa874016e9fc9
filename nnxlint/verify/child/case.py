"""Make what a case names: its inputs, concretely from a seed or as shapes, and its objects; and make its calls."""

import zlib
from collections.abc import Callable, Mapping
from typing import Any, cast

import jax
import jax.numpy as jnp
import numpy as np

from nnxlint.verify.child.loading import LoadedProgram, LoadError
from nnxlint.verify.protocol import ArraySpec, Case, Maker, Probe

DEFAULT_BELOW = 2  # integers are often class labels: two classes always exist

Scope = dict[str, object]


def abstract_inputs(case: Case) -> dict[str, jax.ShapeDtypeStruct]:
    """The shapes and dtypes of the inputs, by name."""
    return {name: _abstract(spec) for name, spec in case.inputs.items()}


def concrete_inputs(case: Case, seed: int) -> dict[str, jax.Array]:
    """Inputs by name, with values that depend on the seed, their name and shape only."""
    return {
        name: _concrete(spec, np.random.default_rng([seed, zlib.crc32(name.encode())]))
        for name, spec in case.inputs.items()
    }


def make_objects(program: LoadedProgram, case: Case, inputs: Mapping[str, object]) -> Scope:
    """Make the case's objects in order; whatever a maker raises is raised.

    Gives the scope of the case's calls: objects, constants, and inputs, those named `batch.x` as a dict `batch`.
    """
    scope: Scope = {**case.constants, **_grouped(inputs)}
    for name, maker in case.objects.items():
        scope[name] = call(program, maker, scope)
    return scope


def object_names(case: Case) -> tuple[str, ...]:
    """The names of what a probe can change: the objects, in the order of making."""
    return tuple(case.objects)


def call(program: LoadedProgram, what: Maker | Probe, scope: Scope) -> object:
    """Call what a maker or a probe names, with what its arguments name in the scope; its result."""
    function = program.find(what.call, scope)
    if not callable(function):
        message = f"`{what.call}` is no callable"
        raise LoadError(message)
    arguments = [_argument(name, scope) for name in what.arguments]
    keywords = {key: _argument(name, scope) for key, name in what.keywords.items()}
    return cast("Callable[..., object]", function)(*arguments, **keywords)


def _argument(name: str, scope: Scope) -> object:
    if name not in scope:
        message = f"the case has no `{name}`"
        raise LoadError(message)
    return scope[name]


def _grouped(inputs: Mapping[str, object]) -> Scope:
    """Inputs by name, where `batch.x` is the entry `x` of the dict `batch`."""
    scope: Scope = {}
    for name, value in inputs.items():
        *groups, last = name.split(".")
        place = scope
        for group in groups:
            place = cast("Scope", place.setdefault(group, {}))
        place[last] = value
    return scope


def _abstract(spec: ArraySpec) -> jax.ShapeDtypeStruct:
    if spec.dtype == "key":
        return jax.ShapeDtypeStruct(spec.shape, jax.random.key(0).dtype)  # type: ignore[no-untyped-call]
    return jax.ShapeDtypeStruct(spec.shape, jnp.dtype(spec.dtype))  # type: ignore[no-untyped-call]


def _concrete(spec: ArraySpec, rng: np.random.Generator) -> jax.Array:
    if spec.dtype == "key":
        seed = int(rng.integers(2**31))
        return jax.random.key(seed) if not spec.shape else jax.random.split(jax.random.key(seed), spec.shape)
    dtype: Any = jnp.dtype(spec.dtype)
    if jnp.issubdtype(dtype, jnp.inexact):
        return jnp.asarray(rng.normal(size=spec.shape), dtype)
    if dtype == jnp.bool_:
        return jnp.asarray(rng.integers(2, size=spec.shape), dtype)
    return jnp.asarray(rng.integers(spec.below or DEFAULT_BELOW, size=spec.shape), dtype)
