"""The log of a run: every record, found again by file and name."""

import ast
from collections.abc import Sized
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from nnxlint.semantic.observe.records import (
    Construction,
    Declaration,
    Filtering,
    Holder,
    LibraryCall,
    ModelCall,
    ModelRead,
    RngsMade,
    Storing,
    StreamDraw,
    VariableRead,
    VariableWrite,
)
from nnxlint.semantic.observe.watching import Entered, Watched
from nnxlint.semantic.values import Place

# Rules look at each call of these, with the objects that are in reach there; of other names it is enough that they
# were called.
_EACH = frozenset(
    """flax.nnx.Optimizer flax.nnx.Optimizer.__init__ flax.nnx.Optimizer.update flax.nnx.ModelAndOptimizer
    flax.nnx.ModelAndOptimizer.__init__ flax.nnx.ModelAndOptimizer.update jax.tree.map""".split()
)


class Noise(NamedTuple):
    """How much was observed. `telling`: without calls of libraries of which it is enough that there are some.

    `lasting`: without any calls and reads, which say nothing new when a module makes them again inside itself.
    """

    size: int
    telling: int
    lasting: int


@dataclass(slots=True)
class Log:
    """Everything observed, in the order of observation; `trained` are calls seen under a gradient.

    In a call in `relayed` a library or a transform calls what is handed to it, with arguments of its own.
    Of objects by number: an `Rngs` in `escaped` went to code that is not known, one in `kept` became an attribute;
    modules in `loaded` were given new weights; `holders` are the containers that hold a module made in a loop.
    With which values functions ran (`entered`) and how objects were (`watched`) is kept only where somebody asked.
    """

    model_calls: list[ModelCall] = field(default_factory=list)
    library_calls: list[LibraryCall] = field(default_factory=list)
    writes: list[VariableWrite] = field(default_factory=list)
    declarations: list[Declaration] = field(default_factory=list)
    reads: list[VariableRead] = field(default_factory=list)
    models_read: list[ModelRead] = field(default_factory=list)
    draws: list[StreamDraw] = field(default_factory=list)
    constructions: list[Construction] = field(default_factory=list)
    rngs: dict[str, list[RngsMade]] = field(default_factory=dict)
    escaped: set[int] = field(default_factory=set)
    kept: set[int] = field(default_factory=set)
    loaded: set[int] = field(default_factory=set)
    holders: dict[int, set[Holder]] = field(default_factory=dict)
    trained: set[ast.AST] = field(default_factory=set)
    relayed: set[ast.AST] = field(default_factory=set)
    calls_seen: dict[ast.Call, tuple[str, str]] = field(default_factory=dict)
    incomplete: set[str] = field(default_factory=set)
    crashes: dict[str, Exception] = field(default_factory=dict)
    cut_short: set[int] = field(default_factory=set)
    storings: list[Storing] = field(default_factory=list)
    filterings: list[Filtering] = field(default_factory=list)
    entered: list[Entered] | None = None
    watched: Watched | None = None
    _by_name: dict[tuple[str, str], list[LibraryCall]] = field(default_factory=dict)
    _each: int = 0
    _written: set[int] = field(default_factory=set)
    _storings_of: dict[str, list[int]] = field(default_factory=dict)
    _filterings_of: dict[str, list[Filtering]] = field(default_factory=dict)
    _newest: dict[int, RngsMade] = field(default_factory=dict)
    _draws: dict[int, list[StreamDraw]] = field(default_factory=dict)
    _built: dict[int, list[Construction]] = field(default_factory=dict)
    _at: dict[Place, set[int]] = field(default_factory=dict)
    _names_drawn: set[str] = field(default_factory=set)

    def cut(self, model_calls: int, library_calls: int) -> None:
        """Mark what was observed from these numbers on as part of a run that was ended early."""
        for call in self.model_calls[model_calls:]:
            for step in call.chain:
                step.activation.incomplete = True
        self.cut_short.update(call.activation for call in self.library_calls[library_calls:])

    def noise(self) -> Noise:
        """How much was observed, to tell whether anything was since."""
        lists: tuple[Sized, ...] = (
            self.writes,
            self.declarations,
            self.models_read,
            self.draws,
            self.constructions,
            self._newest,
            self.escaped,
            self.kept,
            self.loaded,
            self.holders,
            self.storings,
            self.filterings,
            self._written,
        )
        lasting = sum(len(one) for one in lists)
        calls = lasting + len(self.model_calls) + len(self.reads)
        return Noise(calls + len(self.library_calls), calls + self._each, lasting)

    def add_call(self, call: LibraryCall) -> None:
        """Keep a library's call, found again by its file and name."""
        self.library_calls.append(call)
        self._each += call.name in _EACH
        self._by_name.setdefault((call.place.path, call.name), []).append(call)

    def calls_of(self, path: str, name: str) -> tuple[LibraryCall, ...]:
        """The calls of a canonical name in a file."""
        return tuple(self._by_name.get((path, name), ()))

    def add_rngs(self, made: RngsMade) -> None:
        """Keep an `Rngs`, found again by its file and its number."""
        self.rngs.setdefault(made.place.path, []).append(made)
        self._newest[made.target] = made

    def newest_rngs(self, target: int) -> RngsMade | None:
        """How the `Rngs` of this number was made, last."""
        return self._newest.get(target)

    def add_draw(self, draw: StreamDraw) -> None:
        """Keep a draw, found again by its `Rngs`."""
        self.draws.append(draw)
        self._draws.setdefault(draw.rngs, []).append(draw)
        self._names_drawn.add(draw.stream)

    def add_construction(self, construction: Construction) -> None:
        """Keep a construction, found again by each `Rngs` that it was given."""
        self.constructions.append(construction)
        self._at.setdefault(construction.place, set()).add(construction.target)
        for target in construction.rngs:
            self._built.setdefault(target, []).append(construction)

    def built_from(self, target: int) -> tuple[Construction, ...]:
        """The modules that were given an `Rngs`."""
        return tuple(self._built.get(target, ()))

    def built_at(self, place: Place) -> set[int]:
        """The modules that were built at a place, by number."""
        return self._at.get(place, set())

    def draws_of(self, target: int) -> tuple[StreamDraw, ...]:
        """The draws from an `Rngs`."""
        return tuple(self._draws.get(target, ()))

    def is_drawn(self, stream: str) -> bool:
        """Whether a stream of this name is drawn from any `Rngs`."""
        return stream in self._names_drawn

    def add_storing(self, storing: Storing) -> None:
        """Keep a save or a restore, found again by its file."""
        self._storings_of.setdefault(storing.place.path, []).append(len(self.storings))
        self.storings.append(storing)

    def mark_written(self, number: int) -> None:
        """The bytes that a storing made were written to a file."""
        self._written.add(number)

    def storings_of(self, path: str) -> tuple[Storing, ...]:
        """The saves and restores of a file, those to memory only where what they made was written later."""
        numbers = self._storings_of.get(path, ())
        return tuple(
            replace(self.storings[one], to_file=True) if one in self._written else self.storings[one] for one in numbers
        )

    def add_filtering(self, filtering: Filtering) -> None:
        """Keep what was taken by filters, found again by its file."""
        self.filterings.append(filtering)
        self._filterings_of.setdefault(filtering.place.path, []).append(filtering)

    def filterings_of(self, path: str) -> tuple[Filtering, ...]:
        """What a file takes by filters."""
        return tuple(self._filterings_of.get(path, ()))
