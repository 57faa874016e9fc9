"""Parts of a project run by themselves: each with a log of its own, and with what it looked at."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from nnxlint.semantic.machine import Machine
from nnxlint.semantic.observe import Log, Watched, Whole
from nnxlint.semantic.recording import Segment


@contextmanager
def segment(machine: Machine) -> Iterator[Segment]:
    """Let what runs now be a segment; it may ask about what is in the ground."""
    watched = None if machine.log.watched is None else Watched()
    made = Segment(Log(ground=machine.ground, entered=machine.log.entered, watched=watched))
    outer = machine.log, machine.touched
    machine.log, machine.touched = made.log, made.touched
    try:
        yield made
    finally:
        machine.log, machine.touched = outer


def segments(machine: Machine) -> Iterable[Segment]:
    """All parts: the top levels, the made-up objects, the roots."""
    yield from machine.top_levels.values()
    for several in machine.made_up.values():
        yield from several
    yield from machine.roots.values()


def whole(machine: Machine) -> Whole:
    """Everything that was observed."""
    return Whole((machine.log, *(part.log for part in segments(machine))))


def about(machine: Machine, path: str) -> Whole:
    """What was observed that has to do with a file: all that happened in it, and whatever else happened then."""
    tops = (part.log for part in machine.top_levels.values())
    others = (part for part in segments(machine) if path in part.files)
    return Whole(tuple(dict.fromkeys((machine.log, *tops, *(part.log for part in others)))), whole(machine))
