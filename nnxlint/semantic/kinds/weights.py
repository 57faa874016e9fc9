"""Random arrays that are used as weights, but are held where no gradient reaches them."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from nnxlint.semantic.facts import ModuleFacts
from nnxlint.semantic.kinds import names
from nnxlint.semantic.kinds.bodies import Body
from nnxlint.semantic.kinds.declared import Declared, comments, declared_in
from nnxlint.semantic.kinds.families import Families, Family
from nnxlint.semantic.kinds.products import is_decision, is_wave, is_weight
from nnxlint.semantic.kinds.training import trains_other_kinds
from nnxlint.semantic.kinds.uses import Use, is_stopped, uses_of
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.sites import Site
from nnxlint.semantic.values import External
from nnxlint.semantic.vocabulary import words

VARIABLE = "flax.nnx.Variable"
ARRAY = "array"


@dataclass(frozen=True)
class WeightSite(Site):
    """The declaration of a random weight. `made`: the call of `nnx.Variable`, where it is in this file.

    `array`: the bare array's expression, where all that reads it whole is in this file too: the `reads`.
    """

    attribute: str
    is_array: bool
    made: ast.Call | None = field(default=None, repr=False)
    array: ast.expr | None = field(default=None, repr=False)
    reads: tuple[ast.expr, ...] = field(default=(), repr=False)

    def is_named(self, patterns: Iterable[str]) -> bool:
        """Whether the attribute has one of these names; `*` stands for any letters."""
        return any(fnmatchcase(self.attribute, pattern) for pattern in patterns)


def weights(facts: ModuleFacts, machine: Machine) -> Iterator[WeightSite]:
    """The declarations in a file of random weights that are no Params."""
    everything = tuple(declared_in(facts, machine))
    candidates = [one for one in everything if _is_candidate(one)]
    if not candidates or trains_other_kinds(machine):
        return
    families = machine.once(Families)
    written = machine.once(_written)
    for one in candidates:
        family = families.of(one.owner)
        if (
            one.variables & written
            or _is_set_again(family, one)
            or _is_moved_outside(facts, one)
            or _says_frozen(facts, family, one)
        ):
            continue
        uses = tuple(uses_of(family, one.attribute))
        if _is_used_as_weight(uses, _has_params(everything, one)) and _is_trained_class(everything, one):
            yield _site(facts, family, one)


def _written(machine: Machine) -> frozenset[int]:
    return frozenset(write.variable for write in machine.seen.writes)


def _is_candidate(one: Declared) -> bool:
    kinds = {seen.kind for seen in one.seen}
    if kinds not in ({VARIABLE}, {ARRAY}) or one.elsewhere - kinds:
        return False
    if any(seen.made is not None and seen.made.cls != External(VARIABLE) for seen in one.seen):
        return False
    return one.all_tainted("random") and one.dtype is None and not one.tainted("discrete")


def _is_set_again(family: Family, one: Declared) -> bool:
    """Whether a method gives the attribute, or what it holds, another value."""
    for body in family.methods():
        for node in body.attributes(one.attribute):
            around = (node, *list(body.climb(node))[:2])
            if any(isinstance(getattr(part, "ctx", None), ast.Store) for part in around):
                return True
    return False


def _is_moved_outside(facts: ModuleFacts, one: Declared) -> bool:
    """Whether other code of the file moves such an attribute, as evolution strategies do."""
    for node in ast.walk(facts.tree.module):
        if not isinstance(node, ast.Assign | ast.AugAssign):
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        named = any(_names(target, one.attribute) for target in targets if not isinstance(target, ast.Name))
        if named and (isinstance(node, ast.AugAssign) or _names(node.value, one.attribute)):
            return True
    return False


def _names(tree: ast.AST, attribute: str) -> bool:
    return any(isinstance(node, ast.Attribute) and node.attr == attribute for node in ast.walk(tree))


def _says_frozen(facts: ModuleFacts, family: Family, one: Declared) -> bool:
    """Whether names, docstrings or comments say that the array is meant to stay as it is."""
    if one.words & names.FROZEN or names.is_frozen_class(words(one.owner.name)):
        return True
    texts = (*family.texts(), *comments(facts, one.node))
    if any(phrase in text.lower() for text in texts for phrase in names.FROZEN_PHRASES):
        return True
    about = (ast.get_docstring(facts.tree.module) or "").lower()
    return any(phrase in about for phrase in names.RANDOM_METHODS)


def _is_used_as_weight(uses: tuple[Use, ...], has_params: bool) -> bool:  # noqa: FBT001 - a fact, no switch
    if any(is_stopped(use) for use in uses):
        return False
    products = [use for use in uses if is_weight(use)]
    if not products or all(is_decision(use) for use in products):
        return False
    # The sine of a random projection is a random feature, where nothing beside it is trained.
    return has_params or not all(is_wave(use) for use in products)


def _has_params(everything: tuple[Declared, ...], one: Declared) -> bool:
    return any(
        other.owner is one.owner and seen.kind == "flax.nnx.Param" for other in everything for seen in other.seen
    )


def _is_trained_class(everything: tuple[Declared, ...], one: Declared) -> bool:
    """Whether an initializer, the name, or trained state beside it speaks for a weight too."""
    if one.all_tainted("initializer") or one.words & names.WEIGHTS or _has_params(everything, one):
        return True
    return any(_is_layer(node) for node in ast.walk(one.owner.node))


def _is_layer(node: ast.AST) -> bool:
    """`self.out = nnx.Linear(…, rngs=rngs)`."""
    match node:
        case ast.Assign(targets=[ast.Attribute()], value=ast.Call(keywords=keywords)):
            return any(keyword.arg == "rngs" for keyword in keywords)
    return False


def _site(facts: ModuleFacts, family: Family, one: Declared) -> WeightSite:
    made = one.made_at
    if made is not None:
        call = made.node if made.path == facts.path and isinstance(made.node, ast.Call) else None
        return WeightSite(facts.tree, one.node, attribute=one.attribute, is_array=False, made=call)
    value = one.node.value if isinstance(one.node, ast.Assign | ast.AnnAssign) else None
    whole = [
        (body, node) for body in family.bodies() for node in body.attributes(one.attribute) if _is_whole(body, node)
    ]
    # `jax.lax` takes no Param for an array, and what is in other files cannot be edited from here.
    foreign = any(body.decl.path != facts.path and isinstance(body.parents.get(node), ast.Call) for body, node in whole)
    reads = tuple(node for body, node in whole if body.decl.path == facts.path)
    array = None if foreign else value
    return WeightSite(facts.tree, one.node, attribute=one.attribute, is_array=True, array=array, reads=reads)


def _is_whole(body: Body, node: ast.Attribute) -> bool:
    parent = body.parents.get(node)
    return isinstance(node.ctx, ast.Load) and not (isinstance(parent, ast.Subscript) and parent.value is node)
