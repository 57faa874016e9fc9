"""Declarations: functions with their decorators, classes, imports."""

import ast

from nnxlint.semantic.facts import FunctionDecl
from nnxlint.semantic.flow.modules import import_module, member_of, module_frame, star_names
from nnxlint.semantic.frames import Frame
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.observe import Arguments
from nnxlint.semantic.values import ClassRef, External, Func, ModuleRef, Place, Value

_TRANSPARENT = frozenset({"property", "staticmethod", "classmethod", "abstractmethod", "override", "overload"})


def declare_function(machine: Machine, frame: Frame, node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Bind a function's name to the function under its decorators."""
    decl = frame.module.functions[node]
    machine.pending.append((decl, frame))
    frame.locals[node.name] = decorated(machine, frame, decl, Func(decl, None, frame))
    return True


def decorated(machine: Machine, frame: Frame, decl: FunctionDecl, function: Value) -> Value:
    """What the decorators make of a function; an unknown decorator is taken to give the function back."""
    value = function
    for node in reversed(decl.decorators):
        if _last_name(node) in _TRANSPARENT:
            continue
        decorator = machine.evaluate(machine, frame, node)
        result = machine.call(machine, frame, decorator, Arguments((value,)), Place(frame.path, node))
        value = result if _is_callable(result) else value
    return value


def _last_name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _is_callable(value: Value) -> bool:
    return type(value).__name__ in {"Func", "Transformed", "Partial"}


def declare_class(machine: Machine, frame: Frame, node: ast.ClassDef) -> bool:
    """Bind a class's name; its body is looked at when its members are."""
    decl = frame.module.classes[node]
    frame.locals[node.name] = ClassRef(decl, frame)
    machine.ancestry(frame.locals[node.name])
    return True


def declare_import(machine: Machine, frame: Frame, node: ast.Import) -> bool:
    """`import a.b as c`, `import a.b`."""
    for alias in node.names:
        if alias.asname:
            frame.locals[alias.asname] = import_module(machine, frame.path, alias.name)
            continue
        import_module(machine, frame.path, alias.name)
        top = alias.name.partition(".")[0]
        frame.locals[top] = import_module(machine, frame.path, top)
    return True


def declare_import_from(machine: Machine, frame: Frame, node: ast.ImportFrom) -> bool:
    """`from .a import b as c`, `from a import *`."""
    module = import_module(machine, frame.path, node.module or "", node.level)
    for alias in node.names:
        if alias.name == "*":
            _import_star(machine, frame, module)
        else:
            frame.locals[alias.asname or alias.name] = member_of(machine, module, alias.name)
    return True


def _import_star(machine: Machine, frame: Frame, module: Value) -> None:
    match module:
        case ModuleRef():
            source = module_frame(machine, module.path)
            if source is not None:
                for name in star_names(source.module, source):
                    frame.locals[name] = member_of(machine, module, name)
        case External():
            prefix = f"{module.name}."
            known = (*machine.api.classes, *machine.api.functions, *machine.api.values, *machine.api.modules)
            for name in known:
                if name.startswith(prefix) and "." not in name.removeprefix(prefix):
                    frame.locals[name.removeprefix(prefix)] = External(name)
