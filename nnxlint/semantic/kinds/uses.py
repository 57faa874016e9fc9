"""How the methods of a class use an attribute's array: as which operand, behind `stop_gradient`."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from nnxlint.semantic.facts import FunctionDecl
from nnxlint.semantic.kinds.bodies import Body
from nnxlint.semantic.kinds.families import Family
from nnxlint.semantic.values import Func

_DEPTH = 3
_VALUES = frozenset({"value", "raw_value", "T", "mT"})
_METADATA = frozenset(
    """shape dtype ndim size sharding at_shape nbytes itemsize set_value set_raw_value get_metadata
    set_metadata""".split()
)
_SHAPING = frozenset(
    """astype reshape transpose ravel flatten squeeze swapaxes copy get_value get_raw_value asarray array
    expand_dims broadcast_to tile repeat moveaxis cast convert_element_type to_dtype
    with_sharding_constraint device_put promote_dtype""".split()
)
_ITERATORS = frozenset({"zip", "enumerate", "reversed"})
_NO_GRADIENT = frozenset(
    """argmax argmin argsort sign floor ceil round rint heaviside one_hot logical_not logical_and logical_or
    greater less greater_equal less_equal equal not_equal""".split()
)


@dataclass(frozen=True, slots=True, eq=False)
class Use:
    """One place where the array, by itself or through a local name, goes into something else."""

    family: Family
    body: Body
    node: ast.expr

    @property
    def parent(self) -> ast.AST | None:
        """What it goes into."""
        return self.body.parents.get(self.node)


def uses_of(family: Family, attribute: str, depth: int = 0) -> Iterator[Use]:
    """Every use in methods of the family; writes and questions for the shape are none."""
    for body in family.methods():
        for node in body.attributes(attribute):
            if isinstance(node.ctx, ast.Load):
                yield from _followed(family, body, node, depth)


def _followed(family: Family, body: Body, node: ast.expr, depth: int) -> Iterator[Use]:
    grown = _grown(body, node)
    if grown is None:
        return
    further = tuple(_further(family, body, grown)) if depth < _DEPTH else ()
    for other, held in further:
        yield from _followed(family, other, held, depth + 1)
    if not further:
        yield Use(family, body, grown)


def _further(family: Family, body: Body, node: ast.expr) -> Iterator[tuple[Body, ast.expr]]:
    """Where else the array goes by as it is: under a local name, into a function, out of a small method."""
    for name in _aliases(body, node):
        yield from ((body, load) for load in body.loads(name))
    yield from _handed_over(family, body, node)
    name = body.decl.name
    if isinstance(body.parents.get(node), ast.Return) and name != "__call__":
        for other in family.methods():
            for mention in other.attributes(name):
                call = other.parents.get(mention)
                yield other, call if isinstance(call, ast.Call) and call.func is mention else mention


def _handed_over(family: Family, body: Body, node: ast.expr) -> Iterator[tuple[Body, ast.expr]]:
    """The parameter that a method of the family, or a function of the same file, gets it as."""
    call = body.parents.get(node)
    if not isinstance(call, ast.Call) or node not in call.args:
        return
    for function in _callees(family, body, call.func):
        inner = family.families.body(function)
        position = call.args.index(node) + (inner.receiver is not None)
        if position < len(function.parameters):
            yield from ((inner, load) for load in inner.loads(function.parameters[position].arg))


def _callees(family: Family, body: Body, function: ast.expr) -> Iterator[FunctionDecl]:
    match function:
        case ast.Name(id=name):
            module = family.families.machine.modules.get(body.decl.path)
            meant = module.locals.get(name) if module is not None else None
            if isinstance(meant, Func):
                yield meant.decl
        case ast.Attribute(value=ast.Name(id=receiver), attr=name) if receiver == body.receiver:
            yield from (one.decl for one in family.methods() if one.decl.name == name)


def _grown(body: Body, node: ast.expr) -> ast.expr | None:
    """The outermost expression that still is the array; `None` where it is written, or its shape asked."""
    while True:
        parent = body.parents.get(node)
        if _is_no_use(parent, node):
            return None
        around = _around(body, parent, node)
        if around is None:
            return node
        node = around


def _is_no_use(parent: ast.AST | None, node: ast.expr) -> bool:
    """Whether the array is written, or only asked for its shape."""
    match parent:
        case ast.Subscript(value=value, ctx=context) if value is node:
            return not isinstance(context, ast.Load)
        case ast.Attribute(attr=name, ctx=context):
            return name in _METADATA or (name in _VALUES and not isinstance(context, ast.Load))
        case ast.Call(func=ast.Name(id="len")):
            return True
    return False


def _around(body: Body, parent: ast.AST | None, node: ast.expr) -> ast.expr | None:
    """The expression around the array that only looks at it in another shape or dtype."""
    match parent:
        case ast.Subscript(value=value, slice=index) if value is node:
            return None if body.depends(index) else parent
        case ast.Attribute(attr=name) if name in _VALUES:
            return parent
        case ast.Attribute(attr=name) if name in _SHAPING:
            call = body.parents.get(parent)
            return call if isinstance(call, ast.Call) else None
        case ast.Call(func=function, args=[first, *_]) if first is node and called(function) in _SHAPING:
            return parent
    return None


def called(function: ast.expr) -> str:
    """The last name of what is called."""
    match function:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _aliases(body: Body, node: ast.expr) -> Iterator[str]:
    """The local names that an assignment or a loop gives the array, or the arrays of a list."""
    parent = body.parents.get(node)
    position = None
    if isinstance(parent, ast.Call) and called(parent.func) in _ITERATORS and node in parent.args:
        position = parent.args.index(node) + (called(parent.func) == "enumerate")
        position = None if called(parent.func) == "reversed" else position
        node, parent = parent, body.parents.get(parent)
    elif isinstance(parent, ast.Tuple | ast.List):
        position = parent.elts.index(node)
        parent = body.parents.get(parent)
        if isinstance(parent, ast.Call) and called(parent.func) in _SHAPING:
            parent = body.parents.get(parent)
    match parent:
        case ast.For(iter=source, target=target) | ast.comprehension(iter=source, target=target) if source is node:
            targets = [target]
        case ast.Assign(targets=targets):
            pass
        case ast.AnnAssign(target=target):
            targets = [target]
        case _:
            return
    for target in targets:
        part = target
        if position is not None:
            parts = target.elts if isinstance(target, ast.Tuple) else []
            part = parts[position] if position < len(parts) else target
        if isinstance(part, ast.Name) and (position is None or part is not target):
            yield part.id


def is_stopped(use: Use, depth: int = 0) -> bool:
    """Whether no gradient comes back: behind `stop_gradient`, perhaps through a local name."""
    return _is_stopped(use.family, use.body, use.node, depth)


def _is_stopped(family: Family, body: Body, node: ast.AST, depth: int) -> bool:
    if any(isinstance(one, ast.Call) and _stops(family, body, one.func) for one in body.climb(node)):
        return True
    statement = body.statement(node)
    if depth >= _DEPTH:
        return False
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)]):
            loads = [load for load in body.loads(name) if body.statement(load) is not statement]
            return bool(loads) and all(_is_stopped(family, body, load, depth + 1) for load in loads)
        case ast.Return() if body.decl.name != "__call__" and body.decl.owner is not None:
            mentions = [(other, one) for other in family.methods() for one in other.attributes(body.decl.name)]
            return bool(mentions) and all(_is_stopped(family, other, one, depth + 1) for other, one in mentions)
    return False


def _stops(family: Family, body: Body, function: ast.expr) -> bool:
    if called(function) == "stop_gradient":
        return True
    if not isinstance(function, ast.Name):
        return False
    module = family.families.machine.modules.get(body.decl.path)
    meant = module.locals.get(function.id) if module is not None else None
    return getattr(meant, "name", None) == "jax.lax.stop_gradient"


def lacks_gradient(use: Use) -> bool:
    """Whether the use is one that no gradient flows through: a condition, an index, a comparison."""
    parent = use.parent
    match parent:
        case ast.Compare() | ast.If() | ast.IfExp():
            return True
        case ast.UnaryOp(op=ast.Invert()):
            return True
        case ast.Subscript(slice=index):
            return index is use.node
        case ast.Call(func=function, args=[first, *_]):
            name = called(function)
            return name in _NO_GRADIENT or (name == "where" and first is use.node)
    return False
