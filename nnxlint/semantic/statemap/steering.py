"""The mode flags of a class, and the attributes whose layers go by each."""

import ast
from collections.abc import Iterator
from typing import TypeAlias

from nnxlint.semantic.facts import ClassDecl, FunctionDecl
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.statemap.data import Flag
from nnxlint.semantic.statemap.naming import location
from nnxlint.semantic.statemap.sources import CONSTRUCTORS, is_own, receiver_of
from nnxlint.semantic.values import Place
from nnxlint.semantic.vocabulary import evaluating

_Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def flags_of(machine: Machine, decl: ClassDecl) -> Iterator[Flag]:
    """The flags among the parameters of the class's own methods; those of constructors steer by their attribute."""
    for method in decl.methods.values():
        defaults = dict(_defaults(method.node))
        for parameter in method.parameters[1:]:
            name = parameter.arg
            evaluation = evaluating(name, machine.mode_flags, value=True)
            if evaluation is None:
                continue
            if method.name in CONSTRUCTORS:
                steers = tuple(dict.fromkeys(_steered_by_attribute(decl, name, method)))
            else:
                steers = tuple(dict.fromkeys(_steered(method, {name}, "")))
            place = location(machine, Place(decl.path, parameter))
            yield Flag(name, method.name, not evaluation, defaults.get(name), steers, place)


def _defaults(node: _Function) -> Iterator[tuple[str, str]]:
    positional = [*node.args.posonlyargs, *node.args.args]
    for parameter, default in zip(reversed(positional), reversed(node.args.defaults), strict=False):
        yield parameter.arg, ast.unparse(default)
    for parameter, value in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True):
        if value is not None:
            yield parameter.arg, ast.unparse(value)


def _steered_by_attribute(decl: ClassDecl, name: str, constructor: FunctionDecl) -> Iterator[str]:
    """What a constructor's flag goes into: layers that are built with it, and what the attribute decides later."""
    receiver = receiver_of(constructor)
    for node in ast.walk(constructor.node):
        if isinstance(node, ast.Assign) and _mentions(node.value, {name}, "") and isinstance(node.value, ast.Call):
            yield from (one.attr for one in node.targets if isinstance(one, ast.Attribute) and is_own(one, receiver))
    for method in decl.methods.values():
        if method is not constructor:
            yield from _steered(method, set(), name)


def _steered(method: FunctionDecl, flags: set[str], attribute: str) -> Iterator[str]:
    """The attributes that are called with the flag, or under a condition on it."""
    receiver = receiver_of(method)
    held = dict(_loops(method.node, receiver))
    known = set(flags)
    for node in ast.walk(method.node):
        plain = isinstance(node, ast.Assign) and not any(isinstance(one, ast.Call) for one in ast.walk(node.value))
        if plain and isinstance(node, ast.Assign) and _mentions(node.value, known, attribute, receiver):
            known.update(one.id for one in node.targets if isinstance(one, ast.Name))
    for node in ast.walk(method.node):
        if isinstance(node, ast.Call):
            given = (*node.args, *(keyword.value for keyword in node.keywords))
            if any(_mentions(one, known, attribute, receiver) for one in given):
                yield from _named(node.func, receiver, held)
        elif isinstance(node, ast.If | ast.IfExp) and _mentions(node.test, known, attribute, receiver):
            for one in ast.walk(node):
                if isinstance(one, ast.Call):
                    yield from _named(one.func, receiver, held)


def _named(callee: ast.expr, receiver: str, held: dict[str, str]) -> Iterator[str]:
    """The attribute behind what is called: `self.layer`, `self.layers[0]`, a loop's name, a method of one."""
    match callee:
        case ast.Attribute() if is_own(callee, receiver):
            yield callee.attr
        case ast.Name(id=name) if name in held:
            yield held[name]
        case ast.Subscript(value=inner) | ast.Attribute(value=inner):
            yield from _named(inner, receiver, held)


def _loops(node: ast.AST, receiver: str) -> Iterator[tuple[str, str]]:
    """The names that loops give the elements of an attribute."""
    for one in ast.walk(node):
        if isinstance(one, ast.For | ast.comprehension):
            names = [name.id for name in ast.walk(one.target) if isinstance(name, ast.Name)]
            sources = [
                part for part in ast.walk(one.iter) if isinstance(part, ast.Attribute) and is_own(part, receiver)
            ]
            if len(names) == len(sources):
                yield from zip(names, (part.attr for part in sources), strict=True)
            elif len(sources) == 1:
                yield from ((name, sources[0].attr) for name in names)


def _mentions(node: ast.expr, names: set[str], attribute: str, receiver: str = "") -> bool:
    return any(
        (isinstance(one, ast.Name) and one.id in names)
        or (bool(attribute) and isinstance(one, ast.Attribute) and one.attr == attribute and is_own(one, receiver))
        for one in ast.walk(node)
    )
