"""What the interpreter saw: plain records, one for each event that a rule may ask about."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field

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
    """What became of one activation of a function, known when it has ended."""

    trains: bool = False


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
    """A Variable, or a whole module's state, was given a new value."""

    place: Place
    variable: int
    kind: str
    how: str
    value: Value
    function: FunctionDecl | None
    owner: ClassDecl | None
    receiver_tags: frozenset[str]
    self_update: bool


@dataclass(frozen=True, slots=True)
class Declaration:
    """An attribute of a project class was set to a Variable or a bare array in construction."""

    place: Place
    owner: ClassDecl
    attribute: str
    kind: str
    value: Value
    variable: int
    taints: Taints


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
class Construction:
    """A module was built with random streams."""

    place: Place
    cls: ClassRef | External
    target: int
    rngs: tuple[int, ...]
    activation: int
    function: FunctionDecl | None
    loop_depth: int
    targets: tuple[str, ...]
    draws: bool
    abstract: bool


@dataclass(slots=True)
class Log:
    """Everything observed, in the order of observation; `trained` are calls seen under a gradient."""

    model_calls: list[ModelCall] = field(default_factory=list)
    library_calls: list[LibraryCall] = field(default_factory=list)
    writes: list[VariableWrite] = field(default_factory=list)
    declarations: list[Declaration] = field(default_factory=list)
    reads: list[VariableRead] = field(default_factory=list)
    draws: list[StreamDraw] = field(default_factory=list)
    constructions: list[Construction] = field(default_factory=list)
    trained: set[ast.AST] = field(default_factory=set)
    calls_seen: dict[ast.Call, tuple[str, str]] = field(default_factory=dict)
    incomplete: set[str] = field(default_factory=set)
    _by_name: dict[tuple[str, str], list[LibraryCall]] = field(default_factory=dict)

    def add_call(self, call: LibraryCall) -> None:
        """Keep a library's call, found again by its file and name."""
        self.library_calls.append(call)
        self._by_name.setdefault((call.place.path, call.name), []).append(call)

    def calls_of(self, path: str, name: str) -> tuple[LibraryCall, ...]:
        """The calls of a canonical name in a file."""
        return tuple(self._by_name.get((path, name), ()))
