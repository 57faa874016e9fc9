"""Whether arrays are of integers or booleans: the taints ``int`` and ``bool``; neither: not known."""

import ast

from nnxlint.semantic.observe import Arguments
from nnxlint.semantic.values import Array, Const, External, Taint, Taints, Value

KINDS = frozenset({"int", "bool"})
_INTEGERS = frozenset("int4 int8 int16 int32 int64 uint4 uint8 uint16 uint32 uint64 int_ int uint intp".split())
_BOOLEANS = frozenset({"bool_", "bool"})
_INTEGER_RESULTS = frozenset(
    """argsort argmax argmin searchsorted digitize nonzero indices tril_indices triu_indices count_nonzero
    diag_indices bincount randint permutation""".split()
)
_BOOLEAN_RESULTS = frozenset(
    """isnan isinf isfinite isclose logical_not logical_and logical_or logical_xor greater greater_equal
    less less_equal equal not_equal isin bernoulli""".split()
)
# What keeps the dtype of its first argument, or of all of them.
_OF_FIRST = frozenset(
    """array asarray reshape ravel tril triu transpose concatenate stack hstack vstack tile repeat
    expand_dims squeeze broadcast_to roll flip copy cumsum abs zeros_like ones_like take moveaxis swapaxes
    sort diag pad astype""".split()
)
_OF_ALL = frozenset({"arange", "maximum", "minimum", "outer", "clip", "multiply", "add", "subtract"})
_KEEPING_METHODS = frozenset("reshape ravel flatten transpose copy squeeze repeat swapaxes T mT at take clip".split())
_KEEPING_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.Mod, ast.BitAnd, ast.BitOr, ast.BitXor)


def without(taints: Taints) -> Taints:
    """The taints without what they tell of the dtype."""
    return frozenset(taint for taint in taints if taint.kind not in KINDS)


def of_call(last: str, arguments: Arguments, read: tuple[Value, ...], held: tuple[Value, ...]) -> Taints:
    """The dtype of what a function of arrays gives; `held`: the elements of the lists among its arguments."""
    given = _given(last, arguments)
    if given is not None:
        return _named(given)
    if last in _BOOLEAN_RESULTS:
        return _tainted("bool")
    if last in _INTEGER_RESULTS:
        return _tainted("int")
    return _tainted(_inferred(last, read, held))


def _given(last: str, arguments: Arguments) -> Value | None:
    given = arguments.keywords.get("dtype")
    position = {"array": 1, "asarray": 1, "zeros": 1, "ones": 1, "empty": 1, "full": 2, "astype": 1}.get(last)
    if given is None and position is not None and len(arguments.positional) > position:
        given = arguments.positional[position]
    return given


def _named(dtype: Value) -> Taints:
    name = dtype.name.rpartition(".")[2] if isinstance(dtype, External) else getattr(dtype, "value", None)
    if name in _BOOLEANS:
        return _tainted("bool")
    return _tainted("int") if name in _INTEGERS else frozenset()


def _inferred(last: str, read: tuple[Value, ...], held: tuple[Value, ...]) -> str | None:
    if not read:
        return None
    if last == "full":
        return of_value(read[1]) if len(read) > 1 else None
    if last == "where":
        return _common(read[1:]) if len(read) > 2 else None  # noqa: PLR2004 - where(condition, x, y)
    if last == "arange" and len(read) == 1 and not _is_float(read[0]):
        return "int"
    if last in _OF_ALL:
        return _common(read)
    if last in _OF_FIRST:
        return _common(held) if held else of_value(read[0])
    return None


def of_value(value: Value) -> str | None:
    """``int``, ``bool``, or `None` for a float and for what is not known."""
    if isinstance(value, Const):
        if isinstance(value.value, bool):
            return "bool"
        return "int" if isinstance(value.value, int) else None
    kinds = {taint.kind for taint in value.taints} & KINDS if isinstance(value, Array) else set()
    return kinds.pop() if len(kinds) == 1 else None


def _is_float(value: Value) -> bool:
    return isinstance(value, Const) and isinstance(value.value, float)


def _common(values: tuple[Value, ...]) -> str | None:
    kinds = {of_value(value) for value in values}
    if None in kinds or not kinds:
        return None
    return "int" if "int" in kinds else "bool"


def of_operation(operator: ast.operator | ast.unaryop | None, operands: tuple[Value, ...]) -> Taints:
    """The dtype of what arithmetic gives."""
    if isinstance(operator, _KEEPING_OPERATORS) or (isinstance(operator, ast.unaryop) and len(operands) == 1):
        return _tainted(_common(operands))
    return frozenset()


def of_method(name: str, receiver: Value, arguments: Arguments) -> Taints:
    """The dtype of what a method of an array gives."""
    if name == "astype":
        given = arguments.get(0, "dtype")
        return _named(given) if given is not None else frozenset()
    return _tainted(of_value(receiver)) if name in _KEEPING_METHODS else frozenset()


def _tainted(kind: str | None) -> Taints:
    return frozenset({Taint(kind)}) if kind is not None else frozenset()
