"""Records: what the heap holds under the number of an object. Frozen, and replaced when the program changes them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from nnxlint.semantic.values.kinds import ClassRef, External, Literal, Place, Value


@dataclass(frozen=True, slots=True)
class Instance:
    """An object with attributes: of a project class or of a library's.

    `tags`: ``given`` (made up for a parameter: mode and identity unknown), ``clone``, ``abstract``
    (inside `nnx.eval_shape`), ``loop`` (made in a loop: stands for several), ``open`` (may have more attributes),
    ``mode-set`` (`.eval()` or a relative was called on it), ``own-model`` (an optimizer that was given its `model`),
    ``mapped`` (made under `nnx.vmap` or a relative; only in a run that is watched).
    """

    cls: ClassRef | External
    attrs: Mapping[str, Value]
    place: Place
    tags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list (or `nnx.List`): its known elements, and what further elements may be."""

    items: tuple[Value, ...]
    rest: Value | None
    place: Place


@dataclass(frozen=True, slots=True)
class Dictionary:
    """A dict (or `nnx.Dict`): values by literal key, and what other keys may hold."""

    items: Mapping[Literal, Value]
    rest: Value | None
    place: Place


Record: TypeAlias = Instance | Sequence | Dictionary
