"""What an editor shows at a name: the state map of the class, object or attribute there."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nnxlint.semantic.facts import ModuleFacts
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.statemap.data import ClassState, Held, Kind, Location, Mode, Part, combined_mode
from nnxlint.semantic.statemap.mapping import objects_of, sources_of, state_map, training_of
from nnxlint.semantic.statemap.merging import merged, totals_of
from nnxlint.semantic.statemap.naming import name_span
from nnxlint.semantic.statemap.pointing import node_at
from nnxlint.semantic.statemap.sources import receiver_of
from nnxlint.semantic.statemap.wording import (
    brief_part,
    change_text,
    class_markdown,
    counted,
    listed,
    mode_text,
    parts_table,
    shape_of,
)
from nnxlint.semantic.values import ClassRef


def hover(facts: ModuleFacts, machine: Machine, offset: int) -> str | None:
    """Markdown on the class, object or state attribute at an offset; `None` where there is none that is known."""
    node = node_at(facts.tree, offset)
    if machine.seen.watched is None or node is None:
        return None
    asked = Asked(facts, machine)
    cls = asked.class_at(node)
    if cls is not None:
        return class_markdown(cls, asked.where)
    return asked.attribute(node) or asked.thing(node)


@dataclass(frozen=True, slots=True)
class Asked:
    """A file to answer questions about."""

    facts: ModuleFacts
    machine: Machine

    def where(self, place: Location) -> str:
        """A place as `file.py:12`, or as a line of this file."""
        source = self.machine.index.modules[place.path].tree.source
        cell, position = source.place(place.span.start)
        row = f"cell {cell}:{position.row}" if cell is not None else str(position.row)
        return f"line {row}" if place.path == self.facts.path else f"{place.path.rpartition('/')[2]}:{row}"

    def class_at(self, node: ast.AST) -> ClassState | None:
        """The module class that a definition, a name or an import means."""
        watched = self.machine.seen.watched
        cls = watched.classes.get(node) if watched is not None else None
        if isinstance(node, ast.ClassDef):
            cls = ClassRef(self.facts.classes[node], self.machine.modules.get(self.facts.path))
        elif isinstance(node, ast.alias):
            frame = self.machine.modules.get(self.facts.path)
            held = frame.locals.get(node.asname or node.name) if frame is not None else None
            cls = held if isinstance(held, ClassRef) else None
        return self.state_of(cls) if cls is not None else None

    def state_of(self, cls: ClassRef) -> ClassState | None:
        """The state map of a class."""
        if not self.machine.is_module(cls):
            return None
        return state_map(self.machine).at(name_span(self.machine, cls.decl))

    def attribute(self, node: ast.AST) -> str | None:
        """What is known of `owner.name` as a state attribute of its owner."""
        if not isinstance(node, ast.Attribute):
            return None
        owner, part = self._part(node)
        return part_markdown(part, owner, self, mode=self.mode_at(node)) if part is not None else None

    def _part(self, node: ast.Attribute) -> tuple[ClassState | None, Part | None]:
        for held in self.objects_at(node.value):
            owner = next(iter(state_map(self.machine).of(held.qualified)), None)
            return owner, _named(held.parts, node.attr)
        cls = self._enclosing(node)
        if cls is not None:
            return cls, _named(cls.parts, node.attr)
        return None, None

    def _enclosing(self, node: ast.Attribute) -> ClassState | None:
        """The class in whose method an attribute of its own object is named."""
        method = sources_of(self.machine).inside.get(node)
        own = method is not None and isinstance(node.value, ast.Name) and node.value.id == receiver_of(method)
        if not own or method is None or method.owner is None:
            return None
        return self.state_of(ClassRef(method.owner, self.machine.modules.get(self.facts.path)))

    def objects_at(self, node: ast.AST) -> tuple[Held, ...]:
        """The objects of NNX that an expression was seen to give, those of one class told as one."""
        watched = self.machine.seen.watched
        seen = watched.sightings.get(node, ()) if watched is not None else ()
        objects = objects_of(self.machine)
        return merged(objects[one.target] for one in seen if one.target in objects)

    def mode_at(self, node: ast.AST) -> Mode:
        """The mode of what an expression gives: of the call, where it is called right here, else of the object."""
        called = [call for call in self.machine.seen.model_calls if getattr(call.place.node, "func", None) is node]
        if called:
            return combined_mode(one for call in called for one in training_of(call))
        watched = self.machine.seen.watched
        seen = watched.sightings.get(node, ()) if watched is not None else ()
        return combined_mode(one for sighting in seen for one in sighting.training)

    def thing(self, node: ast.AST) -> str | None:
        """What is known of the object that a name holds."""
        found = self.objects_at(node)
        texts = [self._object(node, held) for held in found if held.kind is Kind.MODULE]
        return "\n\n---\n\n".join(texts) or None

    def _object(self, node: ast.AST, held: Held) -> str:
        mode = mode_text(self.mode_at(node))
        name = getattr(node, "id", None) or getattr(node, "arg", None) or getattr(node, "attr", "")
        heading = f"`{name}`: `{held.type}`{f', in {mode} here' if mode else ''}"
        cls = next(iter(state_map(self.machine).of(held.qualified)), None)
        if cls is None:
            return "\n\n".join(filter(None, (f"{heading}: {counted(totals_of(held.parts))}", parts_table(held.parts))))
        return class_markdown(cls, self.where, heading, parts=held.parts)


def part_markdown(part: Part, owner: ClassState | None, asked: Asked, *, mode: Mode = Mode.NONE) -> str:
    """What an attribute holds, in which mode, and who changes it."""
    shapes = dict.fromkeys(text for held in part.held if (text := shape_of(held)))
    lines = [f"`{part.name}`: {brief_part(part)} {' or '.join(f'`{shape}`' for shape in shapes)}".rstrip()]
    if mode is not Mode.NONE:
        lines[0] += f", in {mode_text(mode)} here"
    if owner is not None:
        inherited = part.owner and part.owner != owner.qualified
        lines.append(f"state of `{owner.name}`{f', inherited from `{part.owner}`' if inherited else ''}")
    lines += [parts_table(held.parts) for held in part.held if held.kind in {Kind.MODULE, Kind.LIST, Kind.DICT}]
    if owner is not None:
        lines += listed("Changed", list(_changes(part, owner, asked)))
    return "\n\n".join(line for line in lines if line)


def _changes(part: Part, owner: ClassState, asked: Asked) -> Iterator[str]:
    params = totals_of((part,)).has("Param", "LoRAParam")
    for change in owner.changes:
        own = change.attribute == part.name or change.attribute.startswith(f"{part.name}.")
        if own or (not change.attribute and (params or change.how != "optimizer")):
            yield change_text(change, asked.where)


def _named(parts: Sequence[Part], name: str) -> Part | None:
    return next((part for part in parts if part.name == name), None)
