"""The nodes below a node, found faster than `ast.walk` and `ast.iter_child_nodes` find them.

Those ask every field of every node, and yield through generators. Which fields may hold nodes is known from the kind
of a node; contexts (`ast.Load`) and operators, a third of all nodes, hold nothing and are left out.
"""

import ast
from collections.abc import Mapping

_PLAIN = frozenset(
    """ctx op ops id attr arg module level asname type_comment is_async conversion simple kind tag
    type_ignores""".split()
)
# The last field first: what is pushed last is popped first.
_FIELDS: Mapping[type, tuple[str, ...]] = {
    kind: tuple(name for name in reversed(kind._fields) if name not in _PLAIN)
    for kind in vars(ast).values()
    if isinstance(kind, type) and issubclass(kind, ast.AST) and not issubclass(kind, ast.Constant)
}


def push_children(pending: list[ast.AST], node: ast.AST) -> None:
    """Put what is right below a node on a stack, so that it is popped in the order of the source.

    Names and gaps (`None`) that stand among nodes come along; nothing is below them.
    """
    for name in _FIELDS.get(type(node), ()):
        value = getattr(node, name, None)
        if value.__class__ is list:
            pending += value[::-1]
        elif value is not None:
            pending.append(value)
