"""The attributes that the classes of a file declare, each with everything that was seen of it."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from nnxlint.semantic.facts import ClassDecl, ModuleFacts
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.observe import Declaration
from nnxlint.semantic.values import Array, ClassRef, Const, Place, Unknown
from nnxlint.semantic.vocabulary import words

_LEARNED = frozenset("learn learned learnt learnable learns trainable trained train tunable adaptive".split())


@dataclass(frozen=True, slots=True, eq=False)
class Declared:
    """An attribute at the statement that sets it, in every way in which that was seen to run."""

    node: ast.AST
    owner: ClassDecl
    attribute: str
    seen: tuple[Declaration, ...]
    elsewhere: frozenset[str]

    @property
    def variables(self) -> frozenset[int]:
        """The Variables that were seen to be made here."""
        return frozenset(one.variable for one in self.seen if one.variable >= 0)

    def tainted(self, kind: str) -> bool:
        """Whether what it holds has this origin, in some way in which it was seen."""
        return any(taint.kind == kind for one in self.seen for taint in one.taints)

    def all_tainted(self, kind: str) -> bool:
        """Whether what it holds has this origin, in every way in which it was seen."""
        return all(any(taint.kind == kind for taint in one.taints) for one in self.seen)

    @property
    def is_known(self) -> bool:
        """Whether it is known to hold an array, or a number."""
        return not any(isinstance(one.value, Unknown) for one in self.seen)

    @property
    def dtype(self) -> str | None:
        """``integers`` or ``booleans`` when it holds those whenever it was seen."""
        found = {_dtype(one) for one in self.seen}
        return found.pop() if len(found) == 1 else None

    @property
    def made_at(self) -> Place | None:
        """Where the Variable is made, when that is one place."""
        places = {one.made.place for one in self.seen if one.made is not None}
        return places.pop() if len(places) == 1 else None

    @property
    def variable_class(self) -> ClassRef | None:
        """The project's own class of Variable, when it is one."""
        classes = {one.made.cls for one in self.seen if one.made is not None}
        found = classes.pop() if len(classes) == 1 else None
        return found if isinstance(found, ClassRef) else None

    @property
    def words(self) -> frozenset[str]:
        """The words of the attribute's name."""
        return words(self.attribute)


def _dtype(one: Declaration) -> str | None:
    if isinstance(one.value, Const):
        if isinstance(one.value.value, bool):
            return "booleans"
        return "integers" if isinstance(one.value.value, int) else None
    if not isinstance(one.value, Array):
        return None
    kinds = {taint.kind for taint in one.taints}
    if "bool" in kinds:
        return "booleans"
    return "integers" if "int" in kinds else None


def declared_in(facts: ModuleFacts, machine: Machine) -> Iterator[Declared]:
    """The attributes of a file's module classes, in the order of the file."""
    at_node: dict[tuple[ast.AST, str], list[Declaration]] = defaultdict(list)
    kinds: dict[tuple[ClassDecl, str], set[tuple[ast.AST, str]]] = defaultdict(set)
    for one in machine.once(_constructing).get(facts.path, ()):
        at_node[one.place.node, one.attribute].append(one)
        kinds[one.owner, one.attribute].add((one.place.node, one.kind))
    for (node, attribute), seen in sorted(at_node.items(), key=lambda item: facts.tree.span(item[0][0])):
        owner = seen[0].owner
        other = frozenset(kind for place, kind in kinds[owner, attribute] if place is not node)
        yield Declared(node, owner, attribute, tuple(seen), other)


def _constructing(machine: Machine) -> dict[str, list[Declaration]]:
    """The declarations of constructors, by file."""
    found = defaultdict(list)
    for one in machine.seen.declarations:
        if one.constructing:
            found[one.place.path].append(one)
    return found


def says_learned(facts: ModuleFacts, declared: Declared) -> bool:
    """Whether names, comments or a condition around the declaration say that the array is to be learned."""
    if (declared.words | words(declared.owner.name)) & _LEARNED:
        return True
    texts = [ast.get_docstring(declared.owner.node) or "", *comments(facts, declared.node)]
    tests = [one.test for one in facts.tree.ancestors(declared.node) if isinstance(one, ast.If | ast.IfExp)]
    texts += [facts.tree.text(test) for test in tests]
    return any(_promises_learning(text) for text in texts)


def _promises_learning(text: str) -> bool:
    plain = text.lower()
    denied = any(
        no in plain for no in ("not ", "never", "non-", "non ", "no learn", "untrain", "nothing", "isn't", "aren't")
    )
    return bool(words(plain) & (_LEARNED - {"train", "trained"})) and not denied


def comments(facts: ModuleFacts, node: ast.AST) -> Iterator[str]:
    """The comment on a statement's first line, and those right above it."""
    lines = facts.tree.source.text.splitlines()
    row = getattr(node, "lineno", 0)
    if not 0 < row <= len(lines):
        return
    end = getattr(node, "end_lineno", row) or row
    for line in {lines[row - 1], lines[min(end, len(lines)) - 1]}:
        yield line.partition("#")[2]
    above = row - 2
    while above >= 0 and lines[above].strip().startswith("#"):
        yield lines[above].strip().lstrip("#")
        above -= 1
