"""Frames: one activation of a function (or of a module's top level) while it is interpreted.

Frames and the heap are the only things that change during interpretation. What one path of the program did is
kept as a `Snapshot`, so that paths can be joined afterwards.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from nnxlint.semantic.facts import FunctionDecl, ModuleFacts
from nnxlint.semantic.observe import Activation
from nnxlint.semantic.values import FlagAttribute, FlagDefault, Place, Record, Value


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The locals of a frame at one point of the program, and what changed on the heap since a mark."""

    locals: Mapping[str, Value]
    changes: Mapping[int, Record]


@dataclass(frozen=True, slots=True)
class Decision:
    """A condition around a point went by this mode flag; `training`: whether the flag says so, if that is known."""

    origin: FlagDefault | FlagAttribute
    training: bool | None


@dataclass(slots=True)
class LoopExits:
    """Where control left a loop's body other than at its end, told from the loop's `mark` on the heap."""

    mark: int
    breaks: list[Snapshot] = field(default_factory=list)
    continues: list[Snapshot] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Frame:
    """One activation. `context` tells apart the objects that different call chains make at one place.

    `serial` counts the activations of functions; the top level of a module has none. `rebound`: the variables of a
    module that were given another value. `in_gradient`: a caller is differentiated. `sure`: the calls that lead here
    are reached whenever the outermost frame runs.
    """

    module: ModuleFacts
    decl: FunctionDecl | None
    context: int
    parent: "Frame | None" = None
    call_site: Place | None = None
    closure: "Frame | None" = None
    instance: Value | None = None
    depth: int = 0
    serial: int = 0
    locals: dict[str, Value] = field(default_factory=dict)
    globals: set[str] = field(default_factory=set)
    nonlocals: set[str] = field(default_factory=set)
    rebound: set[str] = field(default_factory=set)
    returns: list[tuple[Value, Snapshot]] = field(default_factory=list)
    yields: list[Value] = field(default_factory=list)
    loops: list[LoopExits] = field(default_factory=list)
    targets: tuple[str, ...] = ()
    results: tuple[str, ...] = ()
    differentiated: bool = False
    in_gradient: bool = False
    sure: bool = True
    transforms: tuple[str, ...] = ()
    conditional: int = 0
    guards: tuple[str, ...] = ()
    decisions: tuple[Decision, ...] = ()
    loop_depth: int = 0
    mark: int = 0
    activation: Activation = field(default_factory=Activation)

    @property
    def path(self) -> str:
        """The file whose code the frame runs."""
        return self.module.path

    @property
    def name(self) -> str:
        """The function's name; empty for the top level of a module."""
        return self.decl.name if self.decl else ""

    def chain(self) -> "tuple[Frame, ...]":
        """The frame and its callers, innermost first."""
        frames = [self]
        while frames[-1].parent is not None:
            frames.append(frames[-1].parent)
        return tuple(frames)

    def mark_training(self) -> None:
        """Remember, here and in the callers, that gradients or an optimizer were reached."""
        for frame in self.chain():
            frame.activation.trains = True

    def guarded_by(self) -> frozenset[str]:
        """What this point is guarded by, here or in a caller: a version check, a handler of an exception."""
        return frozenset(guard for frame in self.chain() for guard in frame.guards)

    def decided_by(self) -> FlagDefault | None:
        """The mode flag, left to its default, that a condition around this point went by."""
        origins = (one.origin for frame in self.chain() for one in reversed(frame.decisions))
        return next((origin for origin in origins if isinstance(origin, FlagDefault)), None)

    def training_by(self) -> FlagDefault | FlagAttribute | None:
        """The mode flag that says training, by which the innermost condition on a mode around this point went."""
        innermost = next((one for frame in self.chain() for one in reversed(frame.decisions)), None)
        return innermost.origin if innermost is not None and innermost.training else None

    def restart(self) -> None:
        """The callers have ended: what is run from here now hangs on no condition of theirs."""
        self.sure = not any(frame.conditional for frame in self.chain()[1:])

    @property
    def certain(self) -> bool:
        """Whether this point is reached whenever the outermost frame runs, as far as is known."""
        return self.sure and not self.conditional
