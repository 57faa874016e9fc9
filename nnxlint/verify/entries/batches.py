"""What a parameter that holds data looks like: one array, a tuple or dict of several, or a loader of such batches."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from nnxlint.semantic.facts import FunctionDecl
from nnxlint.semantic.values import (
    Array,
    Dictionary,
    Items,
    Record,
    Ref,
    Sequence,
    Tuple,
    Union,
    Unknown,
    Value,
)
from nnxlint.verify.entries.known import Known

_DEPTH = 3
_THROUGH = frozenset({"enumerate", "tqdm", "iter", "list", "reversed", "trange", "zip"})


@dataclass(frozen=True, slots=True)
class Leaf:
    """One array; `hint`: the name that the code gives it."""

    hint: str


@dataclass(frozen=True, slots=True)
class Several:
    """A tuple of parts."""

    parts: "tuple[Data, ...]"


@dataclass(frozen=True, slots=True)
class Fields:
    """A dict of parts by name; `attributes`: the names are looked up as attributes."""

    parts: "Mapping[str, Data]"
    attributes: bool = False


@dataclass(frozen=True, slots=True)
class Loader:
    """An iterable of batches."""

    batch: "Data"


Data = Leaf | Several | Fields | Loader

_ARRAY_ATTRIBUTES = frozenset(
    """shape dtype ndim size T at mT real imag astype reshape mean sum min max std var argmax argmin flatten ravel
    transpose squeeze swapaxes dot copy item tolist any all prod cumsum conj clip take sort nbytes itemsize
    block_until_ready addressable_shards sharding devices repeat""".split()
)


def data_of(known: Known, decl: FunctionDecl, name: str, value: Value, records: Mapping[int, Record]) -> Data:
    """What a parameter of a function holds: by its value, and where that says little, by how it is used."""
    used = _used(known, decl, name, _DEPTH)
    seen = _seen(value, records, name, used)
    return used if seen is None else seen


def leaves(data: Data, prefix: str = "") -> Iterator[tuple[str, Leaf]]:
    """The arrays in the data with a name for each."""
    match data:
        case Leaf():
            yield prefix or data.hint, data
        case Several(parts):
            for number, part in enumerate(parts):
                own = part.hint if isinstance(part, Leaf) else f"part_{number}"
                yield from leaves(part, f"{prefix}_{own}" if prefix else own)
        case Fields(parts):
            for name, part in parts.items():
                yield from leaves(part, f"{prefix}_{_identifier(name)}")
        case Loader(batch):
            yield from leaves(batch, prefix)


def assembled(data: Data, prefix: str = "") -> str:
    """An expression that puts the data together from the arrays that `leaves` names."""
    match data:
        case Leaf():
            return prefix or data.hint
        case Several(parts):
            made = []
            for number, part in enumerate(parts):
                own = part.hint if isinstance(part, Leaf) else f"part_{number}"
                made.append(assembled(part, f"{prefix}_{own}" if prefix else own))
            return f"({', '.join(made)},)"
        case Fields(parts, attributes):
            inside = {name: assembled(part, f"{prefix}_{_identifier(name)}") for name, part in parts.items()}
            if attributes:
                return f"_nnxlint.record({', '.join(f'{name}={code}' for name, code in inside.items())})"
            return f"{{{', '.join(f'{name!r}: {code}' for name, code in inside.items())}}}"
        case Loader(batch):
            return f"[{assembled(batch, prefix)}, {assembled(batch, prefix)}]"


def _seen(value: Value, records: Mapping[int, Record], name: str, used: Data) -> Data | None:
    record = records.get(value.target) if isinstance(value, Ref) else None
    match value, record:
        case Array(), _:
            return used if isinstance(used, Leaf) else Leaf(name)
        case Tuple(items), _ if items:
            hints = [part.hint for part in used.parts if isinstance(part, Leaf)] if isinstance(used, Several) else []
            hints = hints if len(hints) == len(items) else [f"{name}_{number}" for number in range(len(items))]
            return Several(tuple(_inner(one, records, hint) for one, hint in zip(items, hints, strict=True)))
        case Items(item), _:
            inner = used.batch if isinstance(used, Loader) else Leaf(name)
            return Loader(_seen(item, records, name, inner) or inner)
        case _, Dictionary(items=items, rest=None) if items and all(isinstance(key, str) for key in items):
            return Fields({str(key): _inner(one, records, str(key)) for key, one in items.items()})
        case _, Sequence(items=items) if items:
            inner = used.batch if isinstance(used, Loader) else Leaf(name)
            return Loader(_seen(items[0], records, name, inner) or inner)
        case Union(members), _:
            found = (_seen(member, records, name, used) for member in members if not isinstance(member, Unknown))
            return next((each for each in found if each is not None), None)
    return None


def _inner(value: Value, records: Mapping[int, Record], name: str) -> Data:
    return _seen(value, records, name, Leaf(name)) or Leaf(name)


def _used(known: Known, decl: FunctionDecl, name: str, depth: int) -> Data:
    """What the code does with a name of the function: unpack it, look up its keys, run over it, hand it on."""
    keys: dict[str, Data] = {}
    attributes: dict[str, Data] = {}
    for parent in ast.walk(decl.node):
        found = _unpacked(known, decl, parent, name, depth)
        if found is not None:
            return found
        match parent:
            case ast.Subscript(value=ast.Name(id=used), slice=ast.Constant(value=str(key))) if used == name:
                keys[key] = Leaf(key)
            case ast.Attribute(value=ast.Name(id=used), attr=attribute) if used == name:
                attributes[attribute] = Leaf(attribute)
    if keys:
        return Fields(keys)
    if attributes and not attributes.keys() & _ARRAY_ATTRIBUTES:
        return Fields(attributes, attributes=True)
    return Leaf(name)


def _unpacked(known: Known, decl: FunctionDecl, parent: ast.AST, name: str, depth: int) -> Data | None:
    match parent:
        case ast.Assign(targets=[ast.Tuple(elts=parts)], value=ast.Name(id=used)) if used == name:
            return _pattern(known, decl, ast.Tuple(elts=parts), depth)
        case ast.For() | ast.comprehension() if _runs_over(parent.iter, name):
            counted = isinstance(parent.iter, ast.Call) and _called(parent.iter) == "enumerate"
            target = parent.target
            if counted and isinstance(target, ast.Tuple) and target.elts:
                target = target.elts[-1]
            return Loader(_pattern(known, decl, target, depth))
        case ast.Call(func=ast.Name(id="next"), args=[ast.Name(id=used), *_]) if used == name:
            return Loader(Leaf(name))
        case ast.Call() if depth:
            found = _handed_on(known, parent, name, depth)
            return None if isinstance(found, Leaf) else found
    return None


def _handed_on(known: Known, call: ast.Call, name: str, depth: int) -> Data | None:
    """What a function of the project does with what it is handed."""
    for run in known.called_at(call):
        parameters = [each.arg for each in run.decl.parameters[1 if run.bound is not None else 0 :]]
        for given, parameter in zip(call.args, parameters, strict=False):
            if isinstance(given, ast.Name) and given.id == name:
                return _used(known, run.decl, parameter, depth - 1)
        for keyword in call.keywords:
            if isinstance(keyword.value, ast.Name) and keyword.value.id == name and keyword.arg in parameters:
                return _used(known, run.decl, keyword.arg, depth - 1)
    return None


def _pattern(known: Known, decl: FunctionDecl, target: ast.expr, depth: int) -> Data:
    match target:
        case ast.Name(id=name):
            return _used(known, decl, name, depth - 1) if depth else Leaf(name)
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            return Several(tuple(_pattern(known, decl, part, 0) for part in parts))
    return Leaf("data")


def _runs_over(node: ast.expr, name: str) -> bool:
    if isinstance(node, ast.Name):
        return node.id == name
    if isinstance(node, ast.Call) and _called(node) in _THROUGH and node.args:
        return _runs_over(node.args[0], name)
    return False


def _called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def _identifier(name: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in name)
