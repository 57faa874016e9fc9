"""Who changes the state of a class once it is built: assignments, layers in training mode, optimizers, updates."""

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from nnxlint.semantic.facts import ClassDecl, FunctionDecl
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.observe import LibraryCall, VariableWrite, Watched
from nnxlint.semantic.statemap.data import Change, Held, Kind, Part
from nnxlint.semantic.statemap.naming import location
from nnxlint.semantic.statemap.sources import CONSTRUCTORS, Sources
from nnxlint.semantic.values import ClassRef, Instance, Place, Record, Ref, members

_COPY_TAGS = ("clone:", "view:", "merge:", "split:")
_UPDATING = frozenset({"use_running_average"})


@dataclass(slots=True, eq=False)
class Homes:
    """Where objects lie: by number, and by the node that makes them, the class and the path of the attribute."""

    by_number: dict[int, dict[tuple[ClassDecl, str], None]] = field(default_factory=lambda: defaultdict(dict))
    by_node: dict[int, dict[tuple[ClassDecl, str], None]] = field(default_factory=lambda: defaultdict(dict))

    def add(self, number: int, node: int, home: tuple[ClassDecl, str]) -> None:
        """Note where an object lies."""
        self.by_number[number][home] = None
        if node:
            self.by_node[node][home] = None

    def find(self, machine: Machine, number: int) -> tuple[tuple[ClassDecl, str], ...]:
        """Where an object lies; of one that was copied or not kept, what was made at the same place."""
        while number >= 0:
            if number in self.by_number:
                return tuple(self.by_number[number])
            chain, node, extra = machine.numbers.key_of(number)
            if node == 0 and chain < 0:
                return tuple((decl, f"{path}.{extra}") for decl, path in self.find(machine, -chain))
            tag, _, origin = extra.rpartition(":")
            if f"{tag}:" in _COPY_TAGS or (tag and origin.isdigit()):
                number = int(origin)
                continue
            homes = tuple(self.by_node.get(node, ()))
            return homes if len(homes) == 1 else ()
        return ()


def homes_of(machine: Machine, watched: Watched, read: Mapping[int, Held]) -> Homes:
    """Where the Variables and layers of all objects lie that were built."""
    homes = Homes()
    for number, built in watched.built.items():
        held = read.get(number)
        if held is not None and isinstance(built.cls, ClassRef):
            _add_parts(machine, homes, built.cls.decl, "", held.parts)
    return homes


def _add_parts(machine: Machine, homes: Homes, decl: ClassDecl, prefix: str, parts: tuple[Part, ...]) -> None:
    for part in parts:
        path = f"{prefix}{part.name}"
        for held in part.held:
            of_library = held.qualified.startswith("flax.nnx.")
            if held.number >= 0 and (held.kind is Kind.VARIABLE or (held.kind is Kind.MODULE and of_library)):
                homes.add(held.number, machine.numbers.key_of(held.number)[1], (decl, path))
            if held.kind in {Kind.LIST, Kind.DICT} or (held.kind is Kind.MODULE and of_library):
                _add_parts(machine, homes, decl, f"{path}.", held.parts)


def changes_by_class(
    machine: Machine, sources: Sources, watched: Watched, homes: Homes
) -> dict[ClassDecl, tuple[Change, ...]]:
    """The places that change the state of each class."""
    found: dict[ClassDecl, dict[Change, None]] = defaultdict(dict)
    for write in machine.seen.writes:
        for decl, change in _written(machine, sources, watched, homes, write):
            found[decl][change] = None
    for call in machine.seen.model_calls:
        for use in call.uses:
            api = machine.api.classes.get(use.layer)
            if api is None or api.mode_flag not in _UPDATING or use.training is False:
                continue
            how = "in training mode" if use.training else "if in training mode"
            for decl, path in homes.find(machine, use.owner):
                change = Change(path, _function_at(machine, sources, use.place), how, location(machine, use.place))
                found[decl][change] = None
    for optimized in machine.seen.library_calls:
        if optimized.name.endswith("Optimizer.update"):
            for decl, change in _optimized(machine, watched, optimized):
                found[decl][change] = None
    return {decl: tuple(sorted(changes, key=_order)) for decl, changes in found.items()}


def _order(change: Change) -> tuple[str, str, int, str]:
    return change.attribute, change.place.path, change.place.span.start, change.how


def _written(
    machine: Machine, sources: Sources, watched: Watched, homes: Homes, write: VariableWrite
) -> Iterator[tuple[ClassDecl, Change]]:
    method = sources.inside.get(write.place.node)
    if method in sources.constructing or any(one.name in CONSTRUCTORS for one in write.methods):
        return
    by = qualified_function(write.function)
    place = location(machine, write.place)
    if write.kind == "module":
        for decl in _classes_in(machine, watched, write.variable):
            yield decl, Change("", by, "nnx.update", place)
        return
    for decl, path in homes.find(machine, write.variable):
        how = "assignment" if write.how in {"[...]", "value", "raw_value"} else write.how
        yield decl, Change(path, by, how, place)


def _optimized(machine: Machine, watched: Watched, call: LibraryCall) -> Iterator[tuple[ClassDecl, Change]]:
    """The Params of the model that an optimizer was given, and of the modules in it."""
    first = call.arguments.get(0, "model")
    given = [first] if first is not None else []
    if call.made is not None and "model" in call.made.attrs:
        given.append(call.made.attrs["model"])
    numbers = {one.target for value in given for one in members(value) if isinstance(one, Ref)}
    by = qualified_function(call.function)
    for decl in dict.fromkeys(decl for number in numbers for decl in _classes_in(machine, watched, number)):
        yield decl, Change("", by, "optimizer", location(machine, call.place))


def _classes_in(machine: Machine, watched: Watched, number: int) -> tuple[ClassDecl, ...]:
    """The project's module classes of an object and of what it holds."""
    while number >= 0 and number not in watched.built:
        origin = machine.numbers.key_of(number)[2].rpartition(":")[2]
        if not origin.isdigit():
            return ()
        number = int(origin)
    records: Mapping[int, Record] = watched.built[number].parts if number in watched.built else {}
    classes = (one.cls for one in records.values() if isinstance(one, Instance))
    found = dict.fromkeys(one.decl for one in classes if isinstance(one, ClassRef) and machine.is_module(one))
    return tuple(found)


def _function_at(machine: Machine, sources: Sources, place: Place) -> str:
    return qualified_function(sources.inside.get(place.node)) or _enclosing(machine, place)


def _enclosing(machine: Machine, place: Place) -> str:
    facts = machine.index.modules.get(place.path)
    around = facts.tree.ancestors(place.node) if facts is not None else ()
    names = [one.name for one in around if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)]
    return ".".join(names)


def qualified_function(decl: FunctionDecl | None) -> str:
    """The name of a function, with its class; empty for the top level of a module."""
    if decl is None:
        return ""
    return f"{decl.owner.name}.{decl.name}" if decl.owner is not None else decl.name
