"""What a parameter's annotation promises of the value that nobody handed over."""

import ast

from nnxlint.semantic.flow.construction import prototype
from nnxlint.semantic.frames import Frame
from nnxlint.semantic.library.given import given_of_library
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.values import (
    ARRAY,
    NONE,
    UNKNOWN,
    ClassRef,
    Dictionary,
    External,
    Items,
    Place,
    Sequence,
    Tuple,
    Value,
    union,
)

_ARRAY_TYPES = frozenset(
    """jax.Array jax.numpy.ndarray numpy.ndarray jax.numpy.array jax.typing.ArrayLike chex.Array chex.ArrayTree
    chex.PRNGKey builtins.int builtins.float builtins.str builtins.bytes builtins.complex jax.random.KeyArray
    jaxtyping.Array typing.Hashable""".split()
)
_LISTS = frozenset({"builtins.list", "typing.List", "typing.Sequence", "collections.abc.Sequence"})
_ITERABLES = frozenset(
    """typing.Iterable typing.Iterator collections.abc.Iterable collections.abc.Iterator builtins.set
    typing.Generator collections.abc.Generator""".split()
)
_DICTS = frozenset({"builtins.dict", "typing.Dict", "typing.Mapping", "collections.abc.Mapping"})
_WRAPPERS = frozenset({"typing.Annotated", "typing.Final", "typing.ClassVar", "dataclasses.InitVar"})


def value_of_annotation(machine: Machine, frame: Frame, node: ast.expr, place: ast.AST) -> Value | None:
    """A value made up from an annotation, `None` when it promises nothing that helps."""
    match node:
        case ast.Constant(value=str(text)):
            return _of_text(machine, frame, text, place)
        case ast.Constant(value=None):
            return NONE
        case ast.BinOp(op=ast.BitOr(), left=left, right=right):
            return _either(machine, frame, [left, right], place)
        case ast.Subscript():
            return _of_subscript(machine, frame, node, place)
        case ast.Name() | ast.Attribute():
            return _of_class(machine, frame, machine.evaluate(machine, frame.closure or frame, node), place)
    return None


def _of_text(machine: Machine, frame: Frame, text: str, place: ast.AST) -> Value | None:
    try:
        node = ast.parse(text, mode="eval").body
    except SyntaxError:
        return None
    return value_of_annotation(machine, frame, node, place)


def _either(machine: Machine, frame: Frame, nodes: list[ast.expr], place: ast.AST) -> Value | None:
    values = [value_of_annotation(machine, frame, node, place) for node in nodes]
    return union(UNKNOWN if value is None else value for value in values)


def _of_class(machine: Machine, frame: Frame, value: Value, place: ast.AST) -> Value | None:
    match value:
        case ClassRef():
            return prototype(machine, frame, value)
        case External():
            if value.name in _ARRAY_TYPES or value.name.startswith("jaxtyping."):
                return ARRAY
            return given_of_library(machine, frame, value, Place(frame.path, place))
    return None


def _of_subscript(machine: Machine, frame: Frame, node: ast.Subscript, place: ast.AST) -> Value | None:
    origin = machine.evaluate(machine, frame.closure or frame, node.value)
    if isinstance(origin, ClassRef):
        return _of_class(machine, frame, origin, place)
    if not isinstance(origin, External):
        return None
    arguments = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    if origin.name.startswith("jaxtyping."):
        return ARRAY
    if origin.name == "typing.Optional":
        inner = value_of_annotation(machine, frame, arguments[0], place)
        return union((NONE, inner)) if inner is not None else None
    if origin.name == "typing.Union":
        return _either(machine, frame, arguments, place)
    if origin.name in _WRAPPERS:
        return value_of_annotation(machine, frame, arguments[0], place)
    return _of_container(machine, frame, origin.name, arguments, node)


def _of_container(
    machine: Machine, frame: Frame, name: str, arguments: list[ast.expr], node: ast.Subscript
) -> Value | None:
    if not arguments:
        return None
    held = [value_of_annotation(machine, frame, argument, argument) or UNKNOWN for argument in arguments]
    place = Place(frame.path, node)
    if name in _LISTS:
        return machine.allocate(frame, node, Sequence((), held[0], place))
    if name in _DICTS:
        return machine.allocate(frame, node, Dictionary({}, held[-1], place))
    if name in _ITERABLES:
        return Items(held[0])
    if name in {"builtins.tuple", "typing.Tuple"}:
        variadic = isinstance(arguments[-1], ast.Constant) and arguments[-1].value is Ellipsis
        return Items(held[0]) if variadic else Tuple(tuple(held))
    return None
