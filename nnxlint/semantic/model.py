"""What the rules ask: frozen sites of one file, each with its place, its syntax and what is known of it."""

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from packaging.version import Version

from nnxlint.diagnostic import Related
from nnxlint.semantic.evaluation import EvaluationSite, missing_flags, modes_not_set
from nnxlint.semantic.explain import explain_row
from nnxlint.semantic.facts import ModuleFacts
from nnxlint.semantic.filters import FilterSite, variables_meant_as_rest
from nnxlint.semantic.flax_api import Signature
from nnxlint.semantic.kinds import StatisticSite, WeightSite, statistics, weights
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.observe import LibraryCall
from nnxlint.semantic.optimizing import ModelReadSite, UpdateSite, optimizer_models, optimizer_updates
from nnxlint.semantic.overriding import HardCodedSite, OverriddenSite, hard_coded_modes, overridden_modes
from nnxlint.semantic.saving import SaveSite, module_saves, state_saves
from nnxlint.semantic.seeds import (
    EqualStreamsSite,
    MissingStreamsSite,
    SharedSeedSite,
    equal_streams,
    missing_streams,
    shared_seeds,
)
from nnxlint.semantic.sites import ABSENT, MAYBE, PRESENT, CallSite, Given, Site
from nnxlint.semantic.updates import ManualUpdate, manual_updates
from nnxlint.semantic.values import Instance, Place, Value
from nnxlint.source import Source
from nnxlint.syntax.tree import Tree

if TYPE_CHECKING:
    from nnxlint.semantic.statemap import InlayHint, StateMap

__all__ = [
    "ABSENT",
    "MAYBE",
    "PRESENT",
    "CallSite",
    "EqualStreamsSite",
    "Given",
    "MissingStreamsSite",
    "SemanticModel",
    "SharedSeedSite",
    "Site",
]


class SemanticModel:
    """One file seen through the whole project."""

    def __init__(self, facts: ModuleFacts, target: Version, machine: Machine) -> None:
        self.path = facts.path
        self.tree: Tree = facts.tree
        self.source: Source = facts.tree.source
        self.target = target
        self.facts = facts
        self.machine = machine

    def calls(self, *names: str) -> Iterator[CallSite]:
        """The calls of these canonical names, in the order of the file; not those of another class on other paths."""
        grouped: dict[ast.AST, list[LibraryCall]] = defaultdict(list)
        for name in names:
            for seen in self.machine.seen.calls_of(self.path, name):
                grouped[seen.place.node].append(seen)
        for node, seen_calls in sorted(grouped.items(), key=lambda item: self.tree.span(item[0])):
            name = seen_calls[0].name
            if not self.machine.once(_classes_called)[node] <= set(names):
                continue
            yield CallSite(self.tree, node, name, tuple(seen_calls), self.signature(name))

    def signature(self, name: str) -> Signature | None:
        """The signature of a library's function, class or method on the targeted Flax."""
        api = self.machine.api
        if name in api.classes:
            return api.classes[name].init
        if name in api.functions:
            return api.functions[name].signature
        owner, _, method = name.rpartition(".")
        if method == "__init__" and owner in api.classes:
            return api.classes[owner].init
        return api.classes[owner].methods.get(method) if owner in api.classes else None

    def optimizer_updates(self) -> Iterator[UpdateSite]:
        """The calls of `update` on optimizers of `flax.nnx`."""
        yield from optimizer_updates(self.facts, self.machine)

    def optimizer_models(self) -> Iterator[ModelReadSite]:
        """The reads of `model` from optimizers of `flax.nnx`."""
        yield from optimizer_models(self.facts, self.machine)

    def statistics(self) -> Iterator[StatisticSite]:
        """Declarations of Params that should be another kind of Variable."""
        yield from statistics(self.facts, self.machine)

    def untrained_weights(self) -> Iterator[WeightSite]:
        """Declarations of random weights that are no Params."""
        yield from weights(self.facts, self.machine)

    def missing_flags(self) -> Iterator[EvaluationSite]:
        """Evaluation calls that leave a mode flag to a default that means training."""
        yield from missing_flags(self.facts, self.machine)

    def modes_not_set(self) -> Iterator[EvaluationSite]:
        """Evaluation calls of modules that are in training mode on every path."""
        yield from modes_not_set(self.facts, self.machine)

    def overridden_modes(self) -> Iterator[OverriddenSite]:
        """Evaluation calls of models that were set to evaluation, where a flag goes before that."""
        yield from overridden_modes(self.facts, self.machine)

    def hard_coded_modes(self) -> Iterator[HardCodedSite]:
        """Calls of layers that say training by themselves, in models that are evaluated, too."""
        yield from hard_coded_modes(self.facts, self.machine)

    def module_saves(self) -> Iterator[SaveSite]:
        """Saves that are given a module or an optimizer as an object."""
        yield from module_saves(self.facts, self.machine)

    def state_saves(self) -> Iterator[SaveSite]:
        """Saves by NumPy that are given a State or a nested dict of one."""
        yield from state_saves(self.facts, self.machine)

    def variables_meant_as_rest(self) -> Iterator[FilterSite]:
        """Filters `nnx.Variable` where the state beside the parameters is meant."""
        yield from variables_meant_as_rest(self.facts, self.machine)

    def missing_streams(self) -> Iterator[MissingStreamsSite]:
        """The `Rngs(...)` that lack a stream which is drawn from them."""
        yield from missing_streams(self.facts, self.machine)

    def equal_streams(self) -> Iterator[EqualStreamsSite]:
        """The `Rngs(...)` of which two streams start from the same seed."""
        yield from equal_streams(self.facts, self.machine)

    def shared_seeds(self) -> Iterator[SharedSeedSite]:
        """The `Rngs(...)` that give a module the random values of another one."""
        yield from shared_seeds(self.facts, self.machine)

    def manual_updates(self) -> Iterator[ManualUpdate]:
        """The hand-written gradient steps."""
        yield from manual_updates(self.facts, self.machine)

    def uses_name(self, name: str) -> bool:
        """Whether the file uses a name for anything."""
        return any(isinstance(node, ast.Name) and node.id == name for node in ast.walk(self.tree.module))

    def site(self, node: ast.AST) -> Site:
        """A node of this file as a site."""
        return Site(self.tree, node)

    def related(self, place: Place, message: str) -> tuple[Related, ...]:
        """A place of any file of the project, as the second place of a diagnostic."""
        facts = self.machine.index.modules.get(place.path)
        return (Related(message, place.path, facts.tree.span(place.node)),) if facts is not None else ()

    def instance(self, value: Value) -> Instance | None:
        """The object that a value is, where it is one object with attributes."""
        return self.machine.instance(value)

    def explain(self, row: int) -> tuple[str, ...]:
        """What is known about the objects on a row, by which chain of inferences."""
        return tuple(explain_row(self.facts, self.machine, row))

    def state_map(self) -> "StateMap":
        """The module classes of the whole project; empty where it was not analysed with `watched=True`."""
        from nnxlint.semantic.statemap import state_map  # noqa: PLC0415 - linting does without

        return state_map(self.machine)

    def hover(self, offset: int) -> str | None:
        """Markdown on the module class, object or state attribute at an offset, in a project that is watched."""
        from nnxlint.semantic.statemap import hover  # noqa: PLC0415 - linting does without

        return hover(self.facts, self.machine, offset)

    def inlay_hints(self) -> "tuple[InlayHint, ...]":
        """The mode of each model call and the kind of each state attribute of the file, in a watched project."""
        from nnxlint.semantic.statemap import inlay_hints  # noqa: PLC0415 - linting does without

        return inlay_hints(self.facts, self.machine)


def _classes_called(machine: Machine) -> Mapping[ast.AST, set[str]]:
    """The classes of the library that each call was seen to make an object of."""
    found: dict[ast.AST, set[str]] = defaultdict(set)
    for call in machine.seen.library_calls:
        if call.name in machine.api.classes:
            found[call.place.node].add(call.name)
    return found
