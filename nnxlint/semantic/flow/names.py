"""Looking up names: locals, enclosing functions, the module, and the builtins."""

import builtins

from nnxlint.semantic.flow.assignment import signed
from nnxlint.semantic.flow.modules import module_member
from nnxlint.semantic.frames import Frame
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.values import External, Unknown, Value

_BUILTINS = frozenset(dir(builtins))


def look_up(machine: Machine, frame: Frame, name: str) -> Value:
    """The value of a name where the frame stands."""
    held = frame.locals.get(name)
    if held is not None and frame.decl is not None and not frame.globals:
        return held
    scope: Frame | None = frame
    while scope is not None:
        held = scope.locals.get(name) if name not in frame.globals or scope.decl is None else None
        if (scope is not frame and scope.decl is not None) or name in scope.rebound:
            machine.note_outer(scope, name, held)
        if held is not None:
            return held
        scope = scope.closure
    found = module_member(machine, frame.path, name)
    if found is not None:
        return found
    if name in _BUILTINS:
        return External(f"builtins.{name}")
    if not machine.settled:
        # It may be defined by the time that the same code runs again.
        machine.spoil()
    return signed(name, Unknown(reason="not defined"))
