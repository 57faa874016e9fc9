"""Params that are no parameters: statistics that the module keeps itself, fixed tables, integers, masks."""

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from nnxlint.semantic.facts import ClassDecl, ModuleFacts
from nnxlint.semantic.kinds import names
from nnxlint.semantic.kinds.declared import Declared, declared_in, says_learned
from nnxlint.semantic.kinds.families import Families, Family
from nnxlint.semantic.kinds.normalising import divides, shifts, subtracts
from nnxlint.semantic.kinds.uses import Use, is_stopped, lacks_gradient, uses_of
from nnxlint.semantic.kinds.writes import OwnWrite, own_writes
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.observe import VariableRead
from nnxlint.semantic.sites import Site
from nnxlint.semantic.values import ClassRef, Const, External, Place
from nnxlint.semantic.vocabulary import words

PARAM = "flax.nnx.Param"


@dataclass(frozen=True)
class StatisticSite(Site):
    """The declaration of a Param that is none.

    `evidence`: ``written`` by the module itself; holds ``integers`` or ``booleans``; only used behind
    ``stopped`` gradients; a fixed ``table``; a statistic by its ``name`` and use; state by the ``kind`` that
    its own class of Variables is. `is_sure`: two signs agree. `made`: the call of `nnx.Param`, `base`: the
    base of its own class, where they are in this file. `in_forward`: a call of the module writes it.
    """

    attribute: str
    evidence: str
    is_sure: bool
    in_forward: bool = False
    written: Place | None = field(default=None, repr=False)
    made: ast.Call | None = field(default=None, repr=False)
    base: ast.expr | None = field(default=None, repr=False)

    def is_named(self, patterns: Iterable[str]) -> bool:
        """Whether the attribute has one of these names; `*` stands for any letters."""
        return any(fnmatchcase(self.attribute, pattern) for pattern in patterns)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the judges look at."""

    facts: ModuleFacts
    declared: Declared
    family: Family
    uses: tuple[Use, ...]
    siblings: Mapping[str, Declared]
    reads: tuple[VariableRead, ...]


def statistics(facts: ModuleFacts, machine: Machine) -> Iterator[StatisticSite]:
    """The declarations in a file of Params that should be another kind of Variable."""
    everything = tuple(declared_in(facts, machine))
    candidates = [one for one in everything if _is_param(machine, one)]
    if not candidates:
        return
    families = machine.once(Families)
    writes, reads = machine.once(_accesses)
    siblings: dict[ClassDecl, dict[str, Declared]] = defaultdict(dict)
    for one in everything:
        siblings[one.owner][one.attribute] = one
    for one in candidates:
        family = families.of(one.owner)
        uses = tuple(uses_of(family, one.attribute))
        own = tuple(own_writes(iter(_of(writes, one)), family, one))
        seen = _Seen(facts, one, family, uses, siblings[one.owner], tuple(_of(reads, one)))
        found = _judge(seen, own)
        if found is not None:
            yield _site(facts, machine, one, found, own)


def _is_param(machine: Machine, one: Declared) -> bool:
    """Whether it is a Param in every way in which it was made, and nowhere of another kind."""
    made = [seen.made for seen in one.seen]
    if any(record is None or not machine.derives(record.cls, PARAM) for record in made):
        return False
    return not one.elsewhere - {PARAM}


def _accesses(machine: Machine) -> tuple[Mapping[int, list], Mapping[int, list]]:  # type: ignore[type-arg]
    """The writes and the reads of each Variable."""
    return _by_variable(machine.seen.writes), _by_variable(machine.seen.reads)


def _by_variable(records: list) -> Mapping[int, list]:  # type: ignore[type-arg]
    grouped = defaultdict(list)
    for record in records:
        grouped[record.variable].append(record)
    return grouped


def _of(grouped: Mapping[int, list], one: Declared) -> list:  # type: ignore[type-arg]
    return [record for variable in one.variables for record in grouped.get(variable, ())]


def _judge(seen: _Seen, own: tuple[OwnWrite, ...]) -> tuple[str, bool] | None:
    """The evidence and whether it is sure."""
    one = seen.declared
    if own:
        return "written", True
    if one.dtype is not None:
        return (one.dtype, True) if _matters(seen) else None
    if says_learned(seen.facts, one):
        return None
    if not one.tainted("random"):
        named = _by_kind(seen) or _by_name(seen)
        if named is not None:
            return named
    if seen.uses and all(is_stopped(use) for use in seen.uses) and not _read_outside(seen):
        return "stopped", False
    return None


def _matters(seen: _Seen) -> bool:
    """Whether numbers that no gradient takes are more than an example's shorthand for `1.0`."""
    if seen.declared.words & names.WHOLE:
        return True
    return bool(seen.uses) and not isinstance(seen.declared.seen[0].value, Const)


def _by_kind(seen: _Seen) -> tuple[str, bool] | None:
    """A class of Variables named after state that derives from `nnx.Param`, and no filter tells apart."""
    cls = seen.declared.variable_class
    if cls is None or not words(cls.decl.name) & names.STATE_KINDS:
        return None
    calls = seen.family.families.machine.seen.everywhere.library_calls
    filtered = any(
        isinstance(given, ClassRef) and given.decl is cls.decl for call in calls for given in call.arguments.values()
    )
    return None if filtered else ("kind", False)


def _by_name(seen: _Seen) -> tuple[str, bool] | None:
    one = seen.declared
    cls = words(one.owner.name)
    if not one.is_known:
        return None
    if one.all_tainted("table") and names.is_table(one.words, cls, waves=one.tainted("wave")):
        return "table", True
    if names.is_filter_bank(one.words, cls):
        return "table", False
    if names.is_mask(one.words) and seen.uses and all(lacks_gradient(use) for use in seen.uses):
        return "table", True
    if names.is_running(one.words):
        return "name", any(subtracts(use) or divides(use) for use in seen.uses)
    return _of_data(seen)


def _of_data(seen: _Seen) -> tuple[str, bool] | None:
    """One of a mean and a spread that data is normalised with."""
    one = seen.declared
    partner = _partner(seen)
    if partner is None:
        return None
    mean, spread = (one, partner) if names.is_mean(one.words) else (partner, one)
    subtracted = any(subtracts(use) for use in uses_of(seen.family, mean.attribute))
    divided = any(divides(use) for use in uses_of(seen.family, spread.attribute))
    if subtracted and divided and names.of_data(one.words):
        return "name", True
    if subtracted and divided and not _prefix(one) and _is_literal(one) and _is_literal(partner):
        return "name", False
    shifted = any(shifts(use) for use in uses_of(seen.family, mean.attribute))
    return ("name", False) if names.of_data(one.words) and (shifted or not seen.uses) else None


def _partner(seen: _Seen) -> Declared | None:
    """The spread to a mean of the same prefix, the mean to a spread."""
    one = seen.declared
    for other in seen.siblings.values():
        if other is one or other.tainted("random"):
            continue
        pair = (one, other) if names.is_mean(one.words) else (other, one)
        if names.is_mean(pair[0].words) and names.is_spread(pair[1].words) and _prefix(pair[0]) == _prefix(pair[1]):
            return other
    return None


def _prefix(one: Declared) -> frozenset[str]:
    return frozenset(
        word for word in one.words if not names.is_mean(frozenset({word})) and not names.is_spread(frozenset({word}))
    )


def _is_literal(one: Declared) -> bool:
    """Whether the numbers are written out."""
    return any(
        isinstance(node, ast.Constant) and isinstance(node.value, float) and node.value not in {0.0, 1.0}
        for node in ast.walk(one.node)
    )


def _read_outside(seen: _Seen) -> bool:
    """Whether other code than the module's own reads it with a gradient."""
    inside = {id(node) for body in seen.family.methods() for node in body.parents}
    constructors = {
        id(node) for decl in seen.family.classes for method in decl.methods.values() for node in ast.walk(method.node)
    }
    return any(not read.stopped and id(read.place.node) not in inside | constructors for read in seen.reads)


def _site(
    facts: ModuleFacts, machine: Machine, one: Declared, found: tuple[str, bool], own: tuple[OwnWrite, ...]
) -> StatisticSite:
    evidence, is_sure = found
    made = one.made_at
    exact = all(seen.made is not None and seen.made.cls == External(PARAM) for seen in one.seen)
    call = (
        made.node
        if exact and made is not None and made.path == facts.path and isinstance(made.node, ast.Call)
        else None
    )
    return StatisticSite(
        facts.tree,
        one.node,
        attribute=one.attribute,
        evidence=evidence,
        is_sure=is_sure,
        in_forward=any(write.forward for write in own) and one.dtype is None,
        written=own[0].write.place if own else None,
        made=call,
        base=_base(facts, machine, one) if evidence == "kind" else None,
    )


def _base(facts: ModuleFacts, machine: Machine, one: Declared) -> ast.expr | None:
    """The base `nnx.Param` of the project's own class of Variable, where that stands in the same file."""
    cls = one.variable_class
    if cls is None or cls.decl.path != facts.path or len(cls.decl.node.bases) != 1:
        return None
    direct = machine.ancestry(cls)[1:2]
    return cls.decl.node.bases[0] if direct == (External(PARAM),) else None
