"""What classes are called, and where things are."""

import ast
from pathlib import PurePosixPath

from nnxlint.semantic.facts import ClassDecl
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.statemap.data import Location
from nnxlint.semantic.values import ClassRef, External, Place, Value
from nnxlint.spans import Span


def location(machine: Machine, place: Place) -> Location:
    """The place as a file and a span."""
    facts = machine.index.modules.get(place.path)
    return Location(place.path, facts.tree.span(place.node) if facts is not None else Span(0, 0))


def name_span(machine: Machine, decl: ClassDecl) -> Location:
    """Where the name of a class stands in its definition."""
    tree = machine.index.modules[decl.path].tree
    whole = tree.span(decl.node)
    start = tree.source.text.find(decl.name, whole.start + len("class"))
    return Location(decl.path, Span(start, start + len(decl.name)) if start >= 0 else whole)


def qualified(machine: Machine, cls: Value) -> str:
    """The dotted name of a class."""
    match cls:
        case ClassRef():
            return f"{module_name(machine, cls.decl.path)}.{_within(machine, cls.decl)}"
        case External():
            return cls.name
    return ""


def short(name: str) -> str:
    """The last part of a dotted name."""
    return name.rpartition(".")[2]


def plain_name(cls: Value) -> str:
    """The name of a class as it is written where it is defined."""
    match cls:
        case ClassRef():
            return cls.decl.name
        case External():
            return short(cls.name)
    return "unknown"


def module_name(machine: Machine, path: str) -> str:
    """The dotted name of a file as an import from the nearest root would give it."""
    roots = [root for root in machine.index.search_roots if path.startswith(f"{root.rstrip('/')}/")]
    root = max(roots, key=len, default=str(PurePosixPath(path).parent))
    parts = PurePosixPath(path).relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


def _within(machine: Machine, decl: ClassDecl) -> str:
    around = machine.index.modules[decl.path].tree.ancestors(decl.node)
    outer = [one.name for one in around if isinstance(one, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)]
    return ".".join((*outer, decl.name))
