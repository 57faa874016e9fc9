"""Binding arguments to the parameters of a function of the project."""

import ast
from dataclasses import replace

from nnxlint.semantic.facts import FunctionDecl
from nnxlint.semantic.flow.annotations import value_of_annotation
from nnxlint.semantic.flow.assignment import signed
from nnxlint.semantic.frames import Frame
from nnxlint.semantic.library import streams
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.observe import Arguments
from nnxlint.semantic.values import (
    NONE,
    ClassRef,
    Const,
    Dictionary,
    FlagDefault,
    Items,
    Place,
    Tuple,
    Unknown,
    Value,
    join,
)
from nnxlint.semantic.vocabulary import evaluating


def bind(machine: Machine, frame: Frame, decl: FunctionDecl, arguments: Arguments, place: Place) -> None:
    """Set the frame's locals to what the arguments give the parameters; defaults remember who left them out."""
    spec = decl.node.args
    positional = [*spec.posonlyargs, *spec.args]
    left = dict(arguments.keywords)
    for position, parameter in enumerate(positional):
        if position < len(arguments.positional):
            value: Value | None = arguments.positional[position]
        else:
            value = left.pop(parameter.arg, None)
        frame.locals[parameter.arg] = _given(machine, frame, decl, parameter, value, arguments, place)
    for parameter in spec.kwonlyargs:
        value = left.pop(parameter.arg, None)
        keyword_only = replace(arguments, more_positional=None)
        frame.locals[parameter.arg] = _given(machine, frame, decl, parameter, value, keyword_only, place)
    if spec.vararg is not None:
        extra = arguments.positional[len(positional) :]
        more = arguments.more_positional
        if more is None and _is_uncalled(decl, place):
            more = Unknown(reason="nobody was seen to call the function")
        frame.locals[spec.vararg.arg] = Tuple(extra) if more is None else Items(_joined((*extra, more)))
    if spec.kwarg is not None:
        more_keywords = arguments.more_keywords
        if more_keywords is None and _is_uncalled(decl, place):
            more_keywords = Unknown(reason="nobody was seen to call the function")
        record = Dictionary(Arguments((), left).by_key(), more_keywords, Place(decl.path, decl.node))
        frame.locals[spec.kwarg.arg] = machine.allocate(frame, spec.kwarg, record)


def _is_uncalled(decl: FunctionDecl, place: Place) -> bool:
    """Whether the function, or the construction of its class, is run though nobody was seen to call it."""
    return place.node is decl.node or isinstance(place.node, ast.ClassDef)


def _joined(values: tuple[Value, ...]) -> Value:
    result = values[0]
    for value in values[1:]:
        result = join(result, value)
    return result


def _given(
    machine: Machine,
    frame: Frame,
    decl: FunctionDecl,
    parameter: ast.arg,
    value: Value | None,
    arguments: Arguments,
    place: Place,
) -> Value:
    if value is None and arguments.open:
        value = Unknown(reason="given through * or **")
    if value is None:
        value = _default(machine, frame, decl, parameter, place)
        if value == NONE and place.node is decl.node and parameter.annotation is not None:
            # Nobody was seen to call the function: `model: Net | None = None` may be given as well as not.
            annotated = value_of_annotation(machine, frame, parameter.annotation, parameter)
            value = value if annotated is None else join(value, annotated)
        elif place.node is decl.node and isinstance(value, Const) and _chooses_mode(machine, frame, decl, parameter):
            # Nor is it known then in which mode a module is called.
            value = join(value, Const(not value.value))
    if isinstance(value, Unknown) and parameter.annotation is not None:
        annotated = value_of_annotation(machine, frame, parameter.annotation, parameter)
        value = annotated if annotated is not None else value
    elif isinstance(value, Unknown) and parameter.arg == "rngs" and decl.owner is not None and decl.name == "__init__":
        value = streams.given_rngs(machine, frame, place)
    return signed(parameter.arg, value)


def _chooses_mode(machine: Machine, frame: Frame, decl: FunctionDecl, parameter: ast.arg) -> bool:
    """Whether a parameter is the mode flag of a module's method."""
    is_flag = evaluating(parameter.arg, machine.mode_flags, value=True) is not None
    return is_flag and decl.owner is not None and machine.is_module(ClassRef(decl.owner, frame.closure))


def _default(machine: Machine, frame: Frame, decl: FunctionDecl, parameter: ast.arg, place: Place) -> Value:
    node = default_of(decl, parameter.arg)
    if node is None:
        return Unknown(reason=f"nothing is known of the parameter `{parameter.arg}`")
    value = machine.evaluate(machine, frame.closure or frame, node)
    if isinstance(value, Const) and isinstance(value.value, bool):
        if isinstance(place.node, ast.ClassDef) and evaluating(parameter.arg, machine.mode_flags, value=True) is None:
            return Unknown(reason="a setting of an object that is made elsewhere")
        return Const(value.value, FlagDefault(place, decl, parameter.arg))
    sized = isinstance(value, Const) and isinstance(value.value, int | float)
    if sized and machine.log.watched is not None and isinstance(place.node, ast.ClassDef):
        return Unknown(reason="a size of an object that is made elsewhere")
    return value


def default_of(decl: FunctionDecl, name: str) -> ast.expr | None:
    """The default of a parameter, `None` when it has none."""
    spec = decl.node.args
    positional = [*spec.posonlyargs, *spec.args]
    for parameter, default in zip(reversed(positional), reversed(spec.defaults), strict=False):
        if parameter.arg == name:
            return default
    for parameter, keyword_default in zip(spec.kwonlyargs, spec.kw_defaults, strict=True):
        if parameter.arg == name:
            return keyword_default
    return None
