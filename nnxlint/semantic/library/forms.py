"""The shapes and dtypes of arrays fresh from their making: kept in a run that is watched, for who asks."""

from collections.abc import Mapping, Sequence

from nnxlint.semantic.machine import Machine
from nnxlint.semantic.observe import Arguments
from nnxlint.semantic.values import Array, Const, External, Form, Ref, Tuple, Value

# Where makers of arrays take the shape, and the dtype, by position.
_MAKERS: Mapping[str, tuple[int, int]] = {"zeros": (0, 1), "ones": (0, 1), "empty": (0, 1), "full": (0, 2)}
_DRAWERS: Mapping[str, tuple[int, int]] = {"normal": (1, 2), "uniform": (1, 2), "truncated_normal": (3, 4)}
_INITIALIZERS = (1, 2)
_FLOATS = frozenset("zeros ones empty normal uniform truncated_normal eye".split())
_LIKE = frozenset({"zeros_like", "ones_like", "empty_like", "full_like"})
_SHORT: Mapping[str, str] = {"float": "float32", "int": "int32", "bool_": "bool", "float_": "float32"}


def formed(machine: Machine, name: str, arguments: Arguments, result: Value) -> Value:
    """What a library's function gave, with its shape and dtype where its name and arguments tell them."""
    if machine.log.watched is None or not isinstance(result, Array) or arguments.open:
        return result
    form = _form(machine, name, arguments)
    return Array(result.taints, form) if form is not None else result


def _form(machine: Machine, name: str, arguments: Arguments) -> Form | None:
    top, _, last = name.rpartition(".")
    if name in {"nnxlint.random", "nnxlint.constant"} or ".initializers" in top:
        return _made(machine, arguments, _INITIALIZERS, "float32")
    if top.startswith("flax.nnx.Rngs"):
        place, dtype = _DRAWERS.get(last, (0, 0))
        return _made(machine, arguments, (place - 1, dtype - 1), "float32", scalar=True) if place else None
    if top == "jax.random" and last in _DRAWERS:
        return _made(machine, arguments, _DRAWERS[last], "float32", scalar=True)
    if top not in {"jax.numpy", "numpy"}:
        return None
    if last in _MAKERS:
        return _made(machine, arguments, _MAKERS[last], "float32" if last in _FLOATS else None)
    first = arguments.get(0, "a")
    if last in _LIKE and isinstance(first, Array):
        return first.form
    if last in {"array", "asarray"} and isinstance(first, Const) and isinstance(first.value, int | float):
        return Form((), _dtype(arguments, 1) or _dtype_of(first))
    return None


def _made(
    machine: Machine, arguments: Arguments, at: tuple[int, int], usual: str | None, *, scalar: bool = False
) -> Form | None:
    given = arguments.get(at[0], "shape")
    if given is None:
        return Form((), _dtype(arguments, at[1]) or usual) if scalar else None
    written = arguments.get(at[1], "dtype") is not None
    return Form(sizes(machine, given), _dtype(arguments, at[1]) if written else usual)


def _dtype(arguments: Arguments, position: int) -> str | None:
    given = arguments.get(position, "dtype")
    return dtype_name(given) if given is not None else None


def _dtype_of(number: Const) -> str:
    if isinstance(number.value, bool):
        return "bool"
    return "int32" if isinstance(number.value, int) else "float32"


def dtype_name(value: Value) -> str | None:
    """The name of a dtype that is written as one, or as a text."""
    match value:
        case External():
            name = value.name.rpartition(".")[2]
            return _SHORT.get(name, name)
        case Const(value=str(text)):
            return text
    return None


def sizes(machine: Machine, value: Value) -> tuple[int | None, ...] | None:
    """The axes of a shape; one that is a number is that of a vector."""
    if isinstance(value, Tuple):
        return tuple(map(_size, value.items))
    listed = machine.sequence(value) if isinstance(value, Ref) else None
    if listed is not None:
        return tuple(map(_size, listed.items)) if listed.rest is None else None
    one = _size(value)
    return (one,) if one is not None else None


def _size(value: Value) -> int | None:
    known = isinstance(value, Const) and isinstance(value.value, int) and not isinstance(value.value, bool)
    return int(value.value) if known and isinstance(value, Const) and isinstance(value.value, int) else None


def kept_form(operands: Sequence[Value]) -> Form | None:
    """The form of arithmetic on one array and numbers; of several arrays it is not told."""
    if not all(isinstance(one, Array | Const) for one in operands):
        return None
    forms = [one.form for one in operands if isinstance(one, Array)]
    if len(forms) != 1 or forms[0] is None:
        return None
    shape, dtype = forms[0]
    return Form(shape, dtype if dtype is not None and "float" in dtype else None)
