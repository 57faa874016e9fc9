"""The log of a run: every record that it left."""

import ast
from collections.abc import Sized
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from nnxlint.semantic.observe.ground import Ground, Layer
from nnxlint.semantic.observe.records import (
    Activation,
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


@dataclass(slots=True, eq=False)
class Log:
    """Everything observed, in the order of observation; `trained` are calls seen under a gradient.

    In a call in `relayed` a library or a transform calls what is handed to it, with arguments of its own.
    Of objects by number: an `Rngs` in `escaped` went to code that is not known, one in `kept` became an attribute;
    modules in `loaded` were given new weights, those in `modes_set` another mode, by the code of an activation;
    `holders` are the containers that hold a module made in a loop.
    With which values functions ran (`entered`) and how objects were (`watched`) is kept only where somebody asked.
    `ground`: what was observed before and may be asked about here; `layer`: what this log would add to it.
    """

    ground: Ground = field(default_factory=Ground)

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
    modes_set: list[tuple[int, Activation]] = field(default_factory=list)
    holders: dict[int, set[Holder]] = field(default_factory=dict)
    trained: set[ast.AST] = field(default_factory=set)
    relayed: set[ast.AST] = field(default_factory=set)
    calls_seen: dict[ast.Call, tuple[str, str]] = field(default_factory=dict)
    incomplete: set[str] = field(default_factory=set)
    crashes: dict[str, Exception] = field(default_factory=dict)
    cut_short: set[int] = field(default_factory=set)
    storings: dict[int, Storing] = field(default_factory=dict)
    filterings: list[Filtering] = field(default_factory=list)
    written: set[int] = field(default_factory=set)
    entered: list[Entered] | None = None
    watched: Watched | None = None
    layer: Layer = field(default_factory=Layer)
    _each: int = 0

    def cut(self, model_calls: int = 0, library_calls: int = 0) -> None:
        """Mark what was observed from these numbers on as part of a run that was ended early."""
        for call in self.model_calls[model_calls:]:
            for step in call.chain:
                step.activation.incomplete = True
        self.cut_short.update(call.activation for call in self.library_calls[library_calls:])

    def doubt(self, model_calls: int) -> None:
        """Forget which layers the calls of modules from this number on reached: maybe none of them."""
        self.model_calls[model_calls:] = [replace(call, uses=()) for call in self.model_calls[model_calls:]]

    def noise(self) -> Noise:
        """How much was observed, to tell whether anything was since."""
        lists: tuple[Sized, ...] = (
            self.writes,
            self.declarations,
            self.models_read,
            self.draws,
            self.constructions,
            self.layer.made,
            self.escaped,
            self.kept,
            self.loaded,
            self.holders,
            self.storings,
            self.filterings,
            self.written,
        )
        lasting = sum(len(one) for one in lists)
        calls = lasting + len(self.model_calls) + len(self.reads)
        return Noise(calls + len(self.library_calls), calls + self._each, lasting)

    def note_called(self, node: ast.Call, kind: str, detail: str) -> None:
        """Keep, for the statistics, the best that was ever known of what a call calls."""
        seen = self.calls_seen.get(node)
        if seen is None or seen[0] == "unknown" or kind == "module":
            self.calls_seen[node] = (kind, detail)

    def add_call(self, call: LibraryCall) -> None:
        """Keep a library's call."""
        self.library_calls.append(call)
        self._each += call.name in _EACH

    def add_rngs(self, made: RngsMade) -> None:
        """Keep an `Rngs`, found again by its file and its number."""
        self.rngs.setdefault(made.place.path, []).append(made)
        self.layer.made[made.target] = made

    def newest_rngs(self, target: int) -> RngsMade | None:
        """How the `Rngs` of this number was made, last."""
        return self.layer.made.get(target) or self.ground.newest_rngs(target)

    def add_draw(self, draw: StreamDraw) -> None:
        """Keep a draw, found again by its `Rngs`."""
        self.draws.append(draw)
        self.layer.draws.setdefault(draw.rngs, []).append(draw)

    def draws_of(self, target: int) -> tuple[StreamDraw, ...]:
        """The draws from an `Rngs`."""
        return (*self.ground.draws_of(target), *self.layer.draws.get(target, ()))

    def add_storing(self, number: int, storing: Storing) -> None:
        """Keep a save or a restore under a number of its own."""
        self.storings[number] = storing

    def mark_written(self, number: int) -> None:
        """The bytes that a storing made were written to a file."""
        self.written.add(number)
