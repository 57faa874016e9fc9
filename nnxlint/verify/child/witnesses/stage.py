"""Where witnesses watch: a case's objects, really made, and the calls that the case names, really made."""

import contextlib
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from nnxlint.verify.child.case import Scope, call, concrete_inputs, make_objects
from nnxlint.verify.child.loading import LoadedProgram
from nnxlint.verify.child.reach import reach
from nnxlint.verify.protocol import Case, Probe
from nnxlint.verify.tolerances import tolerance_of

SEED = 0

Numbers = Mapping[str, np.ndarray[Any, Any]]


@dataclass(frozen=True, slots=True)
class Stage:
    """A program with the objects of a case, and its calls as they change these objects."""

    program: LoadedProgram
    case: Case
    scope: Scope

    def run(self, probe: Probe) -> object:
        """What the probe's call gives; whatever it raises is raised."""
        return call(self.program, probe, self.scope)

    def run_all(self, probes: Iterable[Probe]) -> list[object]:
        """What the calls give, one after the other."""
        return [self.run(probe) for probe in probes]

    def find(self, name: str) -> Any:  # noqa: ANN401 - whatever the program calls so
        """An object of the case, or a name of the program."""
        return self.scope[name] if name in self.scope else self.program.find(name, self.scope)

    def file(self, name: str) -> Path:
        """Where the case's calls find the file that a constant names: by its full path, below our folder."""
        path = Path.cwd() / str(self.case.constants[name])
        self.scope[name] = str(path)
        return path

    def state(self, probes: Iterable[Probe] = ()) -> Numbers:
        """The numbers in the case's objects by path, or in those that the calls are given, where there are calls."""
        named = {name for probe in probes for name in (*probe.arguments, *probe.keywords.values())}
        return numbers_in({name: self.scope[name] for name in self.case.objects if not named or name in named})

    def variables(self) -> Mapping[str, "nnx.Variable[Any]"]:
        """The Variables in all objects of the case, by path."""
        return reach({name: self.scope[name] for name in self.case.objects}).variables


@contextlib.contextmanager
def staged(program: LoadedProgram, case: Case, seed: int = SEED) -> Iterator[Stage]:
    """Make the case's objects; within this, the program is active and the working directory is empty and our own."""
    with program.active(), _empty_folder():
        yield Stage(program, case, make_objects(program, case, concrete_inputs(case, seed)))


def watched(case: Case) -> tuple[Probe, ...]:
    """The calls that the witness is about: those that belong to no frame."""
    found = tuple(probe for probe in case.probes if not probe.frame)
    if not found:
        message = "the case names no call for the witness to watch"
        raise LookupError(message)
    return found


def framed(case: Case) -> tuple[Probe, ...]:
    """The calls that the repair must leave as they were."""
    return tuple(probe for probe in case.probes if probe.frame)


def option(options: Mapping[str, str], name: str) -> str:
    """An option that the witness needs."""
    if name not in options:
        message = f"the witness needs the option `{name}`"
        raise LookupError(message)
    return options[name]


def numbers_in(values: Mapping[str, object]) -> Numbers:
    """All arrays that can be reached, by path, as NumPy has them; keys by their bits, scalars as arrays."""
    scalars = {name: np.asarray(value) for name, value in values.items() if isinstance(value, int | float)}
    arrays = {path: as_numpy(value) for path, value in reach(values).arrays.items()}
    return {**arrays, **scalars}


def as_numpy(value: Any) -> np.ndarray[Any, Any]:  # noqa: ANN401 - any array
    """The array as a NumPy array of its own; a key as its bits."""
    if isinstance(value, jax.Array) and jnp.issubdtype(value.dtype, jax.dtypes.prng_key):
        value = jax.random.key_data(value)
    return np.array(value)


def is_random(array: np.ndarray[Any, Any]) -> bool:
    """Whether the array looks drawn: of floating-point numbers, not all of which are equal."""
    return bool(jnp.issubdtype(array.dtype, jnp.floating)) and array.size > 1 and bool(np.any(array != array.flat[0]))


def changed(before: Numbers, after: Numbers) -> list[str]:
    """The paths whose numbers differ, or that only one side has."""
    paths = dict.fromkeys((*before, *after))
    return [path for path in paths if not (path in before and path in after and same(before[path], after[path]))]


def same(left: np.ndarray[Any, Any], right: np.ndarray[Any, Any]) -> bool:
    """Whether two arrays are equal, bit by bit but for NaNs."""
    return (
        left.shape == right.shape
        and left.dtype == right.dtype
        and bool(np.array_equal(left, right, equal_nan=_nans(left)))
    )


def close(left: np.ndarray[Any, Any], right: np.ndarray[Any, Any]) -> bool:
    """Whether two arrays are equal but for how compiled and other code round."""
    allowed = tolerance_of(left.dtype.name, jax.default_backend())
    size = float(np.abs(left.astype(np.float64)).max(initial=0.0))
    return distance(left, right) <= allowed.absolute + allowed.relative * size


def distance(left: np.ndarray[Any, Any], right: np.ndarray[Any, Any]) -> float:
    """The largest difference of two arrays; infinite where their shapes differ."""
    if left.shape != right.shape:
        return float("inf")
    if not left.size:
        return 0.0
    return float(np.max(np.abs(left.astype(np.float64) - right.astype(np.float64))))


def correlation(left: np.ndarray[Any, Any], right: np.ndarray[Any, Any]) -> float:
    """How far the numbers of two arrays go together, from -1 to 1."""
    size = min(left.size, right.size)
    return float(np.corrcoef(left.ravel()[:size], right.ravel()[:size])[0, 1])


def listed(names: Iterable[str], most: int = 3) -> str:
    """A few names in a row, and how many more there are."""
    every = [f"`{name}`" for name in names]
    rest = len(every) - most
    return ", ".join(every[:most]) + (f" and {rest} more" if rest > 0 else "")


def _nans(array: np.ndarray[Any, Any]) -> bool:
    return bool(jnp.issubdtype(array.dtype, jnp.inexact))


@contextlib.contextmanager
def _empty_folder() -> Iterator[None]:
    before = Path.cwd()
    with tempfile.TemporaryDirectory(prefix="nnxlint-") as name:
        os.chdir(name)
        try:
            yield
        finally:
            os.chdir(before)
