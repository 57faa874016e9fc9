"""Running a project: every module's top level, then whatever no other code was seen to call."""

import ast
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from nnxlint.semantic.facts import ClassDecl, FunctionDecl, ModuleFacts
from nnxlint.semantic.flax_api import FlaxApi
from nnxlint.semantic.flow.calls import call
from nnxlint.semantic.flow.construction import prototype
from nnxlint.semantic.flow.expressions import evaluate
from nnxlint.semantic.flow.functions import run_function
from nnxlint.semantic.flow.modules import module_frame
from nnxlint.semantic.flow.statements import execute
from nnxlint.semantic.frames import Frame
from nnxlint.semantic.index import Index, connected
from nnxlint.semantic.machine import BudgetError, Machine
from nnxlint.semantic.observe import Arguments, Watched
from nnxlint.semantic.segments import segment, whole
from nnxlint.semantic.values import ClassRef, Func, Place, Transformed, Value
from nnxlint.settings import NO_MODE_FLAGS, ModeFlags

# Since Python 3.11 calls between Python functions take no C stack; those through generators still do.
_RECURSION_LIMIT = 6_000
# A module's top level may be as long as it likes; what it calls has the usual budget beside that.
_STEPS_A_ROW = 30
_MODE_SETTERS = frozenset("eval set_attributes view set_mode with_attributes deterministic use_running_average".split())


def run_project(
    modules: Mapping[str, ModuleFacts],
    search_roots: Sequence[str],
    api: FlaxApi,
    mode_flags: ModeFlags = NO_MODE_FLAGS,
    *,
    entered: bool = False,
    watched: bool = False,
) -> Machine:
    """Interpret the whole project; the log tells what was observed, and more where it is asked for."""
    index = Index(modules, tuple(search_roots))
    done = habits(index)
    machine = Machine(
        index=index,
        api=api,
        evaluate=evaluate,
        execute=execute,
        call=call,
        mode_flags=mode_flags,
        mode_setting=done.mode_setting,
        combining=done.combining,
    )
    machine.log.entered = [] if entered else None
    machine.log.watched = Watched() if watched else None
    machine.heap.absences = watched
    with room():
        for path in sorted(modules):
            run_module(machine, path, lambda path=path: module_frame(machine, path))  # type: ignore[misc]
        run_pending(machine, machine.pending)
        machine.settled = True
        _run_roots(machine, modules)
        _make_up(machine, modules)
    machine.forget_runs()
    machine.look_back(whole(machine))
    return machine


@contextmanager
def room() -> Iterator[None]:
    """Room to run in: deep enough for nested calls of nested code."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, _RECURSION_LIMIT))
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


@dataclass(frozen=True, slots=True)
class Habits:
    """What files do that matters in all files which hang together with them by imports: they set modes, and so on."""

    mode_setting: frozenset[str]
    combining: frozenset[str]


def habits(index: Index) -> Habits:
    """What is done anywhere in the files that hang together."""
    groups = connected(index)
    setting = (groups[path] for path, facts in index.modules.items() if sets_modes(facts))
    combining = (groups[path] for path, facts in index.modules.items() if combines(facts))
    return Habits(frozenset().union(*setting), frozenset().union(*combining))


def sets_modes(facts: ModuleFacts) -> bool:
    """Whether a file sets the mode of anything."""
    return bool((facts.mentioned | facts.keywords) & _MODE_SETTERS)


def combines(facts: ModuleFacts) -> bool:
    """Whether a file has optimizers that hold their model."""
    imported = (alias.name for statement in facts.imports for alias in statement.names)
    return "ModelAndOptimizer" in facts.mentioned or "ModelAndOptimizer" in imported


def guarded(machine: Machine, path: str, action: Callable[[], object], *, allowance: int = 0) -> None:
    """One root: it has its own budget, and what it leaves half done counts as not understood."""
    machine.steps = -allowance
    depth = len(machine.calling)
    collectors = len(machine.collectors)
    seen = len(machine.log.model_calls), len(machine.log.library_calls)
    try:
        action()
    except Exception as error:  # noqa: BLE001 - a defect of ours in one function must not cost the others their findings
        if not isinstance(error, BudgetError | RecursionError):
            machine.log.crashes.setdefault(path, error)
        machine.log.incomplete.add(path)
        machine.log.cut(*seen)
        del machine.calling[depth:]
        del machine.collectors[collectors:]
        machine.building.clear()
        machine.recordings.clear()
        machine.stopping = machine.abstract = 0


def run_module(machine: Machine, path: str, action: Callable[[], object]) -> None:
    """Run what runs a module's top level, with a budget by its length."""
    rows = machine.index.modules[path].tree.source.lines.row_count
    guarded(machine, path, action, allowance=rows * _STEPS_A_ROW)


def run_pending(machine: Machine, pending: Sequence[tuple[FunctionDecl, Frame]]) -> None:
    """Functions inside functions that nobody called: run them where their enclosing function ended."""
    for decl, frame in pending:
        if frame.decl is not None and decl not in machine.entered:
            with segment(machine) as part:
                machine.roots[decl] = part
                guarded(machine, decl.path, lambda decl=decl, frame=frame: _run(machine, frame, decl, None))  # type: ignore[misc]


def _run_roots(machine: Machine, modules: Mapping[str, ModuleFacts]) -> None:
    mentioned = frozenset().union(*(facts.mentioned for facts in modules.values()))
    roots = [
        (facts, decl)
        for _, facts in sorted(modules.items())
        for decl in facts.functions.values()
        if is_root(facts, decl)
    ]
    # What nobody mentions is called from outside; what is mentioned was mostly reached from there by then.
    for chosen in (False, True):
        for facts, decl in roots:
            if decl not in machine.entered and (decl.name in mentioned) is chosen:
                run_root(machine, facts, decl)


def _make_up(machine: Machine, modules: Mapping[str, ModuleFacts]) -> None:
    """For who asked how objects are: one of each module class of which none was seen to be built."""
    watched = whole(machine).watched
    if watched is None:
        return
    built = {one.cls.decl for one in watched.built.values() if isinstance(one.cls, ClassRef)}
    for path, facts in sorted(modules.items()):
        frame = machine.modules.get(path)
        for decl in facts.classes.values() if frame is not None else ():
            cls = ClassRef(decl, frame)
            if frame is not None and decl not in built and machine.is_module(cls):
                mark = machine.heap.mark()
                frame.restart()
                guarded(machine, path, lambda frame=frame, cls=cls: prototype(machine, frame, cls))  # type: ignore[misc]
                machine.heap.rewind(mark)


def is_root(facts: ModuleFacts, decl: FunctionDecl) -> bool:
    """Whether a function can be called from outside: no lambda, and not inside another function."""
    if isinstance(decl.node, ast.Lambda):
        return False
    return decl.owner is not None or facts.top_level.get(decl.name) is decl.node


def run_root(machine: Machine, facts: ModuleFacts, decl: FunctionDecl) -> None:
    """Run a function as if it was called from outside, as a segment of its own."""
    frame = machine.modules.get(facts.path)
    if frame is None:
        return
    mark = machine.heap.mark()
    known = len(machine.pending)
    machine.building.clear()
    with segment(machine) as part:
        part.worn = len(machine.worn)
        machine.roots[decl] = part
        guarded(machine, decl.path, lambda: _run(machine, frame, decl, decl.owner))
        for inner, around in machine.pending[known:]:
            if inner not in machine.entered:
                guarded(machine, decl.path, lambda inner=inner, around=around: _run(machine, around, inner, None))  # type: ignore[misc]
    del machine.pending[known:]
    machine.heap.rewind(mark)


def _run(machine: Machine, frame: Frame, decl: FunctionDecl, owner: ClassDecl | None) -> None:
    frame.restart()
    bound: Value | None = None
    if owner is not None and not _is_static(decl):
        cls = ClassRef(owner, frame)
        bound = cls if _is_classmethod(decl) else prototype(machine, frame, cls)
    if decl not in machine.entered:
        place = Place(decl.path, decl.node)
        under = _transforms(frame, decl) if machine.log.watched is not None else ()
        run_function(machine, frame, Func(decl, bound, frame), Arguments(), place, transforms=under)


def _transforms(frame: Frame, decl: FunctionDecl) -> tuple[str, ...]:
    """What a function of the frame's module runs under whoever calls it, by its decorators."""
    value = frame.locals.get(decl.name) if decl.owner is None else None
    found: list[str] = []
    while isinstance(value, Transformed):
        found.append(value.transform)
        value = value.function
    return tuple(found)


def _is_static(decl: FunctionDecl) -> bool:
    return any(isinstance(node, ast.Name) and node.id == "staticmethod" for node in decl.decorators)


def _is_classmethod(decl: FunctionDecl) -> bool:
    return any(isinstance(node, ast.Name) and node.id == "classmethod" for node in decl.decorators)
