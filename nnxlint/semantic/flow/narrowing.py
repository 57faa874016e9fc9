"""What a condition that holds, or fails, tells about the values in it."""

import ast

from nnxlint.semantic.frames import Frame
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.values import (
    ClassRef,
    External,
    Instance,
    Ref,
    Tuple,
    Union,
    Value,
    is_none,
    members,
    truth,
    union,
)


def narrow(machine: Machine, frame: Frame, test: ast.expr, *, holds: bool) -> None:
    """Drop the alternatives of names and attributes that the condition's outcome rules out."""
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            narrow(machine, frame, operand, holds=not holds)
        case ast.BoolOp(op=ast.And(), values=values) if holds:
            for value in values:
                narrow(machine, frame, value, holds=True)
        case ast.BoolOp(op=ast.Or(), values=values) if not holds:
            for value in values:
                narrow(machine, frame, value, holds=False)
        case ast.Compare(left=left, ops=[ast.Is() | ast.Eq()], comparators=[ast.Constant(value=None)]):
            _keep(machine, frame, left, none=holds)
        case ast.Compare(left=left, ops=[ast.IsNot() | ast.NotEq()], comparators=[ast.Constant(value=None)]):
            _keep(machine, frame, left, none=not holds)
        case ast.Call(func=ast.Name(id="isinstance"), args=[subject, cls]):
            _keep_class(machine, frame, subject, machine.evaluate(machine, frame, cls), holds=holds)
        case ast.Name() | ast.Attribute():
            _keep_truth(machine, frame, test, holds=holds)


def _keep(machine: Machine, frame: Frame, node: ast.expr, *, none: bool) -> None:
    value = _current(machine, frame, node)
    if isinstance(value, Union):
        kept = [member for member in members(value) if is_none(member) in (none, None)]
        _store(machine, frame, node, kept, value)


def _keep_truth(machine: Machine, frame: Frame, node: ast.expr, *, holds: bool) -> None:
    value = _current(machine, frame, node)
    if isinstance(value, Union):
        kept = [member for member in members(value) if truth(member) in (holds, None)]
        _store(machine, frame, node, kept, value)


def _keep_class(machine: Machine, frame: Frame, node: ast.expr, cls: Value, *, holds: bool) -> None:
    value = _current(machine, frame, node)
    if isinstance(value, Union):
        kept = [member for member in members(value) if _is_of(machine, member, cls) in (holds, None)]
        _store(machine, frame, node, kept, value)


def _is_of(machine: Machine, value: Value, cls: Value) -> bool | None:
    """Whether a value is of a class, or of one of a tuple of classes."""
    record = machine.instance(value)
    if record is None or machine.is_open(record.cls) or "open" in record.tags:
        return None
    classes = cls.items if isinstance(cls, Tuple) else members(cls)
    if not all(isinstance(one, ClassRef | External) for one in classes):
        return None
    ancestry = machine.ancestry(record.cls)
    return any(
        one in ancestry or (isinstance(one, External) and machine.derives(record.cls, one.name)) for one in classes
    )


def _current(machine: Machine, frame: Frame, node: ast.expr) -> Value | None:
    match node:
        case ast.Name(id=name):
            return frame.locals.get(name)
        case ast.Attribute(value=ast.Name(id=owner), attr=attribute):
            record = _owner(machine, frame, owner)
            return record.attrs.get(attribute) if record else None
    return None


def _owner(machine: Machine, frame: Frame, name: str) -> Instance | None:
    value = frame.locals.get(name)
    return machine.instance(value) if value is not None else None


def _store(machine: Machine, frame: Frame, node: ast.expr, kept: list[Value], value: Value) -> None:
    if not kept or len(kept) == len(members(value)):
        return
    match node:
        case ast.Name(id=name):
            frame.locals[name] = union(kept)
        case ast.Attribute(value=ast.Name(id=owner), attr=attribute):
            target = frame.locals.get(owner)
            if isinstance(target, Ref):
                machine.set_attribute(target.target, attribute, union(kept))
