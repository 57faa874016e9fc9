"""Filters that take more than they say: `nnx.Variable` where the rest beside the parameters was meant.

What was meant is told by names: of what the result is bound to, of the function, of whom the result is
handed to. Names and uses that mean everything (a checkpoint, a count of memory) win over those that mean
the rest.
"""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from nnxlint.semantic.facts import FunctionDecl, ModuleFacts
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.observe import Filtering
from nnxlint.semantic.sites import Site
from nnxlint.semantic.values import External, Ref, members
from nnxlint.semantic.vocabulary import words
from nnxlint.syntax.tree import Tree

_VARIABLE = External("flax.nnx.Variable")
_PARAM = External("flax.nnx.Param")
_REST = frozenset(
    """rest remainder remaining other others stat stats statistic statistics buffer buffers nontrainable
    untrainable nonparam nonparams variables vars auxiliary aux extra extras frozen mutable moving running
    averages""".split()
)
_REST_PAIRS = (
    {"non", "trainable"},
    {"not", "trainable"},
    {"non", "param"},
    {"non", "params"},
    {"task", "state"},
)
_ALL = frozenset(
    """all everything every full whole total entire complete checkpoint checkpoints ckpt snapshot backup
    memory bytes nbytes footprint restored""".split()
)
_STORES = frozenset(
    """save saves saving checkpoint checkpointing ckpt restore restores restoring load loading dump
    serialize serialise snapshot export persist resume replace""".split()
)
_COUNTS = frozenset("memory bytes nbytes size sizes footprint count total".split())
_SYNCS = frozenset("sync device cast copy clone compare same equal fingerprint checksum hash replicate shard".split())


@dataclass(frozen=True)
class FilterSite(Site):
    """A call of `nnx.state`, `split` or `pop` whose last filter is `nnx.Variable`, meant as the rest.

    `filter`: that argument; `targets`: the names of a tuple that the result of a split is unpacked into.
    """

    function: str = ""
    filter: ast.expr | None = field(default=None, repr=False)
    targets: ast.Tuple | None = field(default=None, repr=False)
    params: Site | None = field(default=None, repr=False)

    @property
    def drops_definition(self) -> bool:
        """Whether a split's graph definition is thrown away, so that it need not fit the states."""
        if self.targets is None or len(self.targets.elts) != 2:  # noqa: PLR2004 - definition and state
            return False
        first = self.targets.elts[0]
        return isinstance(first, ast.Name) and first.id.startswith("_")


def variables_meant_as_rest(facts: ModuleFacts, machine: Machine) -> Iterator[FilterSite]:
    """The calls that take every Variable where names or neighbours say that the parameters are left out."""
    taken = machine.seen.filterings_of(facts.path)
    seen: dict[ast.AST, Filtering] = {}
    for one in taken:
        if one.filters[-1:] == (_VARIABLE,) and one.holds_params is not False:
            seen.setdefault(one.place.node, one)
    silenced = {one.place.node for one in taken if one.filters[-1:] == (_VARIABLE,) and one.holds_params is False}
    for node, one in sorted(seen.items(), key=lambda item: facts.tree.span(item[0])):
        if not isinstance(node, ast.Call) or (one.holds_params is None and node in silenced):
            continue
        params = _takes_params(facts.tree, one, taken)
        if _means_rest(facts.tree, node, one.function, with_params=params is not None):
            yield _site(facts.tree, node, one, params)


def _site(tree: Tree, node: ast.Call, one: Filtering, params: ast.AST | None) -> FilterSite:
    parent = tree.ancestors(node)[-1]
    target = parent.targets[0] if isinstance(parent, ast.Assign) and len(parent.targets) == 1 else None
    return FilterSite(
        tree,
        node,
        one.name.rpartition(".")[2],
        node.args[-1] if node.args else None,
        target if isinstance(target, ast.Tuple) else None,
        Site(tree, params) if params is not None else None,
    )


def _takes_params(tree: Tree, one: Filtering, taken: Sequence[Filtering]) -> ast.AST | None:
    """The call of the same function that takes `nnx.Param` of the same object."""
    for other in taken:
        same_function = other.function is one.function and other.place.node is not one.place.node
        if same_function and _PARAM in other.filters and _is_same(tree, one, other):
            return other.place.node
    return None


def _is_same(tree: Tree, one: Filtering, other: Filtering) -> bool:
    parameters = {parameter.arg for parameter in one.function.parameters} if one.function is not None else set()
    texts = {_object_text(tree, one), _object_text(tree, other)}
    if len(texts) > 1 and texts <= parameters:
        return False  # objects made up for parameters of one class are one object in our books
    targets = [{member.target for member in members(each.node) if isinstance(member, Ref)} for each in (one, other)]
    if targets[0] and targets[1]:
        return bool(targets[0] & targets[1])
    return len(texts) == 1 and "" not in texts


def _object_text(tree: Tree, one: Filtering) -> str:
    node = one.place.node
    return tree.text(node.args[0]) if isinstance(node, ast.Call) and node.args else ""


def _means_rest(tree: Tree, node: ast.Call, function: FunctionDecl | None, *, with_params: bool) -> bool:
    naming = _naming(tree, node)
    uses = [use for name in naming.targets for use in _uses(tree, function, name)]
    callees = frozenset().union(naming.callees, *(_naming(tree, use).callees for use in uses))
    if naming.words & _ALL or callees & _STORES:
        return False
    if _says_rest(naming.words):
        return True
    spoken = words(function.name) if function is not None else frozenset()
    if spoken & (_ALL | _STORES | _COUNTS | _SYNCS) and not _says_rest(spoken):
        return False
    if _says_rest(spoken) and not spoken & (_ALL | _STORES | _COUNTS):
        return True
    return _says_rest(callees) or (with_params and not naming.counts)


def _says_rest(spoken: frozenset[str]) -> bool:
    return bool(spoken & _REST) or any(pair <= spoken for pair in _REST_PAIRS)


@dataclass(frozen=True, slots=True)
class _Naming:
    """How an expression is named: by the nearest name, by what it is handed to, by variables bound to it."""

    words: frozenset[str] = frozenset()
    callees: frozenset[str] = frozenset()
    targets: tuple[str, ...] = ()
    counts: bool = False


def _naming(tree: Tree, node: ast.expr) -> _Naming:
    """Look outwards from an expression to the nearest keyword, key or assignment that names it."""
    callees: frozenset[str] = frozenset()
    counts = False
    inner: ast.AST = node
    for outer in reversed(tree.ancestors(node)):
        match outer:
            case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)) if inner is not outer.func:
                callees |= words(name)
            case ast.keyword(arg=str(name)):
                return _Naming(words(name), callees, (), counts)
            case ast.NamedExpr(target=ast.Name(id=name)):
                return _Naming(words(name), callees, (name,), counts)
            case ast.Dict():
                return _Naming(_key_words(outer, inner), callees, (), counts)
            case ast.GeneratorExp() | ast.ListComp():
                counts = counts or _is_counted(outer)
            case ast.stmt():
                names = tuple(_bound(outer, inner))
                return _Naming(frozenset().union(*(words(name) for name in names)), callees, names, counts)
        inner = outer
    return _Naming(callees=callees)


def _is_counted(comprehension: ast.GeneratorExp | ast.ListComp) -> bool:
    return any(
        isinstance(node, ast.Attribute) and node.attr in {"nbytes", "size", "itemsize"}
        for node in ast.walk(comprehension.elt)
    )


def _key_words(display: ast.Dict, value: ast.AST) -> frozenset[str]:
    for key, held in zip(display.keys, display.values, strict=True):
        if held is value and isinstance(key, ast.Constant) and isinstance(key.value, str):
            return words(key.value)
    return frozenset()


def _bound(statement: ast.stmt, value: ast.AST) -> Iterator[str]:
    """The names that a statement gives to a value; of a tuple's two, the one that gets the states."""
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    for target in targets:
        match target:
            case ast.Tuple(elts=[_, ast.Name(id=name) | ast.Attribute(attr=name)]) if isinstance(value, ast.Call):
                yield name
            case ast.Name(id=name) | ast.Attribute(attr=name):
                yield name
            case ast.Subscript(slice=ast.Constant(value=str(name))):
                yield name
            case ast.Subscript(value=ast.Name(id=name) | ast.Attribute(attr=name)):
                yield name


def _uses(tree: Tree, function: FunctionDecl | None, name: str) -> Iterator[ast.expr]:
    body: ast.AST = function.node if function is not None else tree.module
    for node in ast.walk(body):
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load):
            yield node
