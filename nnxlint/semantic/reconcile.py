"""The facts of a changed file told by the old declarations, wherever these still stand."""

from collections.abc import Mapping
from dataclasses import replace

from nnxlint.semantic.facts import ClassDecl, FunctionDecl, FunctionNode, ModuleFacts


def reconciled(old: ModuleFacts, new: ModuleFacts) -> ModuleFacts:
    """The new facts, with the old declarations for all nodes that the old facts know.

    Values name declarations, and are compared by them: so what was known about unchanged code stays true.
    """
    functions = {node: _kept(old.functions.get(node), decl) for node, decl in new.functions.items()}
    classes = {node: old.classes.get(node, decl) for node, decl in new.classes.items()}
    owners = {decl: classes[node] for node, decl in new.classes.items()}
    for decl in functions.values():
        if decl.owner is not None:
            object.__setattr__(decl, "owner", owners.get(decl.owner, decl.owner))
    for fresh, kept in owners.items():
        _fill(kept, fresh, functions)
    return replace(new, functions=functions, classes=classes)


def _kept(old: FunctionDecl | None, new: FunctionDecl) -> FunctionDecl:
    if old is None:
        return new
    object.__setattr__(old, "is_generator", new.is_generator)
    return old


def _fill(kept: ClassDecl, fresh: ClassDecl, functions: Mapping[FunctionNode, FunctionDecl]) -> None:
    """Let a class that stays have the members that it has now."""
    object.__setattr__(kept, "methods", {name: functions[decl.node] for name, decl in fresh.methods.items()})
    object.__setattr__(kept, "fields", fresh.fields)
    object.__setattr__(kept, "assignments", fresh.assignments)
