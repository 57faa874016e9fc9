"""What the state map tells: frozen data, without syntax."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from nnxlint.spans import Span


class Kind(Enum):
    """What an attribute holds."""

    VARIABLE = "variable"
    MODULE = "module"
    RNGS = "rngs"
    STREAM = "stream"
    LIST = "list"
    DICT = "dict"
    OBJECT = "object"
    UNKNOWN = "unknown"


class Mode(Enum):
    """How the mode-dependent layers of a module act; `NONE`: there are none."""

    TRAINING = "training"
    EVALUATION = "evaluation"
    MIXED = "mixed"
    UNKNOWN = "unknown"
    NONE = "none"


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A place in a file."""

    path: str
    span: Span


@dataclass(frozen=True, slots=True)
class Held:
    """What an attribute, or an element of a list, holds.

    `type`: the class as one writes it; `qualified`: with its module; `base`: the class of Flax that it is or derives
    from. `shape`, `dtype`: of a Variable, an axis or all of it `None` where not known. `streams`: the names of an
    `Rngs`. `number`: equal numbers are one object. `complete`: there is certainly no state beside `parts`. `mapped`:
    made under `nnx.vmap` or a relative, so that its arrays have a further axis. `unfinished`: not all that builds it
    was run.
    """

    kind: Kind
    type: str
    qualified: str = ""
    base: str = ""
    shape: tuple[int | None, ...] | None = None
    dtype: str | None = None
    streams: tuple[str, ...] = ()
    parts: tuple["Part", ...] = ()
    number: int = -1
    complete: bool = True
    mapped: bool = False
    unfinished: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """An attribute of a module, or an element of a list or dict: each thing that it may hold.

    `name` is ``*`` for the elements whose number is not known. `optional`: it may hold no state, or not be there.
    `owner`: the qualified name of the class that sets it.
    """

    name: str
    held: tuple[Held, ...]
    optional: bool = False
    place: Location | None = None
    owner: str = ""


class Count(NamedTuple):
    """How many Variables of a type there are: at least, and at most where that is known."""

    type: str
    least: int
    most: int | None


@dataclass(frozen=True, slots=True)
class Totals:
    """What is held in all: Variables by type, streams by name. `complete`: there are no Variables beside these."""

    variables: tuple[Count, ...] = ()
    streams: tuple[str, ...] = ()
    complete: bool = True

    def has(self, *types: str) -> bool:
        """Whether there may be Variables of one of these types."""
        return not self.complete or any(count.type in types for count in self.variables)


class When(Enum):
    """When a stream is drawn from."""

    CONSTRUCTION = "construction"
    TRAINING = "calls in training mode"
    CALL = "calls"


@dataclass(frozen=True, slots=True)
class Draw:
    """A stream that a class draws from: when, by which layers or in which method, and where that is written."""

    stream: str
    when: When
    by: tuple[str, ...]
    places: tuple[Location, ...]


@dataclass(frozen=True, slots=True)
class Flag:
    """A mode flag: a parameter of a method, or an attribute. `asks_training`: what `True` means.

    `default`: as it is written, `None` without one. `steers`: the attributes whose layers go by it.
    """

    name: str
    method: str
    asks_training: bool
    default: str | None
    steers: tuple[str, ...]
    place: Location


@dataclass(frozen=True, slots=True)
class Change:
    """A place outside of construction where state is written.

    `attribute`: the path of the attribute, empty for the whole object; `by`: the function that writes; `how`: in a
    word.
    """

    attribute: str
    by: str
    how: str
    place: Location


@dataclass(frozen=True, slots=True)
class Called:
    """A call of a module: of which method, in which mode, in which function."""

    place: Location
    method: str
    mode: Mode
    by: str


@dataclass(frozen=True, slots=True)
class ClassState:
    """The state of a module class, as far as it is known."""

    name: str
    qualified: str
    place: Location
    bases: tuple[str, ...]
    parts: tuple[Part, ...]
    totals: Totals
    draws: tuple[Draw, ...]
    flags: tuple[Flag, ...]
    changes: tuple[Change, ...]
    built: tuple[Location, ...]
    calls: tuple[Called, ...]
    complete: bool
    seen: bool


@dataclass(frozen=True, slots=True)
class StateMap:
    """The module classes of a project, by file and place.

    `unsure`: classes that may be modules, because a base of theirs is not known.
    """

    classes: tuple[ClassState, ...]
    unsure: tuple[Location, ...] = ()

    def of(self, name: str) -> tuple[ClassState, ...]:
        """The classes of this name, plain or qualified."""
        return tuple(one for one in self.classes if name in {one.name, one.qualified})

    def at(self, place: Location) -> ClassState | None:
        """The class that is defined at a place."""
        return next((one for one in self.classes if one.place == place), None)


def combined_mode(training: Iterable[bool | None]) -> Mode:
    """The mode of a module whose layers act so."""
    found = set(training)
    if not found:
        return Mode.NONE
    if None in found:
        return Mode.UNKNOWN
    if len(found) > 1:
        return Mode.MIXED
    return Mode.TRAINING if True in found else Mode.EVALUATION
