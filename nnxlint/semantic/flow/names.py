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
    scope: Frame | None = frame
    while scope is not None:
        if name in scope.locals and (name not in frame.globals or scope.decl is None):
            return scope.locals[name]
        scope = scope.closure
    found = module_member(machine, frame.path, name)
    if found is not None:
        return found
    if name in _BUILTINS:
        return External(f"builtins.{name}")
    return signed(name, Unknown(reason="not defined"))
