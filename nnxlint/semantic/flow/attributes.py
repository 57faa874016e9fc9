"""Reading and writing attributes: of objects, classes, modules, Variables and values of libraries."""

import ast

from nnxlint.semantic.facts import ClassDecl, FunctionDecl
from nnxlint.semantic.flow.declare import decorated
from nnxlint.semantic.flow.modules import member_of, module_frame
from nnxlint.semantic.frames import Frame
from nnxlint.semantic.library import optimizers, streams, variables
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.observe import Arguments, Declaration
from nnxlint.semantic.values import (
    UNKNOWN,
    Array,
    ClassRef,
    Const,
    External,
    FlagAttribute,
    Func,
    Instance,
    Method,
    ModuleRef,
    Place,
    Ref,
    Super,
    Taint,
    Tree,
    Union,
    Unknown,
    Value,
    is_none,
    members,
    taints_of,
    union,
)
from nnxlint.semantic.vocabulary import names_evaluation_data

_PROPERTIES = frozenset({"property", "cached_property"})


def load(machine: Machine, frame: Frame, value: Value, name: str, place: Place) -> Value:
    """`value.name`."""
    match value:
        case Union():
            useful = [member for member in value.members if is_none(member) is not True]
            return union(load(machine, frame, member, name, place) for member in useful or value.members)
        case ModuleRef() | External():
            return member_of(machine, value, name)
        case Ref():
            return _of_object(machine, frame, value, name, place)
        case Method() if value.name.startswith(streams.STREAM):
            return Method(value.receiver, f"{value.name}.{name}")
        case ClassRef():
            return _of_class(machine, frame, value, name, place)
        case Super():
            return _of_super(machine, frame, value, name, place)
        case Tree() | Array():
            return variables.load_of_tree(machine, value, name)
        case Unknown():
            taints = taints_of(value)
            if names_evaluation_data(name):
                taints |= {Taint("eval-data")}
            return Method(value, name) if taints != value.taints else Unknown(taints, value.reason)
    return Method(value, name)


def _of_object(machine: Machine, frame: Frame, value: Ref, name: str, place: Place) -> Value:
    record = machine.heap.get(value.target)
    if not isinstance(record, Instance):
        return Method(value, name)
    if machine.is_variable(record.cls):
        payload = variables.load_of_variable(machine, value, record, name, place)
        if payload is not None:
            return payload
    if record.cls == streams.RNGS:
        return streams.load(machine, frame, value, name, place)
    optimizers.note_read(machine, frame, record, name, place)
    if name in record.attrs:
        found = record.attrs[name]
        flag = isinstance(found, Const) and isinstance(found.value, bool)
        return Const(found.value, FlagAttribute(value.target, name)) if flag and isinstance(found, Const) else found
    if name == "__class__":
        return record.cls
    found_in_class = class_member(machine, frame, record.cls, name, value, place)
    if found_in_class is not None:
        return found_in_class
    return variables.load_of_layer(machine, value, record, name)


def class_member(
    machine: Machine,
    frame: Frame,
    cls: Value,
    name: str,
    bound: Value | None,
    place: Place,
    after: ClassDecl | None = None,
) -> Value | None:
    """A member that a class defines or inherits, bound to an object; `after`: as `super()` of that class sees it."""
    ancestors = machine.ancestry(cls)
    if after is not None:
        positions = [place for place, one in enumerate(ancestors) if isinstance(one, ClassRef) and one.decl is after]
        ancestors = ancestors[positions[0] + 1 :] if positions else ()
    for ancestor in ancestors:
        if isinstance(ancestor, ClassRef):
            found = _own_member(machine, frame, ancestor, name, bound, place)
            if found is not None:
                return found
        elif isinstance(ancestor, External):
            api = machine.api.classes.get(ancestor.name)
            if api is not None and (name in api.methods or name in {"__init__", "__call__"}):
                return Method(bound if bound is not None else ancestor, f"{ancestor.name}.{name}")
            if api is None and bound is not None and ancestor.name not in _PLAIN_BASES:
                return Method(bound, f"{ancestor.name}.{name}")
        else:
            return Unknown(reason="a base class is not known")
    return None


_PLAIN_BASES = frozenset(
    "object abc.ABC typing.Generic typing.Protocol typing.NamedTuple enum.Enum flax.nnx.Pytree".split()
)


def _own_member(
    machine: Machine, frame: Frame, cls: ClassRef, name: str, bound: Value | None, place: Place
) -> Value | None:
    decl = cls.decl
    home = cls.closure or module_frame(machine, decl.path)
    if home is None:
        return None
    method = decl.methods.get(name)
    if method is not None:
        return _bind(machine, frame, home, method, bound, cls, place)
    if name in decl.assignments:
        return machine.evaluate(machine, home, decl.assignments[name].value)
    if name in decl.fields and decl.fields[name].value is not None:
        node = decl.fields[name].value
        return machine.evaluate(machine, home, node) if node is not None else None
    nested = next((child for child in decl.node.body if isinstance(child, ast.ClassDef) and child.name == name), None)
    return ClassRef(home.module.classes[nested], home) if nested is not None else None


def _bind(
    machine: Machine, frame: Frame, home: Frame, method: FunctionDecl, bound: Value | None, cls: ClassRef, place: Place
) -> Value:
    kinds = {_decorator_name(node) for node in method.decorators}
    if "staticmethod" in kinds:
        return Func(method, None, home)
    if "classmethod" in kinds:
        owner = machine.instance(bound) if bound is not None else None
        receiver = owner.cls if owner else (bound if isinstance(bound, ClassRef) else cls)
        return Func(method, receiver, home)
    function = Func(method, bound, home)
    if bound is not None and kinds & _PROPERTIES:
        return machine.call(machine, frame, function, Arguments(), place)
    if bound is not None and "setter" in kinds:
        return UNKNOWN
    return decorated(machine, home, method, function) if method.decorators else function


def _decorator_name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Call(func=function):
            return _decorator_name(function)
    return ""


def _of_class(machine: Machine, frame: Frame, value: ClassRef, name: str, place: Place) -> Value:
    if name in {"__name__", "__qualname__", "__doc__"}:
        return Const(value.decl.name)
    found = class_member(machine, frame, value, name, None, place)
    return found if found is not None else UNKNOWN


def _of_super(machine: Machine, frame: Frame, value: Super, name: str, place: Place) -> Value:
    record = machine.instance(value.instance)
    cls: Value = record.cls if record else value.instance
    found = class_member(machine, frame, cls, name, value.instance, place, after=value.cls)
    return found if found is not None else Method(value.instance, f"object.{name}")


def store(machine: Machine, frame: Frame, owner: Value, name: str, value: Value, place: Place) -> None:
    """`owner.name = value`; a declaration where `owner` is an object under construction."""
    for member in members(owner):
        record = machine.instance(member)
        if record is None or not isinstance(member, Ref):
            store_payload(machine, frame, member, value, name, place)
        elif machine.is_variable(record.cls):
            variables.write(machine, frame, member, value, name, place)
        else:
            _declare(machine, frame, member, record, name, value, place)
            streams.keep(machine, value)
            machine.set_attribute(member.target, name, _kept(value))
            optimizers.note_given(machine, member, name)


def _kept(value: Value) -> Value:
    return Const(value.value) if isinstance(value, Const) and value.origin is not None else value


def _declare(
    machine: Machine, frame: Frame, made: Ref, record: Instance, name: str, value: Value, place: Place
) -> None:
    """Remember what kind of state an attribute of a project class was declared as."""
    owner = frame.decl.owner if frame.decl is not None else None
    if isinstance(place.node, ast.AnnAssign) and isinstance(place.node.target, ast.Name):
        owner = _owner_of_field(machine, record.cls, place.node)
    if owner is None or not isinstance(record.cls, ClassRef) or not machine.is_module(record.cls):
        return
    running = [one for one in frame.chain() if one.instance == made and one.name in _CONSTRUCTORS]
    constructing = bool(running) or owner.fields.get(name) is place.node
    for member in _declared(machine, value):
        held = machine.instance(member)
        if held is not None and isinstance(member, Ref) and machine.is_variable(held.cls):
            payload = held.attrs.get("value", UNKNOWN)
            kind = _variable_kind(machine, held)
            machine.log.declarations.append(
                Declaration(place, owner, name, kind, payload, member.target, taints_of(payload), held, constructing)
            )
        elif isinstance(member, Array):
            found = Declaration(place, owner, name, "array", member, -1, member.taints, None, constructing)
            machine.log.declarations.append(found)


def _declared(machine: Machine, value: Value) -> list[Value]:
    """What an attribute is set to: each alternative, and the Variables of a list."""
    found: list[Value] = []
    for member in members(value):
        listed = machine.sequence(member)
        inside = (*listed.items, listed.rest) if listed is not None else (member,)
        items = [item for one in inside if one is not None for item in members(one)]
        found.extend(items if listed is None else (item for item in items if isinstance(item, Ref)))
    return found


_CONSTRUCTORS = frozenset({"__init__", "__post_init__", "setup", "on_init"})


def _owner_of_field(machine: Machine, cls: Value, field: ast.AnnAssign) -> ClassDecl | None:
    """The class in whose body a dataclass field stands."""
    decls = [one.decl for one in machine.ancestry(cls) if isinstance(one, ClassRef)]
    return next((decl for decl in decls if any(field is statement for statement in decl.fields.values())), None)


def _variable_kind(machine: Machine, record: Instance) -> str:
    found = machine.library_class(record.cls)
    return found.name if found is not None else ""


def store_payload(machine: Machine, frame: Frame, owner: Value, value: Value, how: str, place: Place) -> None:
    """`variable[...] = value`, or a write into a value that came out of a module's state."""
    record = machine.instance(owner)
    if record is not None and machine.is_variable(record.cls) and isinstance(owner, Ref):
        variables.write(machine, frame, owner, value, how, place)
    elif isinstance(owner, Array | Tree):
        variables.write_leaf(machine, frame, owner, value, how, place)
