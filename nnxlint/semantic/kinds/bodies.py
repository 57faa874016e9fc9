"""The body of one function: the way up from each node, and the names that depend on the input."""

import ast
import functools
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from nnxlint.semantic.facts import FunctionDecl
from nnxlint.syntax.nodes import push_children

_ROUNDS = 5
_SETTINGS = frozenset(
    """tau decay momentum lr learning_rate eps epsilon train training deterministic rngs rng seed mode dtype
    update inference is_training temperature""".split()
)
_PLAIN_TYPES = frozenset({"int", "float", "bool", "str"})
_FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@dataclass(frozen=True, eq=False)
class Body:
    """A function, and the way up from each node in it. `receiver`: how a method names its object."""

    decl: FunctionDecl
    receiver: str | None
    parents: Mapping[ast.AST, ast.AST]

    @functools.cached_property
    def data(self) -> frozenset[str]:
        """The names that are made of the function's arguments."""
        return _data(self.decl, self.receiver)

    @functools.cached_property
    def _loads(self) -> Mapping[str, list[ast.Name]]:
        found = defaultdict(list)
        for node in self.parents:
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                found[node.id].append(node)
        return found

    @functools.cached_property
    def _attributes(self) -> Mapping[str, list[ast.Attribute]]:
        found = defaultdict(list)
        for node in self.parents:
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == self.receiver:
                found[node.attr].append(node)
        return found

    def climb(self, node: ast.AST) -> Iterator[ast.AST]:
        """The nodes around a node, innermost first, inside the function."""
        current = self.parents.get(node)
        while current is not None:
            yield current
            current = self.parents.get(current)

    def depends(self, node: ast.AST) -> bool:
        """Whether an expression is made of the function's input."""
        return any(isinstance(one, ast.Name) and one.id in self.data for one in ast.walk(node))

    def loads(self, name: str) -> Iterator[ast.Name]:
        """Where a local name is read."""
        yield from self._loads.get(name, ())

    def attributes(self, name: str) -> Iterator[ast.Attribute]:
        """Where an attribute of the method's own object is named."""
        yield from self._attributes.get(name, ())

    def statement(self, node: ast.AST) -> ast.AST:
        """The statement that a node stands in."""
        if isinstance(node, ast.stmt):
            return node
        return next((one for one in self.climb(node) if isinstance(one, ast.stmt)), node)


def read_body(decl: FunctionDecl) -> Body:
    """Look at a function once."""
    static = any(isinstance(one, ast.Name) and one.id in {"staticmethod", "classmethod"} for one in decl.decorators)
    is_method = decl.owner is not None and not static and bool(decl.parameters)
    receiver = decl.parameters[0].arg if is_method else None
    return Body(decl, receiver, _parents(decl.node))


def _parents(function: ast.AST) -> Mapping[ast.AST, ast.AST]:
    """What each node below a function stands in; outer nodes come first."""
    parents: dict[ast.AST, ast.AST] = {}
    layer: list[ast.AST] = [function]
    for node in layer:
        below: list[ast.AST] = []
        push_children(below, node)
        for child in reversed(below):
            if isinstance(child, ast.AST):
                parents[child] = node
                layer.append(child)
    return parents


def _data(decl: FunctionDecl, receiver: str | None) -> frozenset[str]:
    found: set[str] = set()
    for node in ast.walk(decl.node):
        if isinstance(node, _FUNCTIONS):
            found.update(_input(node))
    found.discard(receiver or "")
    flows = [flow for node in ast.walk(decl.node) if (flow := _flow(node)) is not None]
    for _ in range(_ROUNDS):
        before = len(found)
        for source, targets in flows:
            if any(isinstance(one, ast.Name) and one.id in found for one in ast.walk(source)):
                found.update(targets)
        if len(found) == before:
            break
    return frozenset(found)


def _input(node: _FUNCTIONS) -> Iterator[str]:
    """The parameters that hold data: no settings, flags and random keys."""
    spec = node.args
    positional = [*spec.posonlyargs, *spec.args]
    defaults: list[ast.expr | None] = [*([None] * (len(positional) - len(spec.defaults))), *spec.defaults]
    for parameter, default in (
        *zip(positional, defaults, strict=True),
        *zip(spec.kwonlyargs, spec.kw_defaults, strict=True),
    ):
        if not _is_setting(parameter, default):
            yield parameter.arg
    if spec.vararg is not None:
        yield spec.vararg.arg


def _is_setting(parameter: ast.arg, default: ast.expr | None) -> bool:
    if parameter.arg in _SETTINGS:
        return True
    if isinstance(parameter.annotation, ast.Name) and parameter.annotation.id in _PLAIN_TYPES:
        return True
    return isinstance(default, ast.Constant) and isinstance(default.value, int | float | str)


def _flow(node: ast.AST) -> tuple[ast.AST, frozenset[str]] | None:
    """From which expression which names are bound."""
    match node:
        case ast.Assign(value=source, targets=targets):
            return source, frozenset(name for target in targets for name in _bound(target))
        case ast.AnnAssign(value=ast.expr() as source, target=target) | ast.AugAssign(value=source, target=target):
            return source, frozenset(_bound(target))
        case ast.NamedExpr(value=source, target=target):
            return source, frozenset(_bound(target))
        case ast.For(iter=source, target=target) | ast.comprehension(iter=source, target=target):
            return source, frozenset(_bound(target))
    return None


def _bound(target: ast.expr) -> Iterator[str]:
    match target:
        case ast.Name():
            yield target.id
        case ast.Tuple() | ast.List():
            for part in target.elts:
                yield from _bound(part)
        case ast.Starred():
            yield from _bound(target.value)
        case ast.Subscript(value=ast.Name() as name):
            yield name.id
