"""What is kept only for who asks for more than findings: how functions ran, how objects were, where they were seen."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from nnxlint.semantic.facts import FunctionDecl
from nnxlint.semantic.values import ClassRef, External, Place, Record, Value

_MOST_OF_PLACE = 6
_MOST_AT_NODE = 12


@dataclass(frozen=True, slots=True)
class Entered:
    """A function of the project was run with these values for its parameters, by a call at `place` in `caller`.

    `place` is the function's own where nobody called it. `records`: the objects that the values name.
    """

    decl: FunctionDecl
    place: Place
    caller: FunctionDecl | None
    bound: Value | None
    values: Mapping[str, Value]
    records: Mapping[int, Record]


@dataclass(frozen=True, slots=True, eq=False)
class Built:
    """A module as it was when its constructor had ended: its own record and those that it reached, by number.

    `made_up`: for a parameter or for `self`, of a class whose construction was not seen.
    """

    cls: ClassRef | External
    place: Place
    target: int
    parts: Mapping[int, Record]
    made_up: bool


class Sighting(NamedTuple):
    """An object that an expression gave; `training`: its mode then, from its own flags and those of its parts."""

    target: int
    training: frozenset[bool | None]
    is_rngs: bool = False


# An expression may as well give something that is no object of NNX, as far as is known.
SOMETHING_ELSE = Sighting(-1, frozenset())


@dataclass(slots=True)
class Watched:
    """Objects as they were built, by number, and which objects and classes expressions gave, by node."""

    built: dict[int, Built] = field(default_factory=dict)
    sightings: dict[ast.AST, dict[Sighting, None]] = field(default_factory=dict)
    classes: dict[ast.AST, ClassRef] = field(default_factory=dict)
    _of_place: dict[Place, int] = field(default_factory=dict)

    def wants(self, place: Place, target: int) -> bool:
        """Whether another object of this place is worth keeping: one place may build any number."""
        return target in self.built or self._of_place.get(place, 0) < _MOST_OF_PLACE

    def add_built(self, built: Built) -> None:
        """Keep an object; one that is built again is kept as it was last."""
        if built.target not in self.built:
            self._of_place[built.place] = self._of_place.get(built.place, 0) + 1
        self.built[built.target] = built

    def wants_sighting(self, node: ast.AST) -> bool:
        """Whether what another run finds at a node is worth keeping."""
        return len(self.sightings.get(node, ())) < _MOST_AT_NODE

    def add_sighting(self, node: ast.AST, sighting: Sighting) -> None:
        """Keep what an expression gave."""
        self.sightings.setdefault(node, {})[sighting] = None

    def take(self, other: "Watched") -> None:
        """Keep what another part of the project showed, as if it had been seen here."""
        for built in other.built.values():
            # What a later part only came across was kept by the part that built it.
            only_met = built.made_up and built.target in self.built
            if self.wants(built.place, built.target) and not only_met:
                self.add_built(built)
        for node, sightings in other.sightings.items():
            for sighting in sightings:
                if self.wants_sighting(node):
                    self.add_sighting(node, sighting)
        self.classes |= other.classes
