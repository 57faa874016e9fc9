"""Streams that something needs of an `Rngs` which has neither them nor a default."""

import ast
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from nnxlint.semantic.facts import ModuleFacts
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.observe import RngsMade, StreamDraw
from nnxlint.semantic.seeds.fresh import fresh_seed
from nnxlint.semantic.seeds.seed import Seed, as_call, seeds_of
from nnxlint.semantic.sites import Site


@dataclass(frozen=True)
class MissingStreamsSite(Site):
    """An `Rngs(...)` with what was drawn from it in vain, the first draw of each stream."""

    seeds: tuple[Seed, ...] = ()
    draws: tuple[StreamDraw, ...] = field(default=(), repr=False)

    @property
    def call(self) -> ast.Call:
        """The `Rngs(...)`."""
        return as_call(self.node)

    @property
    def fresh_seed(self) -> str | None:
        """A seed for one more stream."""
        return fresh_seed(self.seeds)


def missing_streams(facts: ModuleFacts, machine: Machine) -> Iterator[MissingStreamsSite]:
    """The `Rngs` of a file that lack a stream which is needed whenever they are made."""
    for node, made in made_in(facts, machine).items():
        draws: dict[str, StreamDraw] = {}
        for target in dict.fromkeys(one.target for one in made):
            for draw in machine.seen.draws_of(target):
                if draw.missing and draw.certain:
                    draws.setdefault(draw.stream, draw)
        if draws:
            yield MissingStreamsSite(facts.tree, node, seeds_of(made[0]), tuple(draws.values()))


def made_in(facts: ModuleFacts, machine: Machine) -> dict[ast.AST, Sequence[RngsMade]]:
    """The `Rngs(...)` of a file, in its order, with every way in which each was seen to run."""
    found: dict[ast.AST, list[RngsMade]] = defaultdict(list)
    for one in machine.seen.rngs.get(facts.path, ()):
        if isinstance(one.place.node, ast.Call):
            found[one.place.node].append(one)
    return {node: found[node] for node in sorted(found, key=facts.tree.span)}
