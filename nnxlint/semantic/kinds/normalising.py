"""Forms of normalising: `(x - mean) / std`, `x * std + mean`."""

import ast

from nnxlint.semantic.kinds.uses import Use, called

_DEPTH = 3
_INSIDE = frozenset("sqrt maximum clip abs exp square power reciprocal".split())


def subtracts(use: Use) -> bool:
    """`x - mean`."""
    parent = use.parent
    match parent:
        case ast.BinOp(op=ast.Sub(), left=left, right=right):
            return right is use.node and use.body.depends(left)
        case ast.Call(func=function, args=[left, right]) if called(function) == "subtract":
            return right is use.node and use.body.depends(left)
    return False


def divides(use: Use, depth: int = 0) -> bool:
    """`… / std`, `… / jnp.sqrt(var + eps)`, `… * jax.lax.rsqrt(var + eps)`."""
    node: ast.AST = use.node
    for parent in use.body.climb(use.node):
        match parent:
            case ast.BinOp(op=ast.Div(), right=right) if right is node:
                return True
            case ast.BinOp(op=ast.Add() | ast.Pow()):
                pass
            case ast.Call(func=function) if called(function) == "rsqrt":
                return True
            case ast.Call(func=function) if called(function) in _INSIDE:
                pass
            case ast.Assign(targets=[ast.Name(id=name)]) if depth < _DEPTH:
                return any(divides(Use(use.family, use.body, load), depth + 1) for load in use.body.loads(name))
            case _:
                return False
        node = parent
    return False


def shifts(use: Use) -> bool:
    """`x * std + mean`, with the data in the product."""
    parent = use.parent
    match parent:
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            other = left if right is use.node else right
            return isinstance(other, ast.BinOp) and isinstance(other.op, ast.Mult) and use.body.depends(other)
    return False
