"""Run two programs on numbers and compare all that they give: for what cannot be proved."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from nnxlint.verify.child.case import concrete_inputs
from nnxlint.verify.child.loading import LoadedProgram
from nnxlint.verify.child.reach import reach
from nnxlint.verify.child.trace import (
    Arrays,
    Notes,
    Trace,
    captured,
    made_objects,
    observed,
    param_paths,
    prepared,
    state_paths,
)
from nnxlint.verify.protocol import Case, Probe
from nnxlint.verify.tolerances import tolerance_of

STEPS = 3
NOISE_FACTOR = 8.0
NOISE_LIMIT = 1e-2  # of the largest magnitude: above it, rounding explains nothing


@dataclass(frozen=True, slots=True)
class Difference:
    """Where numbers differ, and by how much at most."""

    path: str
    largest: float
    one: float
    other: float

    def __str__(self) -> str:
        """As it is told in a reason."""
        return f"`{self.path}` differs by up to {self.largest:.3g} ({self.one:.6g}, {self.other:.6g})"


@dataclass(frozen=True, slots=True)
class Observed:
    """What one step of one probe gave: arrays by path, and the notes."""

    arrays: Arrays
    notes: Notes


Run = Callable[[dict[str, Arrays]], Observed]


def constructed(program: LoadedProgram, case: Case, seed: int = 0) -> tuple[Observed, frozenset[str], frozenset[str]]:
    """Make the objects with numbers; gives all arrays, and the paths of the state and of its Params."""
    notes = Notes()
    with program.active(), captured(notes):
        found = reach(made_objects(case, prepared(program, case, concrete_inputs(case, seed))))
    notes.entries = found.entries
    return Observed(found.arrays, notes), frozenset(state_paths(found)), frozenset(param_paths(found))


def varied(state: Arrays, seed: int) -> Arrays:
    """The state with noise that depends on the seed: floats grow a little, so that variances stay positive.

    Zeros and ones of fresh models hide mistakes; counts stay, keys are replaced.
    """
    rng = np.random.default_rng([seed, 1])
    return {path: _varied(jnp.asarray(value), rng) for path, value in sorted(state.items())}


def eager_run(program: LoadedProgram, case: Case, probe: Probe) -> Run:
    """The probe of a program as a function of the groups `param`, `state` and `input`, run by Python."""

    def run(values: dict[str, Arrays]) -> Observed:
        notes = Notes()
        with program.active(), captured(notes):
            arrays = observed(program, case, probe, values, notes)
        return Observed(arrays, notes)

    return run


def compiled_run(trace: Trace) -> Run:
    """The same from a trace, compiled as a whole."""
    function = jax.jit(lambda flat: jax.core.eval_jaxpr(trace.closed.jaxpr, trace.closed.consts, *flat))

    def run(values: dict[str, Arrays]) -> Observed:
        flat = [values[group][name] for group in sorted(values) for name in sorted(values[group])]
        return Observed(dict(zip(trace.outputs, function(flat), strict=True)), trace.notes)

    return run


def difference(
    before: Arrays, after: Arrays, noise: Callable[[str], float], *, exact: bool = False
) -> Difference | None:
    """The worst difference between two results beyond tolerance; `noise` is what rounding makes of it, by path."""
    platform = jax.devices()[0].platform
    found = [
        _array_difference(path, numbers(before[path]), numbers(after[path]), platform, noise(path), exact=exact)
        for path in before
        if path in after
    ]
    return max((each for each in found if each is not None), key=lambda each: each.largest, default=None)


def rounding(one: Arrays, other: Arrays) -> dict[str, float]:
    """How far two runs of one program are apart, by path."""
    return {
        path: _largest(numbers(one[path]), numbers(other[path]))
        for path in one
        if path in other and np.shape(one[path]) == np.shape(other[path]) and _is_float(numbers(one[path]))
    }


def numbers(value: Any) -> np.ndarray[Any, Any]:  # noqa: ANN401 - an array or a key
    """Give the numbers of an array, those of a key as well."""
    if isinstance(value, jax.Array) and jnp.issubdtype(value.dtype, jax.dtypes.prng_key):
        value = jax.random.key_data(value)
    return np.asarray(value)


def _array_difference(
    path: str, one: np.ndarray[Any, Any], other: np.ndarray[Any, Any], platform: str, noise: float, *, exact: bool
) -> Difference | None:
    if one.shape != other.shape or one.dtype != other.dtype:
        return Difference(path, float("inf"), float(one.size), float(other.size))
    if one.size == 0 or np.array_equal(one, other, equal_nan=_is_float(one)):
        return None
    tolerance = tolerance_of(one.dtype.name, platform)
    wide, width = _wide(one), _wide(other)
    apart = np.abs(wide - width)
    magnitude = np.maximum(np.abs(wide), np.abs(width))
    scale = float(np.nanmax(magnitude, initial=0.0, where=np.isfinite(magnitude)))
    allowed = tolerance.absolute + tolerance.relative * magnitude + min(NOISE_FACTOR * noise, NOISE_LIMIT * scale)
    agree = (apart == 0) | (np.isnan(wide) & np.isnan(width)) | (wide == width)
    wrong = ~agree if exact or not _is_float(one) else ~(agree | (apart <= allowed))
    if not wrong.any():
        return None
    worst = np.unravel_index(int(np.argmax(np.where(wrong, np.nan_to_num(apart, nan=np.inf), -1.0))), one.shape)
    return Difference(path, float(apart[worst]), float(wide[worst].real), float(width[worst].real))


def _varied(value: jax.Array, rng: np.random.Generator) -> jax.Array:
    if jnp.issubdtype(value.dtype, jax.dtypes.prng_key):
        keys = jax.random.key(int(rng.integers(2**31)), impl=jax.random.key_impl(value))
        return keys if value.shape == () else jax.random.split(keys, value.shape)
    if not jnp.issubdtype(value.dtype, jnp.inexact):
        return value
    noise = 0.1 * rng.uniform(size=value.shape)
    return (value + jnp.asarray(noise, value.dtype) * (1 + jnp.abs(value))).astype(value.dtype)


def _wide(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return array.astype(np.complex128 if np.iscomplexobj(array) else np.float64)


def _is_float(array: np.ndarray[Any, Any]) -> bool:
    return bool(jnp.issubdtype(array.dtype, jnp.inexact))


def _largest(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> float:
    apart = np.abs(_wide(one) - _wide(other))
    return float(np.nanmax(apart, initial=0.0, where=np.isfinite(apart)))
