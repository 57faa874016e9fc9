"""Which function is around a place: the smallest that can be called by a name."""

from dataclasses import dataclass

from nnxlint.semantic.facts import ClassDecl, FunctionDecl, ModuleFacts
from nnxlint.spans import Span


@dataclass(frozen=True, slots=True)
class Around:
    """A function at the top of a module, or a method of a class that is there."""

    decl: FunctionDecl
    owner: ClassDecl | None = None

    @property
    def name(self) -> str:
        """The name by which the module knows it."""
        return self.decl.name if self.owner is None else f"{self.owner.name}.{self.decl.name}"

    @property
    def path(self) -> str:
        """The file that it stands in."""
        return self.decl.path

    @property
    def decorators(self) -> frozenset[str]:
        """The last names of what decorates it."""
        return frozenset(_last_name(node) for node in self.decl.decorators)


def around(facts: ModuleFacts, span: Span) -> Around | None:
    """The outermost function that holds the span and has a name to be called by; None at a module's top level."""
    for decl in facts.functions.values():
        if span in facts.tree.span(decl.node) and (found := reachable(facts, decl)) is not None:
            return found
    return None


def reachable(facts: ModuleFacts, decl: FunctionDecl) -> Around | None:
    """A declaration as something to call by name; None for one inside another function."""
    if decl.owner is not None:
        top = facts.top_level.get(decl.owner.name) is decl.owner.node
        return Around(decl, decl.owner) if top and decl.owner.methods.get(decl.name) is decl else None
    return Around(decl) if facts.top_level.get(decl.name) is decl.node else None


def enclosing(facts: ModuleFacts, decl: FunctionDecl) -> Around | None:
    """The function to call so that a declaration's code runs: itself, or the one that it stands in."""
    return reachable(facts, decl) or around(facts, facts.tree.span(decl.node))


def _last_name(node: object) -> str:
    inner = getattr(node, "func", node)
    return str(getattr(inner, "attr", getattr(inner, "id", "")))
