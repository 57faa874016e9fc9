"""Context managers: what `with` enters, and what leaving it takes back."""

from nnxlint.semantic.flow import attributes
from nnxlint.semantic.frames import Frame
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.observe import Arguments
from nnxlint.semantic.values import NONE, UNKNOWN, External, Func, Instance, Items, Place, Ref, Value

MANAGER = External("contextlib.contextmanager")


def make_manager(machine: Machine, frame: Frame, function: Value, arguments: Arguments, place: Place) -> Value:
    """Call a function under `@contextmanager`: it runs now, and what it did is kept for `with` to do."""
    mark = machine.heap.mark()
    # What is kept beside the heap would be missing where a run is only repeated.
    machine.spoil()
    machine.yielded = {}
    value = machine.call(machine, frame, function, arguments, place)
    entry, machine.yielded = machine.yielded, {}
    leaving = machine.heap.changes(mark)
    machine.heap.rewind(mark)
    entered = value.item if isinstance(value, Items) else UNKNOWN
    made = machine.allocate(frame, place.node, Instance(MANAGER, {"entered": entered}, place), "manager")
    machine.managers[made.target] = (entry, leaving)
    return made


def enter(machine: Machine, frame: Frame, manager: Value, place: Place) -> Value:
    """What `as` is bound to: what the manager gives, else the value itself."""
    record = machine.instance(manager)
    if record is None or not isinstance(manager, Ref):
        return manager
    if manager.target in machine.managers:
        machine.heap.apply(machine.managers[manager.target][0])
        return record.attrs["entered"]
    method = attributes.class_member(machine, frame, record.cls, "__enter__", manager, place)
    return machine.call(machine, frame, method, Arguments(), place) if isinstance(method, Func) else manager


def leave(machine: Machine, frame: Frame, manager: Value, place: Place) -> None:
    """What the end of the block does."""
    record = machine.instance(manager)
    if record is None or not isinstance(manager, Ref):
        return
    if manager.target in machine.managers:
        machine.heap.apply(machine.managers[manager.target][1])
        return
    method = attributes.class_member(machine, frame, record.cls, "__exit__", manager, place)
    if isinstance(method, Func):
        machine.call(machine, frame, method, Arguments((NONE, NONE, NONE)), place)
