"""Joining what different paths of a program leave behind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nnxlint.semantic.frames import Frame
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.values import Record, Unknown, Value, join

_MISSING = Unknown(reason="not set on every path")


@dataclass(frozen=True, slots=True)
class Path:
    """The end of one path: its locals, and what it changed on the heap since a common mark."""

    locals: Mapping[str, Value]
    changes: Mapping[int, Record]


def take(machine: Machine, frame: Frame, mark: int) -> Path:
    """The path that ends here."""
    return Path(dict(frame.locals), machine.heap.changes(mark))


def restore(machine: Machine, frame: Frame, before: Mapping[str, Value], mark: int) -> None:
    """Go back to the state at the mark."""
    machine.heap.rewind(mark)
    frame.locals = dict(before)


def merge(machine: Machine, frame: Frame, ends: Sequence[Path]) -> bool:
    """Continue from the join of the ends; the heap stands at their mark. Whether anything differs from before."""
    if not ends:
        return False
    before = frame.locals
    mark = machine.heap.mark()
    machine.heap.join([end.changes for end in ends])
    frame.locals = _joined_locals([end.locals for end in ends])
    return machine.heap.mark() != mark or frame.locals != before


def _joined_locals(ends: Sequence[Mapping[str, Value]]) -> dict[str, Value]:
    joined = dict(ends[0])
    for other in ends[1:]:
        for name in other.keys() | joined.keys():
            left, right = joined.get(name), other.get(name)
            if left is None or right is None:
                # A name that only some paths set holds what they set wherever it can be read at all.
                joined[name] = left or right or _MISSING
            elif left is not right:
                joined[name] = join(left, right)
    return joined
