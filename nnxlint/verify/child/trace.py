"""Observe a program abstractly: what its makers and its probes compute, as jaxprs with names.

Within one trace the objects are made, their Variables are given inputs of the jaxpr as values, the call is made, and
all that can be reached afterwards becomes outputs of the jaxpr. So nothing is allocated, whatever the size of the
model, and state that this misses is still compared: by the computation that made it.
"""

import contextlib
import io
import random
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax.extend.core import ClosedJaxpr, Jaxpr
from jax.interpreters import partial_eval

from nnxlint.verify.child import variables
from nnxlint.verify.child.case import Scope, abstract_inputs, call, make_objects
from nnxlint.verify.child.loading import LoadedProgram
from nnxlint.verify.child.reach import Entry, Reach, is_array, reach, variable_leaves
from nnxlint.verify.protocol import Case, Probe

CONSTRUCTION = "construction"
Arrays = dict[str, Any]
ADDRESS = re.compile(r"0x[0-9a-f]+")


@dataclass(slots=True)
class Notes:
    """What an observation says besides arrays: how things look afterwards, what was printed, which globals changed."""

    entries: dict[str, Entry] = field(default_factory=dict)
    printed: str = ""
    changed_globals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Trace:
    """A jaxpr whose inputs and outputs have names, and the notes of the observation."""

    closed: ClosedJaxpr
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    shapes: Mapping[str, jax.ShapeDtypeStruct]
    notes: Notes


@dataclass(frozen=True, slots=True)
class Construction:
    """What the makers give: their trace, and the shapes of the Variables' values by path, those of Params apart."""

    trace: Trace
    state: Mapping[str, jax.ShapeDtypeStruct]
    params: frozenset[str]


def trace_construction(program: LoadedProgram, case: Case) -> Construction:
    """Trace the making of the case's objects with the seeds as written; whatever the makers raise is raised."""
    notes = Notes()
    state: set[str] = set()
    params: set[str] = set()

    def make(arguments: dict[str, Arrays]) -> Arrays:
        found = reach(made_objects(case, prepared(program, case, arguments["input"])))
        notes.entries = found.entries
        state.update(state_paths(found))
        params.update(param_paths(found))
        return found.arrays

    trace = traced(program, make, {"input": dict(abstract_inputs(case))}, notes)
    shapes = {path: trace.shapes[path] for path in sorted(state)}
    return Construction(trace, shapes, frozenset(params))


def trace_probe(program: LoadedProgram, case: Case, probe: Probe, construction: Construction) -> Trace:
    """Trace a probe for all values of the state and the inputs; whatever the call raises is raised."""
    notes = Notes()
    state = construction.state
    chosen = construction.params if probe.differentiate else frozenset[str]()
    arguments = {
        "param": {path: shape for path, shape in state.items() if path in chosen},
        "state": {path: shape for path, shape in state.items() if path not in chosen},
        "input": dict(abstract_inputs(case)),
    }
    return traced(program, lambda values: observed(program, case, probe, values, notes), arguments, notes)


def traced(
    program: LoadedProgram, function: Callable[[dict[str, Arrays]], Arrays], arguments: dict[str, Arrays], notes: Notes
) -> Trace:
    """The jaxpr of a function from and to arrays by name."""
    with program.active(), captured(notes):
        closed, shapes = jax.make_jaxpr(function, return_shape=True)(arguments)
    inputs = tuple(f"{group} {name}" for group in sorted(arguments) for name in sorted(arguments[group]))
    return Trace(closed, inputs, tuple(sorted(shapes)), shapes, notes)


def cut_down(trace: Trace, names: Collection[str]) -> Trace:
    """The trace with only these outputs, and without the equations that they do not need."""
    kept = [name in names for name in trace.outputs]
    jaxpr, _ = partial_eval.dce_jaxpr(trace.closed.jaxpr, kept, instantiate=True)
    outputs = tuple(name for name in trace.outputs if name in names)
    return Trace(ClosedJaxpr(jaxpr, trace.closed.consts), trace.inputs, outputs, trace.shapes, trace.notes)


def size(jaxpr: Jaxpr) -> int:
    """How many equations a jaxpr has, with those of the jaxprs within."""
    total = 0
    for equation in jaxpr.eqns:
        for value in equation.params.values():
            for each in value if isinstance(value, tuple) else (value,):
                inner = each.jaxpr if isinstance(each, ClosedJaxpr) else each
                total += size(inner) if isinstance(inner, Jaxpr) else 0
        total += 1
    return total


def observed(program: LoadedProgram, case: Case, probe: Probe, values: dict[str, Arrays], notes: Notes) -> Arrays:
    """Make the objects, give them the state, make the probe's call, and give all arrays that can be reached then.

    `values` has the groups `param` (empty unless the probe is differentiated), `state` and `input`.
    """

    def run(params: Arrays) -> tuple[Any, Arrays]:
        scope = prepared(program, case, values["input"])
        set_state(reach(made_objects(case, scope)), {**values["state"], **params})
        found = _called(program, case, probe, scope, notes)
        return (_scalar(found) if probe.differentiate else None), found.arrays

    if not probe.differentiate:
        return run(values["param"])[1]
    if not values["param"]:
        message = "there is no Param to differentiate by"
        raise ValueError(message)
    (_, arrays), gradients = jax.value_and_grad(run, has_aux=True)(values["param"])
    return {**arrays, **{f"gradient {path}": value for path, value in gradients.items()}}


def prepared(program: LoadedProgram, case: Case, inputs: Mapping[str, object]) -> Scope:
    """The scope with freshly made objects; random numbers of the host begin anew, so that two programs get the same."""
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002 - the program may use it
    return make_objects(program, case, inputs)


def made_objects(case: Case, scope: Scope) -> dict[str, object]:
    """The objects of the case in the order of making."""
    return {name: scope[name] for name in case.objects}


def set_state(found: Reach, state: Mapping[str, Any]) -> None:
    """Give Variables the values that `state` has for their paths."""
    for path, variable in found.variables.items():
        leaves, structure = variable_leaves(path, variable)
        if any(name in state for name, _ in leaves):
            values = [state.get(name, leaf) for name, leaf in leaves]
            variables.set_raw_value(variable, jax.tree_util.tree_unflatten(structure, values))


def state_paths(found: Reach) -> set[str]:
    """The paths of all arrays that Variables hold."""
    pairs = (pair for path, variable in found.variables.items() for pair in variable_leaves(path, variable)[0])
    return {name for name, leaf in pairs if is_array(leaf)}


def param_paths(found: Reach) -> set[str]:
    """The paths of the arrays of floating-point numbers in Params."""
    params = ((path, each) for path, each in found.variables.items() if isinstance(each, nnx.Param))
    pairs = (pair for path, variable in params for pair in variable_leaves(path, variable)[0])
    return {name for name, leaf in pairs if is_array(leaf) and jnp.issubdtype(_dtype(leaf), jnp.inexact)}


@contextlib.contextmanager
def captured(notes: Notes) -> "Any":  # noqa: ANN401 - a generator of nothing
    """Within this, what is printed goes to the notes."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        yield
    notes.printed = ADDRESS.sub("0x", printed.getvalue())


def _called(program: LoadedProgram, case: Case, probe: Probe, scope: Scope, notes: Notes) -> Reach:
    before = _global_texts(program)
    outputs: dict[str, object] = {}
    for number in range(probe.repeat):
        outputs["output" if probe.repeat == 1 else f"output {number + 1}"] = call(program, probe, scope)
    found = reach({**made_objects(case, scope), **outputs})
    after = _global_texts(program)
    notes.changed_globals = tuple(name for name in after if after[name] != before.get(name))
    changed = reach({f"global {name}": program.namespace[name] for name in notes.changed_globals})
    notes.entries = {**found.entries, **changed.entries}
    # Arrays that an earlier trace left in a global are none of this one.
    found.arrays.update((path, each) for path, each in changed.arrays.items() if not isinstance(each, jax.core.Tracer))
    return found


def _global_texts(program: LoadedProgram) -> dict[str, str]:
    """What the mutable global objects of the main module look like."""
    mutable = {
        name: value
        for name, value in program.namespace.items()
        if not name.startswith("__") and isinstance(value, list | dict | set | nnx.Module | nnx.Variable)
    }
    return {name: repr(sorted(_texts(reach({name: value})))) for name, value in mutable.items()}


def _texts(found: Reach) -> list[tuple[str, str]]:
    arrays = [(path, f"array {id(value)}") for path, value in found.arrays.items()]
    return [(path, entry.text) for path, entry in found.entries.items()] + arrays


def _scalar(found: Reach) -> Any:  # noqa: ANN401 - an array
    """The first scalar output, or else the sum of all outputs of floating-point numbers."""
    outputs = [value for path, value in found.arrays.items() if path.startswith("output")]
    floats = [value for value in outputs if jnp.issubdtype(value.dtype, jnp.floating)]
    if not floats:
        message = "the call gives nothing to differentiate"
        raise ValueError(message)
    return next((value for value in floats if value.shape == ()), sum(value.sum() for value in floats))


def _dtype(value: object) -> Any:  # noqa: ANN401 - a dtype
    return getattr(value, "dtype", None)
