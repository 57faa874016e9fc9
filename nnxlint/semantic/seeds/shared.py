"""Modules that must differ but are built from equal seeds: side by side, or one a round of a loop."""

import ast
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from nnxlint.semantic.facts import FunctionDecl, ModuleFacts
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.observe import Construction, RngsMade
from nnxlint.semantic.seeds import purpose
from nnxlint.semantic.seeds.hoist import Hoisting, hoisting
from nnxlint.semantic.seeds.loops import innermost_loop, keeping_loops
from nnxlint.semantic.seeds.region import (
    are_exclusive,
    are_handed_out,
    function_around,
    is_fallback,
    rebinds,
    rebinds_between,
)
from nnxlint.semantic.seeds.seed import Seed, as_call, is_key, is_pure, same, seeds_of, source_of
from nnxlint.semantic.sites import Site
from nnxlint.semantic.values import ClassRef, External
from nnxlint.spans import Span

# They draw a key and make ones and zeros of it.
_STILL = frozenset("LayerNorm BatchNorm RMSNorm GroupNorm InstanceNorm".split())


@dataclass(frozen=True)
class SharedSeedSite(Site):
    """An `Rngs(...)` whose seed another one has too (`first`), or that a loop repeats."""

    module: str = ""
    first: ast.Call | None = field(default=None, repr=False)
    hoisting: Hoisting | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Built:
    """A module with the `Rngs` that it was built from, and the streams that its random values come from."""

    made: RngsMade
    construction: Construction
    seeds: tuple[tuple[str, Seed], ...]

    @property
    def call(self) -> ast.Call:
        """The `Rngs(...)`."""
        return as_call(self.made.place.node)


def shared_seeds(facts: ModuleFacts, machine: Machine) -> Iterator[SharedSeedSite]:
    """The `Rngs` of a file that give a module the same random values as another one."""
    found: dict[ast.AST, SharedSeedSite] = {}
    for built in _by_activation(facts, machine):
        if purpose.is_comparison(facts, built[0].made):
            continue
        for site in (*_repeated(facts, machine, built), *_side_by_side(facts, machine, built)):
            found.setdefault(site.node, site)
    yield from _one_at_a_time(facts, sorted(found.values(), key=lambda site: site.span))


def _one_at_a_time(facts: ModuleFacts, sites: Sequence[SharedSeedSite]) -> Iterator[SharedSeedSite]:
    """Only the first group of a function can be hoisted now: the next one needs another name."""
    taken: dict[ast.AST, Hoisting] = {}
    for site in sites:
        place = site.hoisting
        if place is None or taken.setdefault(function_around(facts, site.node), place).statement is place.statement:
            yield site
        else:
            yield replace(site, hoisting=None)


def _by_activation(facts: ModuleFacts, machine: Machine) -> Iterator[Sequence[Built]]:
    """What one activation of a function built from what it made itself."""
    grouped: dict[int, dict[ast.AST, Built]] = defaultdict(dict)
    for made in machine.seen.rngs.get(facts.path, ()):
        if made.abstract or not isinstance(made.place.node, ast.Call) or is_fallback(facts, made.place.node):
            continue
        for construction in machine.seen.built_from(made.target):
            built = _built(machine, made, construction)
            if built is not None and construction.activation is made.activation:
                grouped[id(made.activation)].setdefault(made.place.node, built)
    for one in grouped.values():
        yield sorted(one.values(), key=lambda built: _order(facts, built))


def _order(facts: ModuleFacts, built: Built) -> tuple[Span, Span]:
    return facts.tree.span(built.construction.place.node), facts.tree.span(built.call)


def _built(machine: Machine, made: RngsMade, construction: Construction) -> Built | None:
    cls = construction.cls
    if isinstance(cls, External) and cls.name.rpartition(".")[2] in _STILL:
        return None
    by_name = {seed.stream: seed for seed in seeds_of(made)}
    drawn = dict.fromkeys(
        draw.stream for draw in machine.seen.draws_of(made.target) if draw.by.rpartition(".")[2] not in _STILL
    )
    sources = [(stream, source_of(by_name, stream)) for stream in drawn]
    seeds = tuple((stream, seed) for stream, seed in sources if seed is not None and not is_key(seed))
    return Built(made, construction, seeds) if seeds and not construction.abstract else None


def _repeated(facts: ModuleFacts, machine: Machine, built: Sequence[Built]) -> Iterator[SharedSeedSite]:
    for one in built:
        if purpose.is_replaced(facts, one.construction.place.node) or _is_loaded(machine, one):
            continue
        for home, loop, is_inside in keeping_loops(machine, one.made, one.construction):
            if not all(_stays(seed, loop if is_inside else None) for _, seed in one.seeds):
                continue
            if _builds_module(machine, home, loop) or not purpose.is_sweep(home, loop):
                place = hoisting(facts, [one.call], loop) if is_inside else None
                yield SharedSeedSite(facts.tree, one.call, _name(one), hoisting=place)
                break


def _stays(seed: Seed, loop: ast.AST | None) -> bool:
    """Whether the seed stays the same in each round of a loop, or of one that calls its function."""
    if seed.node is None or not is_pure(seed.node):
        return False
    if loop is None:
        return seed.is_constant
    return not rebinds(loop, seed.node)


def _builds_module(machine: Machine, facts: ModuleFacts, loop: ast.AST) -> bool:
    """Whether a loop builds the layers of a module, in the module's own construction."""
    function = function_around(facts, loop)
    decl = facts.functions.get(function) if isinstance(function, ast.FunctionDef) else None
    return _is_construction(machine, decl)


def _side_by_side(facts: ModuleFacts, machine: Machine, built: Sequence[Built]) -> Iterator[SharedSeedSite]:
    usable = [one for one in built if not purpose.is_replaced(facts, one.construction.place.node)]
    usable = [one for one in usable if not _is_loaded(machine, one)]
    for position, later in enumerate(usable):
        for earlier in usable[:position]:
            if _share(facts, machine, earlier, later):
                group = [one.call for one in usable if one is earlier or _share(facts, machine, earlier, one)]
                yield SharedSeedSite(facts.tree, later.call, _name(later), earlier.call, hoisting(facts, group, None))
                break


def _share(facts: ModuleFacts, machine: Machine, earlier: Built, later: Built) -> bool:
    theirs = dict(later.seeds)
    pairs = [(seed, theirs[stream]) for stream, seed in earlier.seeds if stream in theirs]
    if not any(_equal(facts, one, other) for one, other in pairs):
        return False
    one, other = earlier.construction.place.node, later.construction.place.node
    if innermost_loop(facts, earlier.call) is not innermost_loop(facts, later.call):
        return False
    if (
        are_exclusive(facts, one, other)
        or are_handed_out(facts, one, other)
        or purpose.are_separate(facts, one, other, are_layers=_in_module(machine, earlier.made))
    ):
        return False
    if _class(earlier) == _class(later):
        return _in_init(earlier) or purpose.are_twins(one, other)
    return _in_module(machine, earlier.made) and all(one.is_constant for pair in pairs for one in pair)


def _equal(facts: ModuleFacts, one: Seed, other: Seed) -> bool:
    if not same(one, other):
        return False
    if one.number is not None or one.node is None or other.node is None:
        return True
    return not rebinds_between(facts, one.node, other.node)


def _class(built: Built) -> object:
    cls = built.construction.cls
    return cls.decl if isinstance(cls, ClassRef) else cls


def _name(built: Built) -> str:
    cls = built.construction.cls
    return f"nnx.{cls.name.rpartition('.')[2]}" if isinstance(cls, External) else cls.decl.name


def _in_init(built: Built) -> bool:
    decl = built.made.function
    return decl is not None and decl.owner is not None and decl.name == "__init__"


def _in_module(machine: Machine, made: RngsMade) -> bool:
    """Whether a module's own construction made it: what is built there are its layers."""
    return _is_construction(machine, made.function)


def _is_construction(machine: Machine, decl: FunctionDecl | None) -> bool:
    if decl is None or decl.owner is None or decl.name not in {"__init__", "__post_init__"}:
        return False
    return machine.is_module(ClassRef(decl.owner))


def _is_loaded(machine: Machine, built: Built) -> bool:
    """Whether the module is given other weights later."""
    return bool(machine.seen.loaded & machine.seen.built_at(built.construction.place))
