"""One seed of an `Rngs`: where it is written, what it is, and when two of them are the same."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from nnxlint.semantic.facts import FunctionDecl
from nnxlint.semantic.observe import RngsMade
from nnxlint.semantic.values import Const, Key, Method, Value

_KEY_MAKERS = frozenset("random key PRNGKey fold_in".split())
_DEFAULT = "default"


@dataclass(frozen=True)
class Seed:
    """What a stream starts from; `node` is its expression where it stands in the call itself.

    `is_given`: the expression reads a parameter or an attribute, which callers set.
    """

    stream: str
    value: Value | None
    node: ast.expr | None = field(default=None, repr=False)
    is_given: bool = False

    @property
    def number(self) -> int | float | None:
        """The seed's number where it is known: `0` and `jax.random.key(0)` are the same seed."""
        found = self.value.seed if isinstance(self.value, Key) else getattr(self.value, "value", None)
        return found if isinstance(found, int | float) and not isinstance(found, bool) else None

    @property
    def is_constant(self) -> bool:
        """Whether the number is known and no caller sets it."""
        return self.number is not None and not self.is_given


def seeds_of(made: RngsMade) -> tuple[Seed, ...]:
    """The seeds of an `Rngs` by stream, in the order of the call."""
    nodes = dict(_nodes(made.place.node)) if isinstance(made.place.node, ast.Call) else {}
    parameters = _parameters(made.function)
    return tuple(
        Seed(stream, value, nodes.get(stream), _reads_given(nodes.get(stream), parameters))
        for stream, value in made.seeds.items()
    )


def _parameters(function: FunctionDecl | None) -> frozenset[str]:
    if function is None:
        return frozenset()
    return frozenset(node.arg for node in ast.walk(function.node.args) if isinstance(node, ast.arg))


def _reads_given(node: ast.expr | None, parameters: frozenset[str]) -> bool:
    found = ast.walk(node) if node is not None else ()
    return any(
        (isinstance(inner, ast.Name) and inner.id in parameters)
        or (isinstance(inner, ast.Attribute) and inner.attr not in _KEY_MAKERS)
        for inner in found
    )


def _nodes(call: ast.Call) -> Iterator[tuple[str, ast.expr]]:
    for argument in call.args[:1]:
        yield from _entries(argument) if isinstance(argument, ast.Dict) else [(_DEFAULT, argument)]
    for keyword in call.keywords:
        if keyword.arg is None or (keyword.arg == _DEFAULT and isinstance(keyword.value, ast.Dict)):
            yield from _entries(keyword.value)
        else:
            yield keyword.arg, keyword.value


def _entries(node: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    if not isinstance(node, ast.Dict):
        return
    for key, value in zip(node.keys, node.values, strict=True):
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            yield key.value, value


def as_call(node: ast.AST) -> ast.Call:
    """The node, which is a call."""
    if not isinstance(node, ast.Call):
        message = "not a call"
        raise TypeError(message)
    return node


def source_of(seeds: Mapping[str, Seed], stream: str) -> Seed | None:
    """The seed that a stream of this name draws from: its own, else the default's."""
    return seeds.get(stream) or seeds.get(_DEFAULT)


def same(one: Seed, other: Seed) -> bool:
    """Whether two seeds are equal whenever both are evaluated in the same state of the program."""
    if one.number is not None or other.number is not None:
        if one.node is not None and other.node is not None and (one.is_given or other.is_given):
            # Two settings that happen to be equal now are not meant to be.
            return one.number == other.number and ast.dump(one.node) == ast.dump(other.node)
        return one.number == other.number
    if is_nothing(one) or is_nothing(other) or one.node is None or other.node is None:
        return False
    return is_pure(one.node) and ast.dump(one.node) == ast.dump(other.node)


def is_nothing(seed: Seed) -> bool:
    """Whether the seed is none of its own: `None`, or another `Rngs`' stream."""
    return isinstance(seed.value, Method) or (isinstance(seed.value, Const) and seed.value.value is None)


def is_pure(node: ast.expr) -> bool:
    """Whether an expression gives the same value each time, as long as its names and its functions' answers stay."""
    match node:
        case ast.Name() | ast.Constant():
            return True
        case ast.Attribute(value=inner) | ast.UnaryOp(operand=inner):
            return is_pure(inner)
        case ast.BinOp(left=left, right=right):
            return is_pure(left) and is_pure(right)
        case ast.Subscript(value=owner, slice=key):
            return is_pure(owner) and is_pure(key)
        case ast.Call(args=arguments, keywords=keywords):
            given = [*arguments, *(keyword.value for keyword in keywords)]
            return bool(given) and all(map(is_pure, given))
    return False


def is_key(seed: Seed) -> bool:
    """Whether the seed is a key held in a variable: sharing one is the reuse of a key, not of a seed."""
    node = seed.node
    if isinstance(node, ast.Call) or node is None:
        return False
    named = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    parts = set(named.lower().split("_"))
    return isinstance(seed.value, Key) or ("seed" not in parts and bool({"key", "keys", "rng", "prng"} & parts))
