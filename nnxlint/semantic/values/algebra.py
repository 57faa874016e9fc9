"""Alternatives of values: joined, taken apart, asked for their truth and where they come from."""

import operator
from collections.abc import Callable, Iterable, Mapping

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
        if isinstance(value, Union):
            for member in value.members:
                _add_member(merged, member)
        elif merged:
            _add_member(merged, value)
        else:
            merged.append(value)
    if not merged:
        return UNKNOWN
    if len(merged) == 1:
        return merged[0]
    if len(merged) > _MAX_UNION:
        return Unknown(all_taints(merged), "too many alternatives")
    return Union(tuple(merged))


def _add_member(merged: list[Value], member: Value) -> None:
    kind = type(member)
    merge = _MERGING.get(kind)
    for position, present in enumerate(merged):
        if present is member:
            return
        if type(present) is not kind:
            continue
        if present == member:
            return
        together = merge(present, member) if merge is not None else None
        if together is not None:
            merged[position] = together
            return
    merged.append(member)


def _merge_unknown(left: Unknown, right: Unknown) -> Value:
    return Unknown(left.taints | right.taints, left.reason or right.reason)


def _merge_arrays(left: Array, right: Array) -> Value:
    return Array(left.taints | right.taints, left.form if left.form == right.form else None)


def _merge_constants(left: Const, right: Const) -> Value | None:
    return Const(left.value) if left.value == right.value and type(left.value) is type(right.value) else None


def _merge_trees(left: Tree, right: Tree) -> Value | None:
    if (left.kind, left.root, left.filters) != (right.kind, right.root, right.filters):
        return None
    return Tree(left.kind, left.root, left.filters, left.taints | right.taints)


def _merge_tuples(left: Tuple, right: Tuple) -> Value | None:
    if len(left.items) != len(right.items):
        return None
    return Tuple(tuple(join(one, two) for one, two in zip(left.items, right.items, strict=True)))


def _merge_items(left: Items, right: Items) -> Value:
    return Items(join(left.item, right.item))


# One value for two of the same kind, where nothing that rules ask for is lost.
_MERGING: Mapping[type[Value], Callable[..., Value | None]] = {
    Unknown: _merge_unknown,
    Array: _merge_arrays,
    Const: _merge_constants,
    Tree: _merge_trees,
    Tuple: _merge_tuples,
    Items: _merge_items,
}


def join(left: Value, right: Value) -> Value:
    """The value that may be either."""
    if left is right or (type(left) is type(right) and left == right):
        return left
    return union((left, right))


def taints_of(value: Value) -> Taints:
    """Where a value, or anything inside it, comes from."""
    find = _TAINTS_OF.get(type(value))
    return find(value) if find is not None else NO_TAINTS


def all_taints(values: Iterable[Value]) -> Taints:
    """Where any of the values comes from."""
    found = NO_TAINTS
    for value in values:
        find = _TAINTS_OF.get(type(value))
        if find is not None:
            taints = find(value)
            # Most values have none, and most others the same: then there is nothing to make.
            if taints and taints is not found:
                found = found | taints if found else taints
    return found


_TAINTS_OF: Mapping[type[Value], Callable[..., Taints]] = {
    Unknown: operator.attrgetter("taints"),
    Array: operator.attrgetter("taints"),
    Tree: operator.attrgetter("taints"),
    Tuple: lambda value: all_taints(value.items),
    Items: lambda value: taints_of(value.item),
    Union: lambda value: all_taints(value.members),
    Method: lambda value: taints_of(value.receiver),
}


def with_taints(value: Value, taints: Taints) -> Value:
    """The value with further taints, where it can carry any."""
    if not taints:
        return value
    match value:
        case Unknown():
            return value if taints <= value.taints else Unknown(value.taints | taints, value.reason)
        case Array():
            return value if taints <= value.taints else Array(value.taints | taints, value.form)
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
    if isinstance(value, Const):
        return bool(value.value)
    if isinstance(value, Union):
        answers = {truth(member) for member in value.members}
        return answers.pop() if len(answers) == 1 else None
    if isinstance(value, Tuple):
        return bool(value.items)
    return True if type(value) in _TRUE else None


_TRUE = frozenset({Func, ClassRef, External, ModuleRef, Partial, Transformed})


def is_none(value: Value) -> bool | None:
    """Whether a value is `None`; Python's `None` answers "not known"."""
    if isinstance(value, Const):
        return value.value is None
    if isinstance(value, Unknown):
        return None
    if isinstance(value, Union):
        answers = {is_none(member) for member in value.members}
        return answers.pop() if len(answers) == 1 else None
    return False


_MAX_UNION = 6
