"""Products of an array with data: what makes it a weight, and what becomes of the product."""

import ast

from nnxlint.semantic.kinds.uses import Use, called

_DEPTH = 3
_PRODUCTS = frozenset(
    """matmul dot einsum tensordot dot_general _dot_general vdot vecdot inner bmm conv conv_general_dilated
    conv_with_general_padding conv_transpose convolve correlate linear dense bilinear multiply take
    take_along_axis""".split()
)
_DECISIONS = frozenset(
    "sign argmax argmin argsort floor ceil round rint heaviside greater less greater_equal top_k".split()
)
_WAVES = frozenset({"sin", "cos"})
_SCALES = ast.Mult | ast.Div | ast.Add | ast.Sub


def is_weight(use: Use, depth: int = 0) -> bool:
    """Whether the array, perhaps scaled, is multiplied with data or looked up by it."""
    return _product(use, depth) is not None


def _product(use: Use, depth: int = 0) -> tuple[Use, ast.AST] | None:
    """The use, or the one of a local name it goes into, and the product that it is part of."""
    body = use.body
    node: ast.expr = use.node
    while True:
        parent = body.parents.get(node)
        product = _of_parent(use, parent, node)
        if product is not None:
            return use, product
        if isinstance(parent, ast.BinOp) and _only_scales(use, parent, node):
            node = parent
            continue
        match parent:
            case ast.Assign(targets=[ast.Name(id=name)]) if depth < _DEPTH:
                further = (_product(Use(use.family, body, load), depth + 1) for load in body.loads(name))
                return next((one for one in further if one is not None), None)
        return None


def _of_parent(use: Use, parent: ast.AST | None, node: ast.expr) -> ast.AST | None:
    """The product with data that the expression around the array is."""
    body = use.body
    match parent:
        case ast.BinOp(op=ast.MatMult() | ast.Mult(), left=left, right=right):
            return parent if body.depends(left if right is node else right) else None
        case ast.Subscript(value=value, slice=index) if value is node:
            return parent if body.depends(index) else None
        case ast.Call():
            return parent if _multiplies(use, parent, node) else None
        case ast.Attribute(attr=name) if name in _PRODUCTS:
            call = body.parents.get(parent)
            return call if isinstance(call, ast.Call) and any(map(body.depends, call.args)) else None
    return None


def _only_scales(use: Use, operation: ast.BinOp, node: ast.expr) -> bool:
    """Whether the array stays what it is, larger or moved; a product with other state is another array."""
    other = operation.left if operation.right is node else operation.right
    if not isinstance(operation.op, _SCALES) or use.body.depends(other):
        return False
    return not (isinstance(operation.op, ast.Mult) and _is_state(use, other))


def _is_state(use: Use, other: ast.expr) -> bool:
    """Whether the other factor is state of the module too: then it, not this, may be the weight."""
    return any(isinstance(node, ast.Name) and node.id == use.body.receiver for node in ast.walk(other))


def _multiplies(use: Use, call: ast.Call, node: ast.expr) -> bool:
    if called(call.func) not in _PRODUCTS or node is call.func:
        return False
    method = isinstance(call.func, ast.Attribute) and use.body.depends(call.func.value)
    return method or any(use.body.depends(one) for one in call.args if one is not node)


def is_decision(use: Use) -> bool:
    """Whether only a decision is made of the product: a sign, a comparison, an index."""
    return _becomes(use, _DECISIONS, comparisons=True)


def is_wave(use: Use) -> bool:
    """Whether the product goes straight into sine and cosine."""
    return _becomes(use, _WAVES, comparisons=False)


def _becomes(use: Use, functions: frozenset[str], *, comparisons: bool) -> bool:
    found = _product(use)
    return found is not None and _goes_into(found[0], found[1], functions, 0, comparisons=comparisons)


def _goes_into(use: Use, node: ast.AST, functions: frozenset[str], depth: int, *, comparisons: bool) -> bool:
    for parent in use.body.climb(node):
        match parent:
            case ast.Call(func=function) if called(function) in functions:
                return True
            case ast.Compare():
                return comparisons
            case ast.BinOp(op=op) if not isinstance(op, ast.MatMult):
                pass
            case ast.Assign(targets=[ast.Name(id=name)]):
                loads = [load for load in use.body.loads(name) if use.body.statement(load) is not parent]
                followed = depth < _DEPTH and bool(loads)
                return followed and all(
                    _goes_into(use, load, functions, depth + 1, comparisons=comparisons) for load in loads
                )
            case ast.Attribute() | ast.UnaryOp() | ast.Subscript():
                pass
            case _:
                return False
    return False
