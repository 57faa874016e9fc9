"""The text of module classes: where attributes are set and called, and which class and method a node stands in."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from nnxlint.semantic.facts import ClassDecl, FunctionDecl
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.statemap.data import Location
from nnxlint.semantic.statemap.naming import location, qualified
from nnxlint.semantic.values import ClassRef, Place

CONSTRUCTORS = frozenset({"__init__", "__post_init__", "setup", "on_init"})
CALLED = "call "


@dataclass(frozen=True, slots=True, eq=False)
class Sources:
    """What the text of all module classes tells.

    `declared`: where each class, by its qualified name, sets an attribute, and under ``call NAME`` that it calls it;
    `inside`: the class and method around each node; `constructing`: the methods that only constructors call; `unsure`:
    classes that may be modules, because a base is not known.
    """

    classes: tuple[ClassRef, ...]
    unsure: tuple[ClassDecl, ...]
    declared: Mapping[tuple[str, str], Location]
    inside: Mapping[ast.AST, FunctionDecl]
    constructing: frozenset[FunctionDecl]


def read_sources(machine: Machine) -> Sources:
    """Read the module classes of the project; asked for through `machine.once`."""
    every = tuple(_classes(machine))
    classes = tuple(cls for cls in every if machine.is_module(cls))
    unsure = tuple(cls.decl for cls in every if _may_be_module(machine, cls))
    declared: dict[tuple[str, str], Location] = {}
    inside: dict[ast.AST, FunctionDecl] = {}
    constructing: set[FunctionDecl] = set()
    for cls in classes:
        full = qualified(machine, cls)
        for name, node in _set_in(cls.decl):
            declared.setdefault((full, name), location(machine, Place(cls.decl.path, node)))
        for method in cls.decl.methods.values():
            inside.update(dict.fromkeys(ast.walk(method.node), method))
            for name in _called_in(method):
                declared.setdefault((full, f"{CALLED}{name}"), location(machine, Place(cls.decl.path, method.node)))
        constructing.update(_constructing(cls.decl))
    return Sources(classes, unsure, declared, inside, frozenset(constructing))


def _classes(machine: Machine) -> Iterator[ClassRef]:
    for path, facts in sorted(machine.index.modules.items()):
        for decl in facts.classes.values():
            yield ClassRef(decl, machine.modules.get(path))


def _may_be_module(machine: Machine, cls: ClassRef) -> bool:
    """Whether a base is not known, and the class can be called like a module."""
    return not machine.is_module(cls) and machine.is_open(cls) and "__call__" in cls.decl.methods


def _set_in(decl: ClassDecl) -> Iterator[tuple[str, ast.AST]]:
    """The attributes that a class sets: those of its constructors first."""
    yield from ((name, statement.target) for name, statement in decl.fields.items())
    methods = sorted(decl.methods.values(), key=lambda one: one.name not in CONSTRUCTORS)
    for method in methods:
        receiver = receiver_of(method)
        for node in ast.walk(method.node):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and is_own(node, receiver):
                yield node.attr, node


def _called_in(method: FunctionDecl) -> Iterator[str]:
    receiver = receiver_of(method)
    for node in ast.walk(method.node):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and is_own(node.func, receiver):
            yield node.func.attr


def receiver_of(method: FunctionDecl) -> str:
    """The name of the object in a method: `self`."""
    parameters = method.parameters
    return parameters[0].arg if parameters else ""


def is_own(node: ast.Attribute, receiver: str) -> bool:
    """Whether an attribute is one of the method's own object."""
    return isinstance(node.value, ast.Name) and node.value.id == receiver


def _constructing(decl: ClassDecl) -> Iterator[FunctionDecl]:
    """The constructors, and the methods that are called by them and by no other method."""
    called = {name: frozenset(_called_in(method)) for name, method in decl.methods.items()}
    found = {name for name in decl.methods if name in CONSTRUCTORS}
    while True:
        more = {name for caller in found for name in called[caller] if name in decl.methods} - found
        outside = {name for caller in set(called) - found - more for name in called[caller]}
        if not more - outside:
            break
        found |= more - outside
    yield from (decl.methods[name] for name in found)
