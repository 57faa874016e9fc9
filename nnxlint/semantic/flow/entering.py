"""With which values functions ran: kept for whoever wants to run them for real."""

from nnxlint.semantic.facts import FunctionDecl
from nnxlint.semantic.frames import Frame
from nnxlint.semantic.heap import contents, parts
from nnxlint.semantic.library.watching import note_seen
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.observe import Entered
from nnxlint.semantic.values import Instance, Place, Record, Ref, Value

_DEPTH = 4


def note_entered(machine: Machine, frame: Frame, decl: FunctionDecl, place: Place) -> None:
    """Keep what the parameters hold that were just bound, where somebody asked for it."""
    for parameter in decl.parameters if machine.log.watched is not None else ():
        if parameter.arg in frame.locals:
            note_seen(machine, parameter, frame.locals[parameter.arg])
    if machine.log.entered is None:
        return
    parameters = [each.arg for each in decl.parameters]
    values = {name: frame.locals[name] for name in parameters if name in frame.locals}
    records: dict[int, Record] = {}
    for value in values.values():
        _keep(machine, value, records, _DEPTH)
    caller = frame.parent.decl if frame.parent is not None else None
    machine.log.entered.append(Entered(decl, place, caller, frame.instance, values, records))


def _keep(machine: Machine, value: Value, records: dict[int, Record], depth: int) -> None:
    """Keep the records behind a value; of a module only its own, because its parts follow from its construction."""
    if isinstance(value, Ref):
        # Read past the heap's own door: looking here must not count as something that the program looked at.
        record = machine.heap.records.get(value.target)
        if record is None or value.target in records:
            return
        records[value.target] = record
        inside = () if isinstance(record, Instance) and machine.is_module(record.cls) else tuple(contents(record))
    else:
        inside = tuple(parts(value))
    if depth:
        for each in inside:
            _keep(machine, each, records, depth - 1)
