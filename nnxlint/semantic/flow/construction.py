"""Making objects: of the project's classes, with dataclass fields and inherited constructors, and made-up ones."""

import ast
from collections.abc import Iterator
from dataclasses import replace

from nnxlint.semantic.flow import attributes, memo
from nnxlint.semantic.frames import Frame
from nnxlint.semantic.library import layers
from nnxlint.semantic.library.escape import escape
from nnxlint.semantic.library.watching import mapped_tag, note_built
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.observe import Arguments
from nnxlint.semantic.values import (
    UNKNOWN,
    ClassRef,
    Const,
    External,
    Func,
    Instance,
    Method,
    Place,
    Ref,
    Unknown,
    Value,
)
from nnxlint.semantic.vocabulary import evaluating

_DATACLASSES = frozenset(
    """dataclasses.dataclass flax.struct.dataclass flax.nnx.dataclass chex.dataclass attrs.define attrs.frozen
    attr.s attr.attrs pydantic.dataclasses.dataclass typing.dataclass_transform tyro.conf.configure""".split()
)
_DATACLASS_BASES = frozenset({"typing.NamedTuple", "pydantic.BaseModel", "flax.struct.PyTreeNode", "equinox.Module"})


def instantiate(machine: Machine, frame: Frame, cls: ClassRef, arguments: Arguments, place: Place) -> Value:
    """Make an object of a project class and run what constructs it."""
    tags = {"loop"} if frame.loop_depth else set()
    tags |= {"abstract"} if machine.abstract else set()
    tags |= mapped_tag(machine, frame)
    if machine.is_open(cls):
        tags.add("open")
    made = machine.allocate(frame, place.node, Instance(cls, {}, place, frozenset(tags)))
    if machine.is_variable(cls):
        layers.construct_variable(machine, frame, made, arguments)
        return made
    construct(machine, frame, cls, made, arguments, place)
    if machine.is_module(cls):
        layers.note_construction(machine, frame, made, arguments, place)
        note_built(machine, made, place)
    return made


def construct(machine: Machine, frame: Frame, cls: ClassRef, made: Ref, arguments: Arguments, place: Place) -> None:
    """Run the constructor that an object of the class gets."""
    machine.touched.update(each.decl for each in machine.ancestry(cls) if isinstance(each, ClassRef))
    constructor = attributes.class_member(machine, frame, cls, "__init__", made, place)
    if _is_dataclass(machine, cls) and not isinstance(constructor, Func):
        _fill_fields(machine, frame, cls, made, arguments, place)
        post = attributes.class_member(machine, frame, cls, "__post_init__", made, place)
        constructor, arguments = post, Arguments()
    if isinstance(constructor, Func | Method):
        machine.call(machine, frame, constructor, arguments, place)
    elif isinstance(constructor, Unknown):
        _open(machine, made)
        escape(machine, arguments.values())


def _open(machine: Machine, made: Ref) -> None:
    record = machine.instance(made)
    if record is not None:
        machine.heap.write(made.target, replace(record, tags=record.tags | {"open"}))


def _is_dataclass(machine: Machine, cls: ClassRef) -> bool:
    for ancestor in machine.ancestry(cls):
        if isinstance(ancestor, External) and ancestor.name in _DATACLASS_BASES:
            return True
        if isinstance(ancestor, ClassRef) and any(
            isinstance(decorator, External) and decorator.name in _DATACLASSES
            for decorator in machine.decorators(ancestor.decl)
        ):
            return True
    return False


def _fields(machine: Machine, cls: ClassRef) -> Iterator[tuple[ClassRef, str, ast.AnnAssign]]:
    for ancestor in reversed(machine.ancestry(cls)):
        if isinstance(ancestor, ClassRef):
            for name, statement in ancestor.decl.fields.items():
                yield ancestor, name, statement


def _fill_fields(machine: Machine, frame: Frame, cls: ClassRef, made: Ref, arguments: Arguments, place: Place) -> None:
    names: dict[str, tuple[ClassRef, ast.AnnAssign]] = {}
    for owner, name, statement in _fields(machine, cls):
        names[name] = (owner, statement)
    for position, (name, (owner, statement)) in enumerate(names.items()):
        value = arguments.get(position, name)
        if value is None:
            value = UNKNOWN if arguments.open else _field_default(machine, frame, owner, statement, place)
            if isinstance(place.node, ast.ClassDef) and isinstance(value, Const) and isinstance(value.value, bool):
                value = Unknown(reason="a setting of an object that is made elsewhere")
        if isinstance(value, Unknown) and not isinstance(statement.annotation, ast.Constant):
            from nnxlint.semantic.flow.annotations import value_of_annotation  # noqa: PLC0415

            home = owner.closure or machine.modules[owner.decl.path]
            value = value_of_annotation(machine, home, statement.annotation, statement) or value
        attributes.store(machine, frame, made, name, value, Place(owner.decl.path, statement))


def _field_default(machine: Machine, frame: Frame, owner: ClassRef, statement: ast.AnnAssign, place: Place) -> Value:
    home = owner.closure or machine.modules.get(owner.decl.path)
    node = statement.value
    if node is None or home is None:
        return Unknown(reason="a field that nothing is known of")
    if isinstance(node, ast.Call):
        for keyword in node.keywords:
            if keyword.arg == "default":
                return machine.evaluate(machine, home, keyword.value)
            if keyword.arg in {"default_factory", "factory"}:
                factory = machine.evaluate(machine, home, keyword.value)
                return machine.call(machine, frame, factory, Arguments(), Place(place.path, keyword.value))
    return machine.evaluate(machine, home, node)


def prototype(machine: Machine, frame: Frame, cls: ClassRef) -> Value:
    """An object made up for a parameter of the class: its structure is known, its modes are not."""
    # All parameters of a class get the same object, in every run the same one: so that runs can be compared.
    home = replace(frame, context=machine.context(0 if machine.settled else -1, cls.decl.node))
    number = machine.numbers.target((home.context, id(cls.decl.node), "prototype"))
    if machine.heap.get(number) is not None and cls.decl not in machine.building:
        return Ref(number)
    if cls.decl in machine.building:
        machine.spoil(machine.building[cls.decl])
        return Unknown(reason="a class that contains itself")
    machine.building[cls.decl] = len(machine.calling)
    made = memo.made_up(machine, home, cls, lambda: _made_up(machine, home, cls))
    machine.building.pop(cls.decl, None)
    return made


def _made_up(machine: Machine, frame: Frame, cls: ClassRef) -> Ref:
    place = Place(cls.decl.path, cls.decl.node)
    made = machine.allocate(frame, cls.decl.node, Instance(cls, {}, place, frozenset({"given"})), "prototype")
    construct(machine, frame, cls, made, Arguments(), place)
    if machine.is_module(cls):
        for target in machine.heap.reachable(made):
            _forget_modes(machine, frame, target)
        note_built(machine, made, place, made_up=True)
    return made


def _forget_modes(machine: Machine, frame: Frame, target: int) -> None:
    record = machine.heap.get(target)
    if not isinstance(record, Instance) or not (machine.is_module(record.cls) or "given" in record.tags):
        return
    attrs = dict(record.attrs)
    if frame.path in machine.mode_setting:
        for name, value in attrs.items():
            is_flag = evaluating(name, machine.mode_flags, value=True) is not None
            if is_flag and isinstance(value, Const) and isinstance(value.value, bool | None):
                attrs[name] = Unknown(reason="the mode that callers set is not known")
    machine.heap.write(target, replace(record, attrs=attrs, tags=record.tags | {"given"}))
