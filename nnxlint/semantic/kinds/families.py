"""A class with its relatives: what its methods, and those of subclasses and bases, do to an attribute."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from nnxlint.semantic.facts import ClassDecl, FunctionDecl
from nnxlint.semantic.kinds.bodies import Body, read_body
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.values import ClassRef

CONSTRUCTORS = frozenset({"__init__", "__post_init__", "setup", "on_init"})


@dataclass(slots=True, eq=False)
class Families:
    """The classes of a project by kinship; bodies are read once."""

    machine: Machine
    _families: dict[ClassDecl, "Family"] = field(default_factory=dict)
    _bodies: dict[FunctionDecl, Body] = field(default_factory=dict)

    def of(self, owner: ClassDecl) -> "Family":
        """The family of a class."""
        if owner not in self._families:
            self._families[owner] = Family(self, owner, tuple(_relatives(self.machine, owner)))
        return self._families[owner]

    def is_module(self, owner: ClassDecl | None) -> bool:
        """Whether a class is an NNX module."""
        return owner is not None and self.machine.is_module(ClassRef(owner))

    def body(self, decl: FunctionDecl) -> Body:
        """The body of a function."""
        if decl not in self._bodies:
            self._bodies[decl] = read_body(decl)
        return self._bodies[decl]


def _relatives(machine: Machine, owner: ClassDecl) -> Iterator[ClassDecl]:
    yield owner
    for decl, ancestors in machine.linearised.items():
        if decl is owner:
            yield from (one.decl for one in ancestors if isinstance(one, ClassRef) and one.decl is not owner)
        elif any(isinstance(one, ClassRef) and one.decl is owner for one in ancestors):
            yield decl


@dataclass(slots=True, eq=False)
class Family:
    """A class, its bases and its subclasses in the project."""

    families: Families
    owner: ClassDecl
    classes: tuple[ClassDecl, ...]

    def bodies(self) -> Iterator[Body]:
        """The bodies of every method."""
        for decl in self.classes:
            for method in decl.methods.values():
                yield self.families.body(method)

    def methods(self) -> Iterator[Body]:
        """The bodies of every method that does not construct."""
        return (body for body in self.bodies() if body.decl.name not in CONSTRUCTORS)

    def owns(self, decl: FunctionDecl) -> bool:
        """Whether a function is a method of the family."""
        return decl.owner in self.classes

    def texts(self) -> Iterator[str]:
        """What the docstrings of the owner say."""
        for node in (
            self.owner.node,
            *(method.node for method in self.owner.methods.values() if method.name in CONSTRUCTORS),
        ):
            if not isinstance(node, ast.Lambda):
                yield ast.get_docstring(node) or ""
