"""What `nnxlint why` tells of a row: every object and call there, and the inferences that lead to it."""

import ast
from collections.abc import Iterator

from nnxlint.semantic.facts import ModuleFacts
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.observe import ModelCall
from nnxlint.semantic.values import ClassRef, External


def explain_row(facts: ModuleFacts, machine: Machine, row: int) -> Iterator[str]:
    """Lines about the calls and objects of a row (from 1)."""
    for call in machine.log.model_calls:
        if call.place.path == facts.path and getattr(call.place.node, "lineno", None) == row:
            yield from _model_call(call)


def _model_call(call: ModelCall) -> Iterator[str]:
    yield f"`{ast.unparse(call.place.node)}` calls a module of class `{_name(call.cls)}`"


def _name(cls: ClassRef | External) -> str:
    return cls.decl.name if isinstance(cls, ClassRef) else cls.name
