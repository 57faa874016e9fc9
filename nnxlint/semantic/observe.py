"""What the interpreter saw: plain records, one for each event that a rule may ask about."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from nnxlint.semantic.facts import ClassDecl, FunctionDecl
from nnxlint.semantic.values import ClassRef, External, Instance, Origin, Place, Taints, Value


@dataclass(frozen=True, slots=True)
class Arguments:
    """The arguments of a call. `more`: positions or names that a `*` or `**` of unknown content may fill."""

    positional: tuple[Value, ...] = ()
    keywords: Mapping[str, Value] = field(default_factory=dict)
    more_positional: Value | None = None
    more_keywords: Value | None = None

    def get(self, position: int | None, name: str) -> Value | None:
        """The value at a position or under a name, `None` when it is not given for certain."""
        if position is not None and position < len(self.positional):
            return self.positional[position]
        return self.keywords.get(name)

    def values(self) -> tuple[Value, ...]:
        """Every value handed over."""
        more = tuple(value for value in (self.more_positional, self.more_keywords) if value is not None)
        return (*self.positional, *self.keywords.values(), *more)

    @property
    def open(self) -> bool:
        """Whether arguments may be given that are not seen."""
        return self.more_positional is not None or self.more_keywords is not None


@dataclass(frozen=True, slots=True)
class Step:
    """One frame of a call chain: who called at `place`, and what speaks for or against evaluation there."""

    place: Place
    function: str
    decl: FunctionDecl | None
    activation: "Activation"
    signs: frozenset[str]
    purpose: str
    differentiated: bool
    in_module_method: bool


@dataclass(slots=True)
class Activation:
    """What became of one activation of a function, known when it has ended.

    `incomplete`: the run that it was part of was ended early, so that what it showed is not all there is.
    """

    trains: bool = False
    incomplete: bool = False
    looped: "list[Construction]" = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class LayerUse:
    """A mode-dependent layer was reached: whether it acted as in training, and what decided that.

    `training` is `None` when the mode is not known; `origin` tells where the deciding flag came from.
    """

    layer: str
    training: bool | None
    origin: Origin | None
    certain: bool
    place: Place
    owner: int = -1


@dataclass(frozen=True, slots=True)
class ModelCall:
    """A module of the project or of the library was called."""

    place: Place
    target: int
    cls: ClassRef | External
    uses: tuple[LayerUse, ...]
    chain: tuple[Step, ...]
    inside_module: bool
    is_method: bool = False


@dataclass(frozen=True, slots=True)
class LibraryCall:
    """A library's function, class or method was called by its canonical name."""

    place: Place
    name: str
    receiver: Value | None
    arguments: Arguments
    function: FunctionDecl | None
    owner: ClassDecl | None
    transforms: tuple[str, ...]
    certain: bool
    loop_depth: int
    result: Value | None
    names: Mapping[int, str]
    targets: tuple[str, ...]
    activation: int
    guards: frozenset[str] = frozenset()
    made: Instance | None = None


@dataclass(frozen=True, slots=True)
class VariableWrite:
    """A Variable, or a whole module's state, was given a new value.

    `methods`: the methods of modules that were running, innermost first.
    """

    place: Place
    variable: int
    kind: str
    how: str
    value: Value
    function: FunctionDecl | None
    owner: ClassDecl | None
    receiver_tags: frozenset[str]
    self_update: bool
    methods: tuple[FunctionDecl, ...] = ()


@dataclass(frozen=True, slots=True)
class Declaration:
    """An attribute of a project class was set to a Variable or a bare array.

    `made`: the Variable's own record, with its class and the place where it was made; `constructing`: whether a
    constructor was running.
    """

    place: Place
    owner: ClassDecl
    attribute: str
    kind: str
    value: Value
    variable: int
    taints: Taints
    made: Instance | None = None
    constructing: bool = True


@dataclass(frozen=True, slots=True)
class VariableRead:
    """A Variable's value was read; `stopped`: only through `stop_gradient`."""

    place: Place
    variable: int
    stopped: bool


@dataclass(frozen=True, slots=True)
class StreamDraw:
    """A stream of an `Rngs` was needed: by a layer, or by a direct call."""

    place: Place
    rngs: int
    stream: str
    by: str
    missing: bool | None
    certain: bool


@dataclass(frozen=True, slots=True)
class RngsMade:
    """An `Rngs` was made, by the innermost of the activations on the `stack`; `sites`: where each of them stood.

    `conditions`: under how many conditions each activation stood, by its `id`.
    """

    place: Place
    target: int
    seeds: Mapping[str, Value]
    is_open: bool
    abstract: bool
    function: FunctionDecl | None
    stack: tuple["Activation", ...]
    sites: tuple[Place, ...]
    conditions: Mapping[int, int]

    @property
    def activation(self) -> "Activation":
        """The activation of the function that made it."""
        return self.stack[0]


@dataclass(frozen=True, slots=True)
class Construction:
    """A module was built with random streams."""

    place: Place
    cls: ClassRef | External
    target: int
    rngs: tuple[int, ...]
    activation: Activation
    function: FunctionDecl | None
    loop_depth: int
    targets: tuple[str, ...]
    draws: bool
    abstract: bool


@dataclass(frozen=True, slots=True)
class Held:
    """Something of NNX inside what was handed to a function that stores it.

    `kind`: ``module``, ``optimizer`` or a tree's kind; `slot`: the argument by position or name, with ``>`` behind it
    inside one of orbax's arguments; `direct`: in no container.
    """

    kind: str
    name: str
    slot: str
    direct: bool


@dataclass(frozen=True, slots=True)
class Storing:
    """A call of a function that saves or restores; `receiver`: the checkpointer on the heap."""

    place: Place
    name: str
    kind: str
    held: tuple[Held, ...]
    receiver: int
    function: FunctionDecl | None
    to_file: bool


@dataclass(frozen=True, slots=True)
class Filtering:
    """State taken from an object by filters; `holds_params`: whether the object has Params, `None`: not known."""

    place: Place
    name: str
    node: Value
    filters: tuple[Value, ...]
    holds_params: bool | None
    function: FunctionDecl | None
    targets: tuple[str, ...]


class Holder(NamedTuple):
    """A list, dict or iterable: where it was made, and its number."""

    place: Place
    target: int


class Noise(NamedTuple):
    """How much was observed; `lasting`: without the calls and reads that say nothing new when they come again."""

    size: int
    lasting: int


@dataclass(slots=True)
class Log:
    """Everything observed, in the order of observation; `trained` are calls seen under a gradient.

    Of objects by number: an `Rngs` in `escaped` went to code that is not known, one in `kept` became an attribute;
    modules in `loaded` were given new weights; `holders` are the containers that hold a module made in a loop.
    """

    model_calls: list[ModelCall] = field(default_factory=list)
    library_calls: list[LibraryCall] = field(default_factory=list)
    writes: list[VariableWrite] = field(default_factory=list)
    declarations: list[Declaration] = field(default_factory=list)
    reads: list[VariableRead] = field(default_factory=list)
    draws: list[StreamDraw] = field(default_factory=list)
    constructions: list[Construction] = field(default_factory=list)
    rngs: dict[str, list[RngsMade]] = field(default_factory=dict)
    escaped: set[int] = field(default_factory=set)
    kept: set[int] = field(default_factory=set)
    loaded: set[int] = field(default_factory=set)
    holders: dict[int, set[Holder]] = field(default_factory=dict)
    trained: set[ast.AST] = field(default_factory=set)
    calls_seen: dict[ast.Call, tuple[str, str]] = field(default_factory=dict)
    incomplete: set[str] = field(default_factory=set)
    cut_short: set[int] = field(default_factory=set)
    storings: list[Storing] = field(default_factory=list)
    filterings: list[Filtering] = field(default_factory=list)
    _by_name: dict[tuple[str, str], list[LibraryCall]] = field(default_factory=dict)
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
        lasting = sum(
            map(
                len,
                (
                    self.writes,
                    self.declarations,
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
                ),
            )
        )
        return Noise(lasting + len(self.model_calls) + len(self.library_calls) + len(self.reads), lasting)

    def add_call(self, call: LibraryCall) -> None:
        """Keep a library's call, found again by its file and name."""
        self.library_calls.append(call)
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
        return tuple(replace(self.storings[one], to_file=True) if one in self._written else self.storings[one] for one in numbers)

    def add_filtering(self, filtering: Filtering) -> None:
        """Keep what was taken by filters, found again by its file."""
        self.filterings.append(filtering)
        self._filterings_of.setdefault(filtering.place.path, []).append(filtering)

    def filterings_of(self, path: str) -> tuple[Filtering, ...]:
        """What a file takes by filters."""
        return tuple(self._filterings_of.get(path, ()))
