"""What the interpreter saw: plain records, one for each event that a rule may ask about."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from nnxlint.semantic.facts import ClassDecl, FunctionDecl
from nnxlint.semantic.values import ClassRef, External, Instance, Literal, Origin, Place, Taints, Value


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
        given = (*self.positional, *self.keywords.values()) if self.keywords else self.positional
        if self.more_positional is not None:
            given = (*given, self.more_positional)
        return given if self.more_keywords is None else (*given, self.more_keywords)

    def by_key(self) -> dict[Literal, Value]:
        """The keywords as the items of a dict."""
        return {name: value for name, value in self.keywords.items()}  # noqa: C416 - `dict` would fix the key's type

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
    streams_handled: bool = False


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

    `training` is `None` when the mode is not known; `origin` tells where the deciding flag came from; `acts`: its
    rate is known, so that it does something in training; `overridden`: its own attribute was set to evaluation, by
    `.eval()` or a view, and a flag that it was called with went before that.
    """

    layer: str
    training: bool | None
    origin: Origin | None
    certain: bool
    place: Place
    owner: int = -1
    acts: bool = True
    overridden: bool = False


@dataclass(frozen=True, slots=True)
class ModelCall:
    """A module of the project or of the library was called.

    `asked`: whether the call tells it by a mode flag to evaluate; `None` where it tells it nothing. In a run that is
    watched, `flagged`: whether its flags, given or by default, mean training.
    """

    place: Place
    target: int
    cls: ClassRef | External
    uses: tuple[LayerUse, ...]
    chain: tuple[Step, ...]
    inside_module: bool
    is_method: bool = False
    asked: bool | None = None
    method: str = "__call__"
    flagged: bool | None = None

    @property
    def chooses_mode(self) -> bool:
        """Whether the call hands over a mode flag: evaluation, or training by intention."""
        return self.asked is not None


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
    names: Mapping[int, tuple[str, ...]]
    targets: tuple[str, ...]
    activation: int
    guards: frozenset[str] = frozenset()
    made: Instance | None = None


@dataclass(frozen=True, slots=True)
class ModelRead:
    """The `model` of an optimizer was asked for; `made`: the optimizer as it was then."""

    place: Place
    made: Instance
    guards: frozenset[str]


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
