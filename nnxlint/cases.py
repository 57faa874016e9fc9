"""What settings say of how `nnxlint verify` runs the user's code: cases as written, and the same checked."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from nnxlint.errors import NnxlintError

DTYPES = frozenset(
    """float64 float32 float16 bfloat16 int64 int32 int16 int8 uint32 uint16 uint8 bool complex64 key""".split()
)
TARGET_PATTERN = r"[A-Za-z_][\w.]*:[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)?"
_TARGET = re.compile(TARGET_PATTERN)


class InputConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One array: its shape, its dtype, and for integers the bound below which its values lie."""

    shape: Annotated[tuple[int, ...], Meta(description="the size of each axis")]
    dtype: Annotated[str, Meta(description="the type of its numbers, as JAX names it; `key` for a random key")] = (
        "float32"
    )
    below: Annotated[int | None, Meta(description="for integers: their values are below this")] = None


class CaseConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One case, as it is written."""

    target: Annotated[str, Meta(description="a function or a class, as `MODULE:NAME`")]
    arguments: Annotated[
        dict[str, int | float | bool | str | list[int | float | bool | str]],
        Meta(description="what it is called with; of a class, its constructor"),
    ] = {}
    inputs: Annotated[
        dict[str, InputConfig],
        Meta(description="arrays, by the parameter that takes them, or `batch.image` for what one holds under a key"),
    ] = {}
    method: Annotated[str | None, Meta(description="of a class: the method to call, by default `__call__`")] = None


class VerifyConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The settings of `nnxlint verify`, as they are written."""

    entries: Annotated[str | None, Meta(description="a Python file whose functions run the code")] = None
    case: Annotated[tuple[CaseConfig, ...], Meta(description="how functions and classes are called")] = ()


NESTED: Mapping[str, Sequence[str]] = {
    "verify": VerifyConfig.__struct_fields__,
    "verify.case": CaseConfig.__struct_fields__,
    "verify.case.inputs": InputConfig.__struct_fields__,
}
"""The keys of each table of these settings."""


@dataclass(frozen=True, slots=True)
class Named:
    """A function, class or method by the dotted name of its module and its name in there."""

    module: str
    name: str

    def __str__(self) -> str:
        """Give it as it is written in settings."""
        return f"{self.module}:{self.name}"


@dataclass(frozen=True, slots=True)
class DeclaredInput:
    """One array of a declared case."""

    shape: tuple[int, ...]
    dtype: str
    below: int | None


@dataclass(frozen=True, slots=True)
class DeclaredCase:
    """A case that the settings declare.

    `target` is a function or a class; of a class, `arguments` are its constructor's, and `method` is called. `inputs`
    are arrays by the name of a parameter, or `batch.image` for what a parameter holds under a key.
    """

    target: Named
    arguments: Mapping[str, object] = field(default_factory=dict)
    inputs: Mapping[str, DeclaredInput] = field(default_factory=dict)
    method: str = "__call__"


@dataclass(frozen=True, slots=True)
class DeclaredCases:
    """All that the settings say: cases, and the file whose functions are entries."""

    cases: tuple[DeclaredCase, ...] = ()
    entries: Path | None = None


NO_CASES = DeclaredCases()


def declared_cases(written: VerifyConfig, root: Path) -> DeclaredCases:
    """Check what is written; `NnxlintError` without a place when it is wrong. Paths count from the root."""
    entries = None if written.entries is None else root / written.entries
    if entries is not None and entries.suffix != ".py":
        message = f"`verify`: `entries` names {written.entries!r}, which is no Python file"
        raise NnxlintError(message)
    return DeclaredCases(tuple(map(_case, written.case)), entries)


def _case(written: CaseConfig) -> DeclaredCase:
    inputs = {name: _input(written.target, name, each) for name, each in written.inputs.items()}
    method = written.method or "__call__"
    if not method.isidentifier():
        message = f"`verify`: {written.method!r} is no name of a method"
        raise NnxlintError(message)
    return DeclaredCase(_named(written.target), dict(written.arguments), inputs, method)


def _named(text: str) -> Named:
    if not _TARGET.fullmatch(text):
        message = f"`verify`: `target` is {text!r}, and not MODULE:NAME, such as `shop.train:train_step`"
        raise NnxlintError(message)
    module, _, name = text.partition(":")
    return Named(module, name)


def _input(target: str, name: str, written: InputConfig) -> DeclaredInput:
    problem = None
    if written.dtype not in DTYPES:
        problem = f"has the dtype {written.dtype!r}, which is none of {', '.join(sorted(DTYPES))}"
    elif any(size < 0 for size in written.shape):
        problem = f"has a size below zero: {list(written.shape)}"
    elif written.below is not None and written.below < 1:
        problem = f"has no values below {written.below}"
    if problem is not None:
        message = f"`verify`: the input `{name}` of {target} {problem}"
        raise NnxlintError(message)
    return DeclaredInput(written.shape, written.dtype, written.below)
