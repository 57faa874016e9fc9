"""Code whose failure is expected: inside `try` with a handler, `pytest.raises`, `suppress`."""

import ast

from nnxlint.semantic.frames import Frame
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.values import Place

_EXPECTING = frozenset("raises assertRaises assertRaisesRegex suppress".split())


def is_guarded(machine: Machine, frame: Frame, place: Place) -> bool:
    """Whether an error at the place, or at a call on the way to it, is caught."""
    places = [place, *(one.call_site for one in frame.chain() if one.call_site is not None)]
    return any(_is_caught(machine, one) for one in places)


def _is_caught(machine: Machine, place: Place) -> bool:
    facts = machine.index.modules.get(place.path)
    if facts is None:
        return False
    around = facts.tree.ancestors(place.node) if place.node is not facts.tree.module else ()
    return any(_catches(outer, inner) for outer, inner in zip(around, (*around[1:], place.node), strict=True))


def _catches(outer: ast.AST, inner: ast.AST) -> bool:
    match outer:
        case ast.Try() | ast.TryStar():
            return bool(outer.handlers) and any(inner is statement for statement in outer.body)
        case ast.With() | ast.AsyncWith():
            return any(_is_expecting(item.context_expr) for item in outer.items)
    return False


def _is_expecting(node: ast.expr) -> bool:
    function = node.func if isinstance(node, ast.Call) else node
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return name in _EXPECTING
