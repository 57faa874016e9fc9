"""All that can be reached from some objects: Variables and arrays by path, and what the rest looks like.

Flax's own split would do for modules, but programs also keep state in plain objects, closures and lists, and two
loadings of one program have different functions and classes. So the walk is ours, and everything gets a path and a text
that is equal for equal things.
"""

import collections
import dataclasses
import functools
import sys
import types
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

import jax
import numpy as np
from flax import nnx

from nnxlint.verify.child import variables
from nnxlint.verify.child.fingerprint import data_text, fingerprint

# Bookkeeping of NNX and Python that says nothing about a program.
HIDDEN = frozenset({"_pytree__state", "_object__state", "_object__nodes_attributes", "__dict__", "__weakref__"})
FOREIGN = sys.stdlib_module_names | {"jax", "jaxlib", "numpy", "tensorflow", "torch", "tqdm", "rich"}
MAX_ENTRIES = 200_000


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """What stands at a path. A difference of `data` is one that a program can see; of `code`, maybe one of spelling."""

    kind: str
    text: str


@dataclasses.dataclass(frozen=True, slots=True)
class Reach:
    """What was reached: entries by path, arrays (traced ones, too) and Variables by the first path that led to them."""

    entries: dict[str, Entry] = dataclasses.field(default_factory=dict)
    arrays: dict[str, jax.Array] = dataclasses.field(default_factory=dict)
    variables: dict[str, nnx.Variable[Any]] = dataclasses.field(default_factory=dict)
    seen: dict[int, tuple[str, object]] = dataclasses.field(default_factory=dict)


def reach(roots: Mapping[str, object]) -> Reach:
    """Walk from the roots, in their order, which names what several of them share."""
    found = Reach()
    for name, value in roots.items():
        _walk(value, name, found)
    return found


def variable_leaves(path: str, variable: nnx.Variable[Any]) -> tuple[list[tuple[str, object]], Any]:
    """The leaves of what a Variable holds, by path, and how they are put together again."""
    pairs, structure = jax.tree_util.tree_flatten_with_path(variables.raw_value(variable))
    return [(f"{path}{jax.tree_util.keystr(keys)}", leaf) for keys, leaf in pairs], structure


def is_array(value: object) -> bool:
    """Whether the value is an array, traced or not."""
    return isinstance(value, jax.Array | np.ndarray)


def _walk(value: object, path: str, found: Reach) -> None:
    text = data_text(value)
    if text is not None:
        found.entries[path] = Entry("data", text)
    elif is_array(value):
        _add_array(cast("jax.Array", value), path, found)
    elif isinstance(value, jax.ShapeDtypeStruct):
        found.entries[path] = Entry("data", f"abstract {value.dtype}{list(value.shape)}")
    elif id(value) in found.seen:
        if not isinstance(value, types.FunctionType | tuple):
            found.entries[path] = Entry("data", f"is {found.seen[id(value)][0]}")
    elif len(found.entries) < MAX_ENTRIES:
        found.seen[id(value)] = (path, value)
        _compound(value, path, found)


def _add_array(value: jax.Array, path: str, found: Reach) -> None:
    found.arrays[path] = value
    found.entries[path] = Entry("data", f"{value.dtype}{list(value.shape)}")


def _compound(value: object, path: str, found: Reach) -> None:
    match value:
        case nnx.Variable():
            _variable(value, path, found)
        case types.FunctionType() | types.MethodType() | functools.partial():
            _function(value, path, found)
        case tuple() | list() | collections.deque():
            names = getattr(value, "_fields", range(len(value)))
            _parts(zip(names, value, strict=True), path, f"{_kind(value)} of {len(value)}", found)
        case Mapping():
            items = sorted(value.items(), key=lambda item: str(item[0]))
            _parts(items, path, f"{_kind(value)} {[str(key) for key, _ in items]}", found)
        case set() | frozenset():
            texts = sorted(data_text(each) or _kind(each) for each in value)
            found.entries[path] = Entry("data", f"{_kind(value)} {texts}")
        case _ if callable(value) and hasattr(value, "__wrapped__") and not isinstance(value, nnx.Module):
            found.entries[path] = Entry("code", _kind(value))
            _walk(value.__wrapped__, f"{path}.__wrapped__", found)
        case _:
            attributes = dict(_attributes(value))
            if attributes and _is_known(value):
                _parts(sorted(attributes.items()), path, f"{_kind(value)} {sorted(attributes)}", found)
            else:
                found.entries[path] = Entry("code", _kind(value))


def _parts(parts: Iterable[tuple[object, object]], path: str, text: str, found: Reach) -> None:
    found.entries[path] = Entry("data", text)
    for name, part in parts:
        _walk(part, f"{path}.{name}", found)


def _variable(variable: nnx.Variable[Any], path: str, found: Reach) -> None:
    """A Variable: its type and metadata, and the arrays that it holds."""
    found.variables[path] = variable
    metadata = variables.metadata(variable)
    found.entries[path] = Entry("data", f"{_kind(variable)} {sorted(metadata)}")
    for name, value in sorted(metadata.items()):
        _walk(value, f"{path}@{name}", found)
    leaves, structure = variable_leaves(path, variable)
    found.entries[f"{path}@holds"] = Entry("data", str(structure))
    for leaf_path, leaf in leaves:
        if is_array(leaf):
            found.arrays[leaf_path] = cast("jax.Array", leaf)
            found.entries[f"{leaf_path}@value"] = Entry("data", _aval(cast("jax.Array", leaf)))
        else:
            _walk(leaf, f"{leaf_path}@value", found)


def _aval(value: jax.Array) -> str:
    return f"{value.dtype}{list(value.shape)}"


def _function(value: object, path: str, found: Reach) -> None:
    """The code of a function, and the objects that it closes over."""
    found.entries[path] = Entry("code", fingerprint(value, strict=False))
    match value:
        case types.MethodType():
            _walk_objects([("__self__", value.__self__)], path, found)
        case functools.partial():
            _walk(value.func, f"{path}.func", found)
            _walk_objects(enumerate(value.args), path, found)
            _walk_objects(value.keywords.items(), path, found)
        case types.FunctionType():
            cells = zip(value.__code__.co_freevars, value.__closure__ or (), strict=False)
            _walk_objects([(name, _contents(cell)) for name, cell in cells], path, found)
        case _:
            pass


def _walk_objects(parts: Iterable[tuple[object, object]], path: str, found: Reach) -> None:
    """Walk what the code of a function does not tell: objects and arrays, no plain data."""
    for name, part in parts:
        if data_text(part) is None:
            _walk(part, f"{path}<{name}>", found)


def _contents(cell: types.CellType) -> object:
    try:
        return cell.cell_contents
    except ValueError:  # not yet bound
        return None


def _attributes(value: object) -> Iterator[tuple[str, object]]:
    for name, part in getattr(value, "__dict__", {}).items():
        if name not in HIDDEN:
            yield name, part
    for kind in type(value).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name not in HIDDEN and hasattr(value, name):
                yield name, getattr(value, name)


def _is_known(value: object) -> bool:
    """Whether the value is an object of a program or of a library whose objects are made of plain parts."""
    root = type(value).__module__.partition(".")[0]
    made_of_parts = isinstance(value, nnx.Module | types.SimpleNamespace) or dataclasses.is_dataclass(value)
    return made_of_parts or root not in FOREIGN


def _kind(value: object) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}"
