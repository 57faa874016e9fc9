"""Seeds that differ from those that are there, as source text."""

import ast
from collections.abc import Iterator, Sequence

from nnxlint.semantic.seeds.seed import Seed, is_key
from nnxlint.semantic.values import Key

_BARE = (ast.Name, ast.Attribute, ast.Subscript)


def fresh_seed(seeds: Sequence[Seed]) -> str | None:
    """A seed for one more stream; `None` where none is certain to differ."""
    numbers = _numbers(seeds)
    variables = [seed for seed in seeds if _settled(seed) is None]
    if all(isinstance(seed.value, Key) or is_key(seed) for seed in variables):
        return str(max(numbers, default=0) + 1)
    bases = {ast.dump(base): base for seed in variables if (base := _base(seed)) is not None}
    if len(bases) != 1 or numbers:
        return None
    return _shifted(next(iter(bases.values())), seeds)


def _numbers(seeds: Sequence[Seed]) -> list[int]:
    return [number for seed in seeds if (number := _settled(seed)) is not None]


def _settled(seed: Seed) -> int | None:
    """The seed's number, unless callers set it and it is only known for now."""
    return seed.number if isinstance(seed.number, int) and not seed.is_given else None


def _base(seed: Seed) -> ast.expr | None:
    """`seed` of `seed` and of `seed + 1`."""
    node = seed.node
    match node:
        case ast.BinOp(left=left, op=ast.Add(), right=ast.Constant(value=int())) if isinstance(left, _BARE):
            return left
    return node if isinstance(node, _BARE) else None


def _offset(seed: Seed) -> int:
    match seed.node:
        case ast.BinOp(right=ast.Constant(value=int() as number)):
            return number
    return 0


def _shifted(base: ast.expr, seeds: Sequence[Seed]) -> str:
    return f"{ast.unparse(base)} + {max(_offset(seed) for seed in seeds) + 1}"


def replacements(equal: Sequence[Seed], seeds: Sequence[Seed]) -> Iterator[tuple[ast.expr, str]]:
    """For all but the first of equal seeds, the expression to replace and what by; all or nothing."""
    found = [(_place(seed), _other(seed, seeds, step)) for step, seed in enumerate(equal[1:], start=1)]
    if all(node is not None and text is not None for node, text in found):
        yield from ((node, text) for node, text in found if node is not None and text is not None)


def _place(seed: Seed) -> ast.expr | None:
    """The literal inside a seed's expression, else the whole."""
    match seed.node:
        case ast.Call(args=[ast.Constant() as literal], keywords=[]):
            return literal
    return seed.node


def _other(seed: Seed, seeds: Sequence[Seed], step: int) -> str | None:
    place = _place(seed)
    numbers = _numbers(seeds)
    if isinstance(place, ast.Constant) and numbers:
        return str(max(numbers) + step)
    base = _base(seed)
    if base is None or isinstance(seed.value, Key) or is_key(seed):
        return None
    mine = _settled(seed)
    if mine is not None:
        return f"{ast.unparse(base)} + {max(numbers) - mine + step}"
    if numbers:
        return None
    return f"{ast.unparse(base)} + {max(_offset(one) for one in seeds) + step}"
