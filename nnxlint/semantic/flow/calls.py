"""Calls: of the project's functions and classes, of objects, and of what libraries give."""

import ast
from collections.abc import Callable, Mapping

from nnxlint.semantic.facts import FunctionDecl
from nnxlint.semantic.flow import attributes
from nnxlint.semantic.flow.asking import flagged_mode
from nnxlint.semantic.flow.construction import instantiate
from nnxlint.semantic.flow.contexts import MANAGER, make_manager
from nnxlint.semantic.flow.evidence import chain
from nnxlint.semantic.flow.functions import run_function
from nnxlint.semantic.frames import Frame
from nnxlint.semantic.library import dispatch
from nnxlint.semantic.library.escape import escape
from nnxlint.semantic.library.holding import note_loading
from nnxlint.semantic.library.storage import note_write
from nnxlint.semantic.library.watching import note_unfinished
from nnxlint.semantic.machine import MAX_DEPTH, BudgetError, Machine
from nnxlint.semantic.observe import Arguments, LayerUse, ModelCall
from nnxlint.semantic.values import (
    NONE,
    UNKNOWN,
    Array,
    ClassRef,
    Const,
    External,
    Func,
    Instance,
    Key,
    Method,
    Partial,
    Place,
    Ref,
    Taint,
    Taints,
    Transformed,
    Tree,
    Union,
    Unknown,
    Value,
    all_taints,
    is_none,
    taints_of,
    union,
)
from nnxlint.semantic.vocabulary import evaluating

_RECURSION = 2


def call(machine: Machine, frame: Frame, callee: Value, arguments: Arguments, place: Place) -> Value:
    """What calling a value gives, with all that it does to the heap."""
    machine.steps += 1
    if machine.steps > machine.most_steps:
        raise BudgetError
    caller = _CALLERS.get(type(callee), _unknown_callee)
    return caller(machine, frame, callee, arguments, place)


def _call_class(machine: Machine, frame: Frame, callee: ClassRef, arguments: Arguments, place: Place) -> Value:
    _note(machine, place, "class", callee.decl.name)
    return instantiate(machine, frame, callee, arguments, place)


def _call_name(machine: Machine, frame: Frame, callee: External, arguments: Arguments, place: Place) -> Value:
    _note(machine, place, "library", callee.name)
    machine.log.relayed.add(place.node)
    return dispatch.call_name(machine, frame, callee.name, arguments, place)


def _call_method(machine: Machine, frame: Frame, callee: Method, arguments: Arguments, place: Place) -> Value:
    _note_method(machine, callee, place)
    return dispatch.call_method(machine, frame, callee, arguments, place)


def _call_partial(machine: Machine, frame: Frame, callee: Partial, arguments: Arguments, place: Place) -> Value:
    machine.log.relayed.add(place.node)
    return call(machine, frame, callee.function, _with_bound(callee, arguments), place)


def _call_transformed(machine: Machine, frame: Frame, callee: Transformed, arguments: Arguments, place: Place) -> Value:
    machine.log.relayed.add(place.node)
    if callee.transform == MANAGER.name:
        return make_manager(machine, frame, callee.function, arguments, place)
    return dispatch.call_transformed(machine, frame, callee, arguments, place)


def _call_data(machine: Machine, _: Frame, callee: Array | Tree, arguments: Arguments, place: Place) -> Value:
    _note(machine, place, "library", "an array")
    return Array(callee.taints | _taints(arguments))


def _taints(arguments: Arguments) -> Taints:
    return all_taints(arguments.values())


def _unknown_callee(machine: Machine, _: Frame, callee: Value, arguments: Arguments, place: Place) -> Value:
    reason = callee.reason if isinstance(callee, Unknown) else ""
    note_write(machine, arguments, place)
    _note(machine, place, "unknown", reason)
    escape(machine, arguments.values())
    note_loading(machine, _callee_name(place), arguments)
    keyed = any(isinstance(value, Key) for value in arguments.values())
    drawn = frozenset({Taint("random")}) if keyed else frozenset()
    return Unknown(taints_of(callee) | _taints(arguments) | drawn, "the result of a call that is not known")


def _callee_name(place: Place) -> str:
    function = place.node.func if isinstance(place.node, ast.Call) else None
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _note(machine: Machine, place: Place, kind: str, detail: str) -> None:
    if isinstance(place.node, ast.Call):
        machine.log.note_called(place.node, kind, detail)


def _note_method(machine: Machine, callee: Method, place: Place) -> None:
    if isinstance(callee.receiver, Unknown):
        _note(machine, place, "unknown", callee.receiver.reason)
    else:
        _note(machine, place, "library", callee.name)


def _any_of(machine: Machine, frame: Frame, callee: Union, arguments: Arguments, place: Place) -> Value:
    """Each alternative runs from the same state; what they do is joined."""
    alternatives = [member for member in callee.members if is_none(member) is not True] or [NONE]
    mark = machine.heap.mark()
    seen = len(machine.log.model_calls)
    results: list[Value] = []
    changes = []
    reached: list[list[LayerUse]] = []
    for member in alternatives:
        frame.conditional += 1
        reached.append([])
        machine.collectors.append(reached[-1])
        results.append(call(machine, frame, member, arguments, place))
        machine.collectors.pop()
        frame.conditional -= 1
        changes.append(machine.heap.changes(mark))
        machine.heap.rewind(mark)
    machine.heap.join(changes)
    if frame.conditional and not all(reached):
        # The condition may well be there to tell the alternatives apart.
        machine.log.doubt(seen)
    elif machine.collectors:
        machine.collectors[-1].extend(use for uses in reached for use in uses)
    return union(results)


def _with_bound(partial: Partial, arguments: Arguments) -> Arguments:
    return Arguments(
        (*partial.args, *arguments.positional),
        {**dict(partial.keywords), **arguments.keywords},
        arguments.more_positional,
        arguments.more_keywords,
    )


def call_object(machine: Machine, frame: Frame, callee: Ref, arguments: Arguments, place: Place) -> Value:
    """Call an object: a module's `__call__`, a layer of the library, or whatever else is callable."""
    record = machine.heap.get(callee.target)
    if not isinstance(record, Instance):
        return UNKNOWN
    member = attributes.class_member(machine, frame, record.cls, "__call__", callee, place)
    if isinstance(member, Func | Transformed):
        return machine.call(machine, frame, member, arguments, place)
    if machine.is_module(record.cls):
        run = _layer_runner(machine, frame, callee, arguments, place)
        return observed(machine, frame, callee, record, arguments, place, run)
    if isinstance(member, Method):
        return dispatch.call_method(machine, frame, member, arguments, place)
    return _unknown_callee(machine, frame, Unknown(reason="an object whose class is not known"), arguments, place)


def _layer_runner(
    machine: Machine, frame: Frame, callee: Ref, arguments: Arguments, place: Place
) -> Callable[[], Value]:
    return lambda: dispatch.call_layer(machine, frame, callee, arguments, place)


def observed(
    machine: Machine,
    frame: Frame,
    callee: Ref,
    record: Instance,
    arguments: Arguments,
    place: Place,
    run: Callable[[], Value],
    *,
    decl: FunctionDecl | None = None,
) -> Value:
    """Run a module's code and log the call with the mode-dependent layers that it reached."""
    _note(machine, place, "module", "")
    uses: list[LayerUse] = []
    machine.collectors.append(uses)
    try:
        value = run()
    finally:
        machine.collectors.pop()
    if machine.collectors:
        machine.collectors[-1].extend(uses)
    steps = chain(machine, frame, place, arguments)
    inside = any(step.in_module_method for step in steps)
    seen = tuple(dict.fromkeys(uses))
    is_method = decl is not None and decl.name != "__call__"
    asked = _asked(machine, decl, arguments)
    method = decl.name if decl is not None else "__call__"
    flagged = flagged_mode(machine, decl, arguments)
    machine.log.model_calls.append(
        ModelCall(place, callee.target, record.cls, seen, steps, inside, is_method, asked, method, flagged)
    )
    return value


def _asked(machine: Machine, decl: FunctionDecl | None, arguments: Arguments) -> bool | None:
    """Whether a mode flag that the call hands over, by name or by position, asks for evaluation.

    `None` where there is no such flag, or only the default of one that is handed on: nobody chose that.
    """
    given = dict(arguments.keywords)
    if decl is not None:
        names = [parameter.arg for parameter in decl.parameters[1:]]
        given.update(zip(names, arguments.positional, strict=False))
    for name, value in given.items():
        if isinstance(value, Const) and isinstance(value.value, bool):
            asked = evaluating(name, machine.mode_flags, value=value.value)
            if asked or (asked is False and value.origin is None):
                return asked
    return None


def call_function(machine: Machine, frame: Frame, function: Func, arguments: Arguments, place: Place) -> Value:
    """Run a function of the project on abstract arguments."""
    decl = function.decl
    bound = machine.instance(function.bound) if function.bound is not None else None
    is_module_method = bound is not None and decl.name != "__init__" and machine.is_module(bound.cls)
    _note(machine, place, "module" if is_module_method else "function", decl.name)
    note_loading(machine, decl.name, arguments, function.bound)
    if frame.differentiated or frame.in_gradient:
        machine.log.trained.add(place.node)
    if frame.depth > MAX_DEPTH or machine.calling.count(decl) >= _RECURSION:
        machine.spoil(machine.calling.index(decl) + 1 if frame.depth <= MAX_DEPTH else 0)
        note_unfinished(machine, function.bound)
        return Unknown(_taints(arguments), "the calls are nested too deep")
    if is_module_method and isinstance(function.bound, Ref) and bound is not None:
        return observed(
            machine,
            frame,
            function.bound,
            bound,
            arguments,
            place,
            lambda: run_function(machine, frame, function, arguments, place),
            decl=decl,
        )
    return run_function(machine, frame, function, arguments, place)


_CALLERS: Mapping[type[Value], Callable[..., Value]] = {
    Union: _any_of,
    Func: call_function,
    ClassRef: _call_class,
    External: _call_name,
    Method: _call_method,
    Partial: _call_partial,
    Transformed: _call_transformed,
    Ref: call_object,
    Array: _call_data,
    Tree: _call_data,
}
