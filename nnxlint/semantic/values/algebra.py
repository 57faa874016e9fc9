"""Alternatives of values: joined, taken apart, asked for their truth and where they come from."""

from collections.abc import Iterable

from nnxlint.semantic.values.kinds import (
    NO_TAINTS,
    UNKNOWN,
    Array,
    ClassRef,
    Const,
    External,
    Func,
    Items,
    Method,
    ModuleRef,
    Partial,
    Taints,
    Transformed,
    Tree,
    Tuple,
    Union,
    Unknown,
    Value,
)


def members(value: Value) -> tuple[Value, ...]:
    """The alternatives of a value."""
    return value.members if isinstance(value, Union) else (value,)


def union(values: Iterable[Value]) -> Value:
    """The value that may be any of these; too many alternatives become `Unknown`."""
    merged: list[Value] = []
    for value in values:
        for member in members(value):
            _add_member(merged, member)
    if not merged:
        return UNKNOWN
    if len(merged) == 1:
        return merged[0]
    if len(merged) > _MAX_UNION:
        return Unknown(frozenset().union(*(taints_of(member) for member in merged)), "too many alternatives")
    return Union(tuple(merged))


def _add_member(merged: list[Value], member: Value) -> None:
    for position, present in enumerate(merged):
        if present == member:
            return
        together = _merge(present, member)
        if together is not None:
            merged[position] = together
            return
    merged.append(member)


def _merge(left: Value, right: Value) -> Value | None:
    """One value for two of the same kind, where nothing that rules ask for is lost."""
    match left, right:
        case Unknown(), Unknown():
            return Unknown(left.taints | right.taints, left.reason or right.reason)
        case Array(), Array():
            return Array(left.taints | right.taints)
        case Const(), Const() if left.value == right.value and type(left.value) is type(right.value):
            return Const(left.value)
        case Tree(), Tree() if (left.kind, left.root, left.filters) == (
            right.kind,
            right.root,
            right.filters,
        ):
            return Tree(left.kind, left.root, left.filters, left.taints | right.taints)
        case Tuple(), Tuple() if len(left.items) == len(right.items):
            return Tuple(tuple(join(one, two) for one, two in zip(left.items, right.items, strict=True)))
        case Items(), Items():
            return Items(join(left.item, right.item))
    return None


def join(left: Value, right: Value) -> Value:
    """The value that may be either."""
    if left is right or left == right:
        return left
    return union((left, right))


def taints_of(value: Value) -> Taints:
    """Where a value, or anything inside it, comes from."""
    match value:
        case Unknown() | Array() | Tree():
            return value.taints
        case Tuple():
            return frozenset().union(*(taints_of(item) for item in value.items))
        case Items():
            return taints_of(value.item)
        case Union():
            return frozenset().union(*(taints_of(member) for member in value.members))
        case Method():
            return taints_of(value.receiver)
    return NO_TAINTS


def with_taints(value: Value, taints: Taints) -> Value:
    """The value with further taints, where it can carry any."""
    if not taints:
        return value
    match value:
        case Unknown():
            return value if taints <= value.taints else Unknown(value.taints | taints, value.reason)
        case Array():
            return value if taints <= value.taints else Array(value.taints | taints)
        case Tree():
            return Tree(value.kind, value.root, value.filters, value.taints | taints)
        case Tuple():
            return Tuple(tuple(with_taints(item, taints) for item in value.items))
        case Items():
            return Items(with_taints(value.item, taints))
        case Union():
            return union(with_taints(member, taints) for member in value.members)
    return value


def truth(value: Value) -> bool | None:
    """Whether a value is true in a condition, `None` when that is not known."""
    match value:
        case Const():
            return bool(value.value)
        case Union():
            answers = {truth(member) for member in value.members}
            return answers.pop() if len(answers) == 1 else None
        case Tuple():
            return bool(value.items)
        case Func() | ClassRef() | External() | ModuleRef() | Partial() | Transformed():
            return True
    return None


def is_none(value: Value) -> bool | None:
    """Whether a value is `None`; Python's `None` answers "not known"."""
    match value:
        case Const():
            return value.value is None
        case Unknown():
            return None
        case Union():
            answers = {is_none(member) for member in value.members}
            return answers.pop() if len(answers) == 1 else None
    return False


_MAX_UNION = 6
