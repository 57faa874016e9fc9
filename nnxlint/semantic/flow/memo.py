"""Runs of functions that need not be run again: equal arguments, and nothing that they looked at has changed.

While a function runs, the heap gathers the records that it looks at. A run that left nothing in the log is kept
with them; when the function is called again and they are the same, what it changed and gave is made again
without running it. Objects that it made get the numbers that a run in the new call chain would have given them.
"""

import ast
import functools
from collections.abc import Callable

from nnxlint.semantic.facts import FunctionDecl
from nnxlint.semantic.flow.renaming import NotPortableError, Renaming
from nnxlint.semantic.frames import Frame
from nnxlint.semantic.library.escape import escape
from nnxlint.semantic.library.watching import note_unfinished
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.observe import Arguments, LayerUse, Noise
from nnxlint.semantic.recording import Declared, Recording, Run
from nnxlint.semantic.segments import segment
from nnxlint.semantic.values import ClassRef, Const, Func, Place, Ref, Unknown, Value, all_taints

_KEPT = 6
# A function that ran this often and took this many steps in all is not understood any further.
_LONGER = 4
_ENOUGH = {False: (16, 4_000), True: (48, 20_000)}


def remembered(
    machine: Machine, frame: Frame, function: Func, arguments: Arguments, place: Place, run: Callable[[], Value]
) -> Value:
    """What a call gives: from an equal run, or from running it now in its frame."""
    decl = function.decl
    if place.node is decl.node:
        return run()
    in_module = _is_method_of_module(machine, function)
    kept = machine.runs.setdefault(_key(machine, frame, function, arguments, place), [])
    value = _from_earlier(machine, frame, kept)
    if value is not None:
        return value
    times, spent = machine.ran.get(decl, (0, 0))
    enough_times, enough_steps = _enough(machine, decl)
    if decl in machine.worn or (times >= enough_times and spent >= enough_steps):
        machine.worn.setdefault(decl)
        escape(machine, arguments.values())
        note_unfinished(machine, function.bound)
        return Unknown(all_taints(arguments.values()), "a function that runs too often")
    steps = machine.steps
    value, finished, noise = _recorded(machine, frame, run)
    machine.ran[decl] = (times + 1, spent + machine.steps - steps)
    if noise.telling:
        machine.noisy.add(decl)
    # Of the calls that a module makes inside itself, only the layers that they reach count, and those are kept.
    repeatable = not (noise.lasting if in_module else noise.telling)
    if finished is not None and repeatable and len(kept) < _KEPT:
        kept.append(finished)
    return value


def _enough(machine: Machine, decl: FunctionDecl) -> tuple[int, int]:
    """How often, and for how many steps, a function runs; for who asks how objects are, constructors run longer."""
    times, steps = _ENOUGH[decl in machine.noisy]
    longer = _LONGER if machine.log.watched is not None and decl.name == "__init__" else 1
    return times * longer, steps * longer


def _is_method_of_module(machine: Machine, function: Func) -> bool:
    bound = machine.instance(function.bound) if function.bound is not None else None
    return bound is not None and function.decl.name != "__init__" and machine.is_module(bound.cls)


def _from_earlier(machine: Machine, frame: Frame, kept: list[Run]) -> Value | None:
    for earlier in kept:
        if _holds(machine, earlier):
            value = _repeated(machine, frame, earlier)
            if value is not None:
                machine.touched |= earlier.touched
                if machine.collectors:
                    machine.collectors[-1].extend(earlier.uses)
                return value
    return None


def made_up(machine: Machine, frame: Frame, cls: ClassRef, run: Callable[[], Ref]) -> Value:
    """The object made up for a class: what building it left in the log was left when it was first built."""
    kept = machine.runs.setdefault((cls.decl, frame.context), [])
    value = _from_earlier(machine, frame, kept)
    if value is not None:
        return value
    with segment(machine) as part:
        value, finished, _ = _recorded(machine, frame, run)
    machine.made_up.setdefault(cls.decl, []).append(part)
    machine.touched |= part.touched
    machine.ground.lay(part.log.layer)
    if finished is not None and len(kept) < _KEPT:
        kept.append(finished)
    return value


def _key(machine: Machine, frame: Frame, function: Func, arguments: Arguments, place: Place) -> object:
    decl = function.decl
    values = arguments.values()
    return (
        decl,
        function.closure,
        values,
        tuple(type(value.value) for value in values if isinstance(value, Const)),
        len(arguments.positional),
        tuple(arguments.keywords),
        arguments.more_positional is None,
        arguments.more_keywords is None,
        machine.abstract > 0,
        machine.stopping > 0,
        frame.in_gradient or frame.differentiated,
        frame.certain,
        frame.transforms,
        place.node if _leaves_flags(decl, arguments) else None,
    )


def _leaves_flags(decl: FunctionDecl, arguments: Arguments) -> bool:
    """Whether a call leaves a flag to its default: that value remembers the call."""
    return any(
        position >= len(arguments.positional) and name not in arguments.keywords for position, name in _flags(decl)
    )


@functools.lru_cache(maxsize=65536)
def _flags(decl: FunctionDecl) -> tuple[tuple[int, str], ...]:
    """The parameters whose default is a truth value, with their positions."""
    spec = decl.node.args
    positional = [*spec.posonlyargs, *spec.args]
    first = len(positional) - len(spec.defaults)
    found = [(first + place, positional[first + place].arg, node) for place, node in enumerate(spec.defaults)]
    found += [
        (1 << 30, parameter.arg, node)
        for parameter, node in zip(spec.kwonlyargs, spec.kw_defaults, strict=True)
        if node
    ]
    return tuple(
        (place, name)
        for place, name, node in found
        if not isinstance(node, ast.Constant) or isinstance(node.value, bool)
    )


def _recorded(machine: Machine, frame: Frame, run: Callable[[], Value]) -> tuple[Value, Run | None, Noise]:
    """Run, and what the run was, where it depended on nothing but what was watched."""
    recording = machine.begin(frame.serial)
    trained, frame.activation.trains = frame.activation.trains, False
    outside, machine.touched = machine.touched, set()
    mark = machine.heap.mark()
    uses: list[LayerUse] = []
    machine.collectors.append(uses)
    try:
        value = run()
    finally:
        trains, frame.activation.trains = frame.activation.trains, trained or frame.activation.trains
        machine.end(recording)
        machine.collectors.pop()
        touched, machine.touched = frozenset(machine.touched), outside
        machine.touched |= touched
    if machine.collectors:
        machine.collectors[-1].extend(uses)
    now, before = machine.log.noise(), recording.noise
    noise = Noise(now.size - before.size, now.telling - before.telling, now.lasting - before.lasting)
    return value, _finished(machine, frame, recording, mark, value, uses, touched, trains=trains), noise


def _finished(
    machine: Machine,
    frame: Frame,
    recording: Recording,
    mark: int,
    value: Value,
    uses: list[LayerUse],
    touched: frozenset[Declared],
    *,
    trains: bool,
) -> Run | None:
    if not recording.valid:
        return None
    return Run(
        context=frame.context,
        serial=recording.serial,
        epoch=machine.epoch,
        reads={target: record for target, (record, _) in recording.reads.items()},
        outer=recording.outer,
        changes=machine.heap.changes(mark),
        value=value,
        trains=trains,
        touched=touched,
        uses=tuple(dict.fromkeys(uses)),
    )


def _holds(machine: Machine, run: Run) -> bool:
    """Whether everything that a run looked at is as it was."""
    if run.epoch != machine.epoch:
        return False
    for (frame, name), value in run.outer.items():
        held = frame.locals.get(name)
        machine.note_outer(frame, name, held)
        if held is not value and held != value:
            return False
    for target, record in run.reads.items():
        if record is not None:
            held_record = machine.heap.get(target)
            if held_record is not record and held_record != record:
                return False
    return True


def _repeated(machine: Machine, frame: Frame, run: Run) -> Value | None:
    """Do again what the run did, in the frame's chain of calls; `None` where that cannot be done."""
    if run.context == frame.context:
        return _here(machine, frame, run)
    renaming = Renaming(machine, run.context, frame.context, run.serial)
    try:
        if not _is_portable(machine, run, renaming):
            return None
        changes = {renaming.number(target): renaming.record(record) for target, record in run.changes.items()}
        value = renaming.value(run.value)
    except NotPortableError:
        return None
    machine.heap.apply(changes)
    _note_training(frame, run)
    return value


def _here(machine: Machine, frame: Frame, run: Run) -> Value | None:
    if any(record is None and machine.heap.get(target) is not None for target, record in run.reads.items()):
        return None
    machine.heap.apply(run.changes)
    _note_training(frame, run)
    return run.value


def _is_portable(machine: Machine, run: Run, renaming: Renaming) -> bool:
    """Whether the run looked at nothing that an earlier run in its own chain had made."""
    for target, record in run.reads.items():
        moved = renaming.number(target)
        if record is not None and moved != target:
            return False
        if record is None and machine.heap.get(moved) is not None:
            return False
    return True


def _note_training(frame: Frame, run: Run) -> None:
    if run.trains:
        frame.mark_training()
