"""What the analysis of a project knows that helps to run parts of it."""

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from nnxlint.semantic.analysis import Analysis
from nnxlint.semantic.facts import FunctionDecl, ModuleFacts
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.observe import Entered
from nnxlint.semantic.values import Array, ClassRef, Instance, Ref, Unknown, Value
from nnxlint.verify.entries.around import Around, enclosing

_OPTIMIZER = "flax.nnx.Optimizer"


@dataclass(frozen=True, slots=True)
class Known:
    """The interpreter of a project, and with which values it entered which function."""

    machine: Machine
    facts: Mapping[str, ModuleFacts]
    entered: Mapping[FunctionDecl, tuple[Entered, ...]] = field(repr=False)

    def runs_of(self, decl: FunctionDecl) -> tuple[Entered, ...]:
        """How a function was entered: the runs that tell most first."""
        return tuple(sorted(self.entered.get(decl, ()), key=_ignorance))

    def callers(self, decl: FunctionDecl) -> tuple[Around, ...]:
        """The functions that call a function, or that build its class where it is a constructor."""
        found: dict[FunctionDecl, Around] = {}
        for run in self.entered.get(decl, ()):
            if run.caller is not None and (outer := enclosing(self.facts[run.caller.path], run.caller)) is not None:
                found.setdefault(outer.decl, outer)
        return tuple(found.values())

    def called_at(self, node: ast.AST) -> Iterator[Entered]:
        """What was entered by a call."""
        return (run for runs in self.entered.values() for run in runs if run.place.node is node)

    def constructor(self, cls: ClassRef) -> FunctionDecl | None:
        """The `__init__` that a class of the project has or inherits from the project."""
        found = self.method(cls, "__init__")
        return found.decl if found is not None else None

    def construction(self, cls: ClassRef, target: int | None) -> Entered | None:
        """How an object was built; where that was not seen, how another one of its class was."""
        init = self.constructor(cls)
        runs = [run for run in self.runs_of(init) if _is(self.class_of(run), cls)] if init is not None else []
        seen = [run for run in runs if isinstance(run.place.node, ast.Call)]
        own = [run for run in seen if isinstance(run.bound, Ref) and run.bound.target == target]
        return next(iter((*own, *seen)), None)

    def class_of(self, run: Entered) -> ClassRef | None:
        """The class of the object whose method was entered."""
        record = run.records.get(run.bound.target) if isinstance(run.bound, Ref) else None
        return record.cls if isinstance(record, Instance) and isinstance(record.cls, ClassRef) else None

    def built_in(self, decl: FunctionDecl) -> ClassRef | None:
        """The class of the first module of the project that a function itself builds."""
        runs = (run for each, runs in self.entered.items() if each.name == "__init__" for run in runs)
        found = (self.class_of(run) for run in runs if run.caller is decl)
        return next((cls for cls in found if cls is not None and self.is_module(cls)), None)

    def method(self, cls: ClassRef, name: str) -> Around | None:
        """A method that a class of the project has or inherits from the project."""
        classes = (each.decl for each in self.machine.ancestry(cls) if isinstance(each, ClassRef))
        return next((Around(each.methods[name], each) for each in classes if name in each.methods), None)

    def is_module(self, cls: Value) -> bool:
        """Whether a class is an NNX module."""
        return self.machine.is_module(cls)

    def is_optimizer(self, cls: Value) -> bool:
        """Whether a class is an optimizer of NNX."""
        return self.machine.derives(cls, _OPTIMIZER)

    def meaning(self, path: str, node: ast.expr) -> Value:
        """What an expression means at the top level of a file."""
        frame = self.machine.modules.get(path)
        if frame is None:
            return Unknown()
        self.machine.steps = 0
        return self.machine.evaluate(self.machine, frame, node)


def known_of(analysis: Analysis) -> Known:
    """What an analysis knows; it was made with `entered`."""
    facts = {path: analysis.facts(path) for path in analysis.project.sources if path not in analysis.syntax_errors}
    by_function: dict[FunctionDecl, list[Entered]] = defaultdict(list)
    for run in analysis.entered:
        by_function[run.decl].append(run)
    return Known(analysis.machine, facts, {decl: tuple(runs) for decl, runs in by_function.items()})


def _is(found: ClassRef | None, cls: ClassRef) -> bool:
    return found is not None and found.decl is cls.decl


def _ignorance(run: Entered) -> tuple[bool, int, int]:
    """How little a run tells: first of all, whether nobody was seen to call the function."""
    unknown = sum(isinstance(value, Unknown) for value in run.values.values())
    vague = sum(isinstance(value, Array) for value in run.values.values())
    return run.place.node is run.decl.node, unknown, vague
