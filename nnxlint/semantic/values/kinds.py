"""Abstract values: what an expression may hold when the linted program runs.

All values are frozen and compare by content. Objects that the program can change (modules, lists, `Rngs`, …)
are a `Ref` into the heap; the heap's records are frozen too and replaced when the program changes them.
`Unknown` is the honest answer; it carries taints, because where data comes from is often known when what
it is is not.
"""

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from nnxlint.semantic.facts import ClassDecl, FunctionDecl
    from nnxlint.semantic.frames import Frame

Literal: TypeAlias = int | float | complex | str | bytes | bool | None


class Taint(NamedTuple):
    """Where a value comes from: `kind` and, for some kinds, the heap object that it was read from.

    Kinds: ``grad`` (a gradient by flow), ``grad-name`` (by its name alone), ``read`` (of one Variable),
    ``params`` (of a module's whole state), ``random``, ``eval-data`` (by a name or a split's name),
    ``updates`` (what an optimizer made of gradients), ``stopped`` (behind `stop_gradient`), ``int`` and
    ``bool`` (the array's dtype), ``table`` (computed from shapes and constants; ``wave``: by sines or cosines);
    beside ``random``, ``initializer`` (drawn by an initializer of weights) and ``discrete`` (flips and permutations).
    ``part``: taken out of a tree, maybe one array; ``pickled:N``: bytes made by the storing of that number.
    """

    kind: str
    source: int = -1


Taints: TypeAlias = frozenset[Taint]
NO_TAINTS: Taints = frozenset()


class Place(NamedTuple):
    """A syntax node of a file."""

    path: str
    node: ast.AST

    def __hash__(self) -> int:
        return id(self.node)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Place) and self.node is other.node


@dataclass(frozen=True, slots=True)
class FlagDefault:
    """A mode flag that the call at `place` left to the default of `function`'s `parameter`."""

    place: Place
    decl: "FunctionDecl"
    parameter: str

    @property
    def function(self) -> str:
        """The function's name."""
        return self.decl.name


@dataclass(frozen=True, slots=True)
class FlagAttribute:
    """A mode flag that was read from an attribute of a heap object."""

    owner: int
    name: str


@dataclass(frozen=True, slots=True)
class FlagLiteral:
    """A mode flag that is written out where the layer is called."""

    place: Place


Origin: TypeAlias = FlagDefault | FlagAttribute | FlagLiteral


@dataclass(frozen=True, slots=True)
class Unknown:
    """Anything at all; `reason` says in a word why it is not known."""

    taints: Taints = NO_TAINTS
    reason: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Const:
    """A literal. `origin` tells how a mode flag got this value."""

    value: Literal
    origin: Origin | None = None


class Form(NamedTuple):
    """The shape and dtype of an array, each `None` where it is not known, as a single axis may be."""

    shape: tuple[int | None, ...] | None = None
    dtype: str | None = None


@dataclass(frozen=True, slots=True)
class Array:
    """An array, a number or another value without NNX state in it; certainly no module.

    `form`: of arrays fresh from their making, and only in a run that is watched.
    """

    taints: Taints = NO_TAINTS
    form: Form | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """A random key. Equal values are equal keys: `seed` is a literal's text or the place that made the key."""

    seed: str | int | float
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Tree:
    """A pytree of arrays that belongs to NNX: a State, gradients, a pure dict.

    `kind`: ``state``, ``grads``, ``pure``, ``mapped`` or ``updates``; `root`: the module it was taken from;
    `filters`: the
    filters it was taken with.
    """

    kind: str
    root: int = -1
    filters: tuple["Value", ...] = ()
    taints: Taints = NO_TAINTS


@dataclass(frozen=True, slots=True)
class GraphDef:
    """The static half of `nnx.split`: a copy of the object graph, modes included."""

    root: int = -1


@dataclass(frozen=True, slots=True)
class Tuple:
    """A tuple of known length."""

    items: tuple["Value", ...]


@dataclass(frozen=True, slots=True)
class Items:
    """An iterable of unknown length whose elements are all `item`."""

    item: "Value"


@dataclass(frozen=True, slots=True)
class Ref:
    """An object of the heap."""

    target: int


@dataclass(frozen=True, slots=True)
class Func:
    """A function of the project: its declaration, the object it is bound to, the frame it closes over."""

    decl: "FunctionDecl"
    bound: "Value | None" = None
    closure: "Frame | None" = None


@dataclass(frozen=True, slots=True)
class ClassRef:
    """A class of the project."""

    decl: "ClassDecl"
    closure: "Frame | None" = None


@dataclass(frozen=True, slots=True)
class External:
    """A name of a library, by its canonical dotted path."""

    name: str


@dataclass(frozen=True, slots=True)
class ModuleRef:
    """A Python module of the project, by its file."""

    path: str


@dataclass(frozen=True, slots=True)
class Method:
    """A library's method bound to a value."""

    receiver: "Value"
    name: str


@dataclass(frozen=True, slots=True)
class Super:
    """`super()` inside a method: look-ups start after `cls`."""

    instance: "Value"
    cls: "ClassDecl"


@dataclass(frozen=True, slots=True)
class Partial:
    """`functools.partial`: a callable with arguments bound."""

    function: "Value"
    args: tuple["Value", ...] = ()
    keywords: tuple[tuple[str, "Value"], ...] = ()


@dataclass(frozen=True, slots=True)
class Transformed:
    """A function under a JAX or NNX transform, by the transform's canonical name."""

    transform: str
    function: "Value"
    options: tuple[tuple[str, "Value"], ...] = ()
    place: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Union:
    """One of several values, no unions among them."""

    members: tuple["Value", ...]


Value: TypeAlias = (
    Unknown
    | Const
    | Array
    | Key
    | Tree
    | GraphDef
    | Tuple
    | Items
    | Ref
    | Func
    | ClassRef
    | External
    | ModuleRef
    | Method
    | Super
    | Partial
    | Transformed
    | Union
)

UNKNOWN = Unknown()
NONE = Const(None)
ARRAY = Array()
