"""The interpreter's state: the heap, the modules that ran, the log, and the budget that ends a run.

The three ways to go on (evaluate an expression, execute statements, call a value) are given to the machine when
it is made, because each of them needs the others.
"""

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar, cast

from nnxlint.semantic.facts import ClassDecl, FunctionDecl, names_in
from nnxlint.semantic.flax_api import ClassApi, FlaxApi
from nnxlint.semantic.frames import Frame
from nnxlint.semantic.heap import MAYBE, Heap
from nnxlint.semantic.index import Index
from nnxlint.semantic.numbers import Numbers
from nnxlint.semantic.observe import Arguments, Ground, LayerUse, Log, Whole
from nnxlint.semantic.recording import Declared, Recording, Run, Segment
from nnxlint.semantic.values import (
    UNKNOWN,
    ClassRef,
    Dictionary,
    External,
    Instance,
    Place,
    Record,
    Ref,
    Value,
)
from nnxlint.semantic.values import (
    Sequence as SequenceRecord,
)
from nnxlint.settings import NO_MODE_FLAGS, ModeFlags

T = TypeVar("T")

MAX_DEPTH = 40
MAX_STEPS = 120_000


class BudgetError(Exception):
    """A root took too many steps: what it would have shown stays unknown."""


class Evaluate(Protocol):
    """Give the value of an expression."""

    def __call__(self, machine: "Machine", frame: Frame, node: ast.expr) -> Value:
        """Evaluate `node` where `frame` stands."""
        ...


class Execute(Protocol):
    """Run statements; whether control reaches their end."""

    def __call__(self, machine: "Machine", frame: Frame, body: Sequence[ast.stmt]) -> bool:
        """Run `body` in `frame`."""
        ...


class Call(Protocol):
    """Call a value."""

    def __call__(self, machine: "Machine", frame: Frame, callee: Value, arguments: Arguments, place: Place) -> Value:
        """Call `callee` from `frame`."""
        ...


@dataclass(slots=True, eq=False)
class Machine:
    """One project being interpreted."""

    index: Index
    api: FlaxApi
    evaluate: Evaluate
    execute: Execute
    call: Call
    mode_setting: frozenset[str] = frozenset()
    combining: frozenset[str] = frozenset()
    mode_flags: ModeFlags = NO_MODE_FLAGS
    heap: Heap = field(default_factory=Heap)
    numbers: Numbers = field(default_factory=Numbers)
    log: Log = field(default_factory=Log)
    seen: Whole = field(default_factory=Whole)
    ground: Ground = field(default_factory=Ground)
    touched: set[Declared] = field(default_factory=set)
    top_levels: dict[str, Segment] = field(default_factory=dict)
    made_up: dict[ClassDecl, list[Segment]] = field(default_factory=dict)
    roots: dict[FunctionDecl, Segment] = field(default_factory=dict)
    modules: dict[str, Frame] = field(default_factory=dict)
    entered: set[FunctionDecl] = field(default_factory=set)
    collectors: list[list[LayerUse]] = field(default_factory=list)
    linearised: dict[ClassDecl, tuple[Value, ...]] = field(default_factory=dict)
    calling: list[FunctionDecl] = field(default_factory=list)
    stopping: int = 0
    abstract: int = 0
    steps: int = 0
    most_steps: int = field(default_factory=lambda: MAX_STEPS)
    pending: list[tuple[FunctionDecl, Frame]] = field(default_factory=list)
    building: dict[ClassDecl, int] = field(default_factory=dict)
    declaring: set[tuple[str, str]] = field(default_factory=set)
    recordings: list[Recording] = field(default_factory=list)
    settled: bool = False
    epoch: int = 0
    activations: int = 0
    runs: dict[object, list[Run]] = field(default_factory=dict)
    ran: dict[FunctionDecl, tuple[int, int]] = field(default_factory=dict)
    worn: dict[FunctionDecl, None] = field(default_factory=dict)
    noisy: set[FunctionDecl] = field(default_factory=set)
    managers: dict[int, tuple[dict[int, Record], dict[int, Record]]] = field(default_factory=dict)
    yielded: dict[int, Record] = field(default_factory=dict)
    _derived: dict[object, object] = field(default_factory=dict)
    _names: dict[ast.AST, tuple[str, ...]] = field(default_factory=dict)
    _linearising: int = 0
    _library_classes: dict[ClassDecl, ClassApi | None] = field(default_factory=dict)

    def tick(self, amount: int = 1) -> None:
        """Count work; `BudgetError` when the root has had its share."""
        self.steps += amount
        if self.steps > self.most_steps:
            raise BudgetError

    def next_serial(self) -> int:
        """The number of a new activation of a function."""
        self.activations += 1
        return self.activations

    def context(self, parent: int, node: ast.AST) -> int:
        """The number of the call chain `parent` extended by a call at `node`."""
        return self.numbers.context((parent, id(node)))

    def allocate(self, frame: Frame, node: ast.AST, record: Record, extra: str = "") -> Ref:
        """A new object; the same place in the same call chain gives the same object again."""
        number = self.numbers.target((frame.context, id(node), extra))
        self.heap.write(number, record)
        return Ref(number)

    def part_of(self, owner: int, name: str, record: Record) -> Ref:
        """An object that belongs to another under a name, made when it is first looked at."""
        number = self.numbers.target((-owner, 0, name))
        if self.heap.get(number) is None:
            self.heap.write(number, record)
        return Ref(number)

    def begin(self, serial: int) -> Recording:
        """Watch a run in the frame of this number."""
        made = Recording(serial, len(self.calling), self.log.noise(), self.heap.reads, self.heap.since)
        self.heap.reads, self.heap.since = made.reads, self.heap.written
        self.recordings.append(made)
        return made

    def end(self, recording: Recording) -> None:
        """Stop watching; whoever watches the caller has seen what this run looked at."""
        del self.recordings[self.recordings.index(recording) :]
        self.heap.reads, self.heap.since = recording.saved_reads, recording.saved_since
        if self.heap.reads is not None:
            for target, (record, version) in recording.reads.items():
                self.heap.note(target, record, version)
        for (frame, name), value in recording.outer.items():
            self.note_outer(frame, name, value)

    def forget_runs(self) -> None:
        """Let go of what only helps while interpreting."""
        self.runs.clear()
        self._names.clear()

    def forget_classes(self) -> tuple[ClassDecl, ...]:
        """Let go of what was found out about classes; about which."""
        known = tuple(self.linearised)
        self.linearised.clear()
        self._library_classes.clear()
        return known

    def look_back(self, seen: Whole) -> None:
        """Have finished a run: this is what was seen in it."""
        self.seen = seen
        self._derived.clear()

    def names_in(self, node: ast.AST) -> tuple[str, ...]:
        """The names and attributes in an expression, outer ones first: looked for once."""
        known = self._names.get(node)
        if known is None:
            known = self._names[node] = tuple(names_in(node))
        return known

    def once(self, make: "Callable[[Machine], T]") -> T:
        """What `make` makes of the finished run: made once, for all files that ask."""
        if make not in self._derived:
            self._derived[make] = make(self)
        return cast("T", self._derived[make])

    def note_outer(self, frame: Frame, name: str, value: Value | None) -> None:
        """Remember that a variable of an enclosing function was looked at."""
        if self.recordings:
            self.recordings[-1].note_outer(frame, name, value)

    def spoil(self, above: int = 0) -> None:
        """What runs depends on more than is watched, in the functions called from number `above` on."""
        for recording in self.recordings:
            if recording.level > above:
                recording.valid = False

    def instance(self, value: Value) -> Instance | None:
        """The record of a value that is one object with attributes."""
        record = self.heap.get(value.target) if isinstance(value, Ref) else None
        return record if isinstance(record, Instance) else None

    def sequence(self, value: Value) -> SequenceRecord | None:
        """The record of a value that is one list."""
        record = self.heap.get(value.target) if isinstance(value, Ref) else None
        return record if isinstance(record, SequenceRecord) else None

    def dictionary(self, value: Value) -> Dictionary | None:
        """The record of a value that is one dict."""
        record = self.heap.get(value.target) if isinstance(value, Ref) else None
        return record if isinstance(record, Dictionary) else None

    def set_attribute(self, target: int, name: str, value: Value) -> None:
        """Set one attribute of an object."""
        record = self.heap.get(target)
        if isinstance(record, Instance) and record.attrs.get(name) is not value:
            attrs = {**record.attrs, name: value}
            tags = record.tags - {f"{MAYBE}{name}"} if self.heap.absences else record.tags
            self.heap.write(target, Instance(record.cls, attrs, record.place, tags))

    def ancestry(self, cls: Value) -> tuple[Value, ...]:
        """A class and its bases, nearest first: project classes, library names, and unknown ones."""
        if not isinstance(cls, ClassRef):
            return (cls,)
        known = self.linearised.get(cls.decl)
        if known is None:
            self.linearised[cls.decl] = (cls,)
            self._linearising += 1
            known = self.linearised[cls.decl] = tuple(self._linearise(cls))
            self._linearising -= 1
        return known

    def _linearise(self, cls: ClassRef) -> Iterator[Value]:
        frame = cls.closure or self.modules.get(cls.decl.path)
        seen: dict[Value, None] = {cls: None}
        for base in cls.decl.node.bases:
            value = self.evaluate(self, frame, base) if frame is not None else UNKNOWN
            for ancestor in self.ancestry(value):
                seen.pop(ancestor, None)
                seen[ancestor] = None
        yield from seen

    def library_class(self, cls: Value) -> ClassApi | None:
        """The nearest class of `flax.nnx` that a class is or derives from."""
        if isinstance(cls, External):
            return self.api.classes.get(cls.name)
        if not isinstance(cls, ClassRef):
            return None
        if cls.decl in self._library_classes:
            return self._library_classes[cls.decl]
        found = next(filter(None, map(self._own_api, self.ancestry(cls))), None)
        if not self._linearising:
            # Until then the ancestors of classes that derive from each other are not all known.
            self._library_classes[cls.decl] = found
        return found

    def _own_api(self, cls: Value) -> ClassApi | None:
        return self.api.classes.get(cls.name) if isinstance(cls, External) else None

    def is_module(self, cls: Value) -> bool:
        """Whether a class is an NNX module for certain."""
        found = self.library_class(cls)
        return found is not None and found.kind == "module"

    def is_variable(self, cls: Value) -> bool:
        """Whether a class is an NNX Variable for certain."""
        found = self.library_class(cls)
        return found is not None and found.kind == "variable"

    def derives(self, cls: Value, name: str) -> bool:
        """Whether a class is, or derives from, the library class of this canonical name."""
        found = self.library_class(cls)
        return found is not None and name in found.mro

    def is_open(self, cls: Value) -> bool:
        """Whether a class has bases that are not known, so that it may be or do anything."""
        return any(not isinstance(ancestor, ClassRef | External) for ancestor in self.ancestry(cls))

    def decorators(self, cls: ClassDecl) -> Iterator[Value]:
        """The decorators of a class, called ones by what they call."""
        frame = self.modules.get(cls.path)
        for node in cls.node.decorator_list:
            if frame is not None:
                yield self.evaluate(self, frame, node.func if isinstance(node, ast.Call) else node)
