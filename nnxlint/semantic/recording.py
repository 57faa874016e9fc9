"""Runs of functions: what one depends on, gathered while it runs, and what it did."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from nnxlint.semantic.facts import ClassDecl, FunctionDecl
from nnxlint.semantic.frames import Frame
from nnxlint.semantic.observe import LayerUse, Log, Noise
from nnxlint.semantic.values import Record, Value

Declared: TypeAlias = FunctionDecl | ClassDecl
Reads = dict[int, tuple[Record | None, int]]


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """A run of a function that has ended: what it looked at, what it changed, and what it gave."""

    context: int
    serial: int
    epoch: int
    reads: Mapping[int, Record | None]
    outer: Mapping[tuple[Frame, str], Value | None]
    changes: Mapping[int, Record]
    value: Value
    trains: bool
    touched: frozenset[Declared]
    uses: tuple[LayerUse, ...] = ()


@dataclass(slots=True, eq=False)
class Recording:
    """One run being watched: frames numbered below `serial` are outside of it.

    `level`: how many functions were running when it began; `outer`: the variables of enclosing functions that
    were looked at (`None` where there was none of that name); `valid`: whether it depended on nothing else.
    """

    serial: int
    level: int
    noise: Noise
    saved_reads: Reads | None
    saved_since: int
    reads: Reads = field(default_factory=dict)
    outer: dict[tuple[Frame, str], Value | None] = field(default_factory=dict)
    valid: bool = True

    def note_outer(self, frame: Frame, name: str, value: Value | None) -> None:
        """Remember that a variable of an enclosing function was looked at."""
        if frame.serial < self.serial:
            self.outer.setdefault((frame, name), value)


@dataclass(slots=True, eq=False)
class Segment:
    """What one part of the project showed, run by itself: a top level, a root, or the making of a made-up object.

    `touched`: the declarations that it looked at. It shows the same again unless one of these changes, or what is on
    the heap without it. `worn`: how many functions had run too often by then.
    """

    log: Log
    touched: set[Declared] = field(default_factory=set)
    worn: int = 0
    _files: frozenset[str] | None = None

    @property
    def files(self) -> frozenset[str]:
        """The files whose declarations it looked at, once it has ended."""
        if self._files is None:
            self._files = frozenset(decl.path for decl in self.touched)
        return self._files
