"""Binding arguments to the signatures of the API tables."""

import ast

from nnxlint.semantic.flax_api import Parameter, Signature
from nnxlint.semantic.observe import Arguments
from nnxlint.semantic.values import Const, Literal, Unknown, Value

_POSITIONAL = frozenset({"positional_only", "positional_or_keyword"})


def bind_signature(signature: Signature, arguments: Arguments) -> dict[str, Value]:
    """The value of every parameter; what a `*` or `**` may fill is unknown, required ones not given are left out."""
    bound: dict[str, Value] = {}
    left = list(arguments.positional)
    for parameter in signature:
        if parameter.kind in _POSITIONAL and left:
            bound[parameter.name] = left.pop(0)
        elif parameter.name in arguments.keywords:
            bound[parameter.name] = arguments.keywords[parameter.name]
        elif arguments.open:
            bound[parameter.name] = Unknown(reason="given through * or **")
        elif not parameter.required:
            default = _default(parameter)
            if default is not None:
                bound[parameter.name] = default
    return bound


def _default(parameter: Parameter) -> Value | None:
    if parameter.default is None or parameter.kind.startswith("var_"):
        return None
    try:
        return Const(_literal(parameter.default))
    except (ValueError, SyntaxError):
        return Unknown(reason="a default of the library")


def given(signature: Signature, arguments: Arguments, name: str) -> bool | None:
    """Whether a call gives a parameter, `None` when a `*` or `**` may."""
    positions = [parameter.name for parameter in signature if parameter.kind in _POSITIONAL]
    if name in arguments.keywords or (name in positions and positions.index(name) < len(arguments.positional)):
        return True
    return None if arguments.open else False


def _literal(text: str | None) -> Literal:
    """The value of a default in the API tables; anything but a literal is told by `ValueError`."""
    value = ast.literal_eval(text or "")
    if isinstance(value, int | float | complex | str | bytes | None):
        return value
    message = "not a plain literal"
    raise ValueError(message)
