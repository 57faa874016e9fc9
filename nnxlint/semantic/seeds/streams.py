"""Streams of one `Rngs` that start from the same seed, so that they give the same keys."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nnxlint.semantic.facts import ModuleFacts
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.observe import RngsMade
from nnxlint.semantic.seeds.fresh import replacements
from nnxlint.semantic.seeds.missing import made_in
from nnxlint.semantic.seeds.purpose import is_test
from nnxlint.semantic.seeds.seed import Seed, as_call, is_nothing, same, seeds_of
from nnxlint.semantic.sites import Site

_TWO = 2


@dataclass(frozen=True)
class EqualStreamsSite(Site):
    """An `Rngs(...)` of which the streams `equal` start alike; `seeds` are all that it has."""

    equal: tuple[Seed, ...] = ()
    seeds: tuple[Seed, ...] = ()

    @property
    def call(self) -> ast.Call:
        """The `Rngs(...)`."""
        return as_call(self.node)

    @property
    def fresh_seeds(self) -> tuple[tuple[ast.expr, str], ...]:
        """Expressions with what to put in their place, so that the streams differ."""
        return tuple(replacements(self.equal, self.seeds))

    @property
    def one_default(self) -> str | None:
        """The call with one default stream instead; `None` where other streams would be lost."""
        node = self.equal[0].node
        if node is None or not all(same(self.equal[0], seed) for seed in self.seeds):
            return None
        return f"{self.tree.text(self.call.func)}({self.tree.text(node)})"


def equal_streams(facts: ModuleFacts, machine: Machine) -> Iterator[EqualStreamsSite]:
    """The `Rngs` of a file with equal streams of which two may be drawn."""
    if is_test(facts):
        return
    for node, ways in made_in(facts, machine).items():
        for made in ways:
            found = None if made.abstract else _equal_and_used(machine, made, ways)
            if found is not None:
                yield EqualStreamsSite(facts.tree, node, found, seeds_of(made))
                break


def _equal_and_used(machine: Machine, made: RngsMade, ways: Sequence[RngsMade]) -> tuple[Seed, ...] | None:
    streams = {seed.stream for seed in seeds_of(made)}
    for group in _groups(seeds_of(made)):
        used = [seed for seed in group if any(_may_be_drawn(machine, one, seed.stream, streams) for one in ways)]
        if len(used) >= _TWO:
            return tuple(used)
    return None


def _groups(seeds: Sequence[Seed]) -> list[list[Seed]]:
    groups: list[list[Seed]] = []
    for seed in seeds:
        if is_nothing(seed):
            continue
        group = next((group for group in groups if same(group[0], seed)), None)
        if group is None:
            groups.append([seed])
        else:
            group.append(seed)
    return [group for group in groups if len(group) >= _TWO]


def _may_be_drawn(machine: Machine, made: RngsMade, stream: str, streams: set[str]) -> bool:
    """Whether keys of the stream were drawn, or may be by code that was not seen to run on this `Rngs`."""
    log = machine.seen
    if made.abstract:
        return False
    if made.target in log.escaped or made.place.path in log.incomplete:
        return stream != "default" or bool(streams & _streams_of_layers(machine))
    names = {draw.stream for draw in log.draws_of(made.target)}
    if stream in names or (stream == "default" and names - streams):
        return True
    mentioned = any(stream in facts.mentioned for facts in machine.index.modules.values())
    return made.target in log.kept and (log.is_drawn(stream) or mentioned)


def _streams_of_layers(machine: Machine) -> set[str]:
    """The names that the library's layers draw from.

    Code that is not known, given one of these, builds or calls modules, and they draw by further names. Given another
    name only, it asks for that one; the default beside it is what it would take instead.
    """
    return {name for cls in machine.api.classes.values() for name in (*cls.streams_init, *cls.streams_call)}
