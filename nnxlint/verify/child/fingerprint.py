"""Are two functions of two loadings the same code? By a text that is equal for equal code, constants and closures."""

import dataclasses
import enum
import functools
import hashlib
import sys
import types
from collections.abc import Iterator, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax.sharding import PartitionSpec

from nnxlint.verify.child.rows import RECORDER, Recorder

# What jax wraps around a rule of derivation before it becomes a parameter, and where the rule lies in it.
PLUMBING = frozenset({"fn", "jvp", "jvps", "fwd", "bwd"})
PLUMBERS = frozenset({"jax._src.linear_util", "jax._src.interpreters.partial_eval", "jax._src.custom_derivatives"})
LIBRARIES = frozenset({"jax", "jaxlib", "flax", "optax", "numpy", "orbax", "chex", "einops"})
PLAIN = (type(None), bool, int, float, complex, str, bytes, type(...), slice, range, enum.Enum, PartitionSpec)


class OpaqueError(Exception):
    """What is compared depends on a value that no text stands for; the message says on what."""


def data_text(value: object) -> str | None:
    """A text that stands for a plain value, equal for equal ones; None for anything else."""
    if isinstance(value, np.integer | np.floating | np.bool_):
        return repr(value.item())
    if isinstance(value, enum.Enum):
        return f"{type(value).__qualname__}.{value.name}"
    if isinstance(value, PLAIN):
        return repr(value)
    if isinstance(value, np.dtype) or (isinstance(value, type) and value.__module__ in {"numpy", "jax.numpy"}):
        return _dtype_text(value)
    if isinstance(value, type):
        return f"{value.__module__}.{value.__qualname__}"
    return None


def fingerprint(value: object, *, strict: bool = True) -> str:
    """The text of a function, or of any value that one closes over.

    `OpaqueError` where it depends on a traced array or an object; with `strict` false, these count by their type alone.
    """
    text = "".join(_Reader(strict, {}).parts(value))
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def _dtype_text(value: Any) -> str:  # noqa: ANN401 - whatever names a dtype
    try:
        return f"dtype {jnp.dtype(value).name}"
    except TypeError:
        return repr(value)


@dataclasses.dataclass(frozen=True, slots=True)
class _Reader:
    """Reads a value into parts of a text; `seen` numbers what is being read, so that circles end."""

    strict: bool
    seen: dict[int, int]

    def parts(self, value: object) -> Iterator[str]:
        text = data_text(value)
        if text is not None:
            yield f"({text})"
        elif id(value) in self.seen:
            yield f"(again {self.seen[id(value)]})"
        else:
            self.seen[id(value)] = len(self.seen)
            yield from self._compound(value)

    def _compound(self, value: object) -> Iterator[str]:
        match value:
            case types.FunctionType():
                yield from self._function(value)
            case types.MethodType():
                yield from (*self.parts(value.__func__), *self.parts(value.__self__))
            case types.BuiltinFunctionType() | types.ModuleType():
                yield f"({getattr(value, '__module__', '')} {getattr(value, '__qualname__', value.__name__)})"
            case types.CodeType():
                yield from self._code(value)
            case functools.partial():
                yield from (*self.parts(value.func), *self.parts(value.args), *self.parts(value.keywords))
            case tuple() | list() | Mapping() | set() | frozenset():
                yield from self._collection(value)
            case _:
                yield from self._object(value)

    def _collection(self, value: object) -> Iterator[str]:
        match value:
            case tuple() | list():
                yield f"({type(value).__qualname__} {len(value)}"
                for each in value:
                    yield from self.parts(each)
                yield ")"
            case Mapping():
                yield f"({type(value).__qualname__} {len(value)}"
                for key in sorted(value, key=str):
                    yield from (*self.parts(key), *self.parts(value[key]))
                yield ")"
            case set() | frozenset():
                yield f"(set {sorted(''.join(self.parts(each)) for each in value)})"
            case _:
                return

    def _object(self, value: object) -> Iterator[str]:
        kind = f"{type(value).__module__}.{type(value).__qualname__}"
        wrapped = getattr(value, "__wrapped__", None)
        if kind.endswith("linear_util.WrappedFun"):
            plain: Any = value
            functions = (part for pair in plain.transforms for part in (pair[0], *_rules(pair[1])))
            yield from (*self.parts(plain.f), *(text for each in functions for text in self.parts(each)))
        elif wrapped is not None and callable(value) and not isinstance(value, nnx.Module):
            yield from (f"({kind})", *self.parts(wrapped))
        elif isinstance(value, np.ndarray | jax.Array) and not isinstance(value, jax.core.Tracer):
            yield array_text(value)
        elif dataclasses.is_dataclass(value) and not isinstance(value, type) and not isinstance(value, nnx.Module):
            yield f"({kind}"
            for each in dataclasses.fields(value):
                yield from (each.name, *self.parts(getattr(value, each.name, None)))
            yield ")"
        elif self.strict and not kind.startswith("jax._src.custom_derivatives"):
            message = f"a function that depends on a {type(value).__qualname__}"
            raise OpaqueError(message)
        else:
            yield f"({kind})"

    def _function(self, value: types.FunctionType) -> Iterator[str]:
        """The code of a function of the program, the name of one of a library, and what both close over."""
        library = _is_library(value)
        if library:
            yield f"({value.__module__}.{value.__qualname__}:{value.__code__.co_firstlineno}"
        else:
            yield "(function"
            yield from self.parts(_plain_code(value))
            yield from (*self.parts(value.__defaults__), *self.parts(value.__kwdefaults__))
            yield from self._globals(value)
        for name, cell in zip(value.__code__.co_freevars, value.__closure__ or (), strict=False):
            if value.__module__ not in PLUMBERS or name in PLUMBING:
                yield from self.parts(_contents(cell))
        yield ")"

    def _globals(self, function: types.FunctionType) -> Iterator[str]:
        for name in sorted(_names(_plain_code(function))):
            if name in function.__globals__:
                yield f"[{name}]"
                yield from self.parts(function.__globals__[name])

    def _code(self, code: types.CodeType) -> Iterator[str]:
        yield f"<{code.co_code.hex()} {code.co_names} {code.co_argcount} {code.co_kwonlyargcount}"
        for each in code.co_consts:
            yield from self.parts(each)
        yield ">"


def _rules(arguments: object) -> Iterator[object]:
    if isinstance(arguments, tuple):
        yield from (each for each in arguments if isinstance(each, types.FunctionType) and not _is_library(each))


def _is_library(function: types.FunctionType) -> bool:
    root = (function.__module__ or "").partition(".")[0]
    return root in LIBRARIES or root in sys.stdlib_module_names


def _plain_code(function: types.FunctionType) -> types.CodeType:
    """The code of a function without what notes that its statements are run."""
    recorder = function.__globals__.get(RECORDER)
    code = function.__code__
    return recorder.originals.get(code, code) if isinstance(recorder, Recorder) else code


def _names(code: types.CodeType) -> set[str]:
    inner = (each for each in code.co_consts if isinstance(each, types.CodeType))
    return set(code.co_names).union(*map(_names, inner))


def _contents(cell: types.CellType) -> object:
    try:
        return cell.cell_contents
    except ValueError:
        return None


def array_text(value: np.ndarray[Any, Any] | jax.Array) -> str:
    """A text that stands for a concrete array: its dtype, shape and bytes."""
    if isinstance(value, jax.Array) and jnp.issubdtype(value.dtype, jax.dtypes.prng_key):
        return f"{jax.random.key_impl(value)}{array_text(np.asarray(jax.random.key_data(value)))}"
    array = np.asarray(value)
    digest = hashlib.blake2b(np.ascontiguousarray(array).tobytes(), digest_size=16).hexdigest()
    return f"({array.dtype.name}{list(array.shape)} {digest})"
