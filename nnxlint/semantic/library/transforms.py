"""Transforms of functions: what they run, under a gradient or not, and what comes out."""

from collections.abc import Mapping
from dataclasses import replace

from nnxlint.semantic.flow.iteration import element, item_at
from nnxlint.semantic.frames import Frame
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.observe import Arguments
from nnxlint.semantic.values import (
    ARRAY,
    UNKNOWN,
    Array,
    Const,
    External,
    Items,
    Partial,
    Place,
    Ref,
    Taint,
    Transformed,
    Tree,
    Tuple,
    Unknown,
    Value,
    join,
    members,
    taints_of,
    truth,
    union,
)

GRADIENTS = frozenset(
    """flax.nnx.grad flax.nnx.value_and_grad jax.grad jax.value_and_grad jax.vjp jax.linearize jax.jacfwd jax.jacrev
    jax.hessian jax.jvp flax.nnx.vjp flax.nnx.jvp jax.custom_vjp flax.nnx.custom_vjp jax.custom_jvp""".split()
)
_PLAIN = frozenset(
    """flax.nnx.jit flax.nnx.jit_partial flax.nnx.remat flax.nnx.checkpoint flax.nnx.vmap flax.nnx.pmap flax.nnx.scan
    flax.nnx.shard_map flax.nnx.split_rngs flax.nnx.fork_rngs
    flax.nnx.with_rngs flax.nnx.cached_partial flax.nnx.checkify flax.nnx.capture
    flax.nnx.transform_metadata flax.nnx.propagate_graph_updates flax.nnx.compat.jit flax.nnx.compat.vmap
    jax.jit jax.vmap jax.pmap jax.remat jax.checkpoint jax.named_call jax.shard_map jax.experimental.shard_map.shard_map
    jax.experimental.pjit.pjit jax.experimental.checkify.checkify jax.named_scope flax.nnx.reseed flax.nnx.module
    jax.custom_batching.custom_vmap jax.linear_transpose jax.make_jaxpr jax.named_scope""".split()
)
_ABSTRACT = frozenset({"flax.nnx.eval_shape", "jax.eval_shape", "flax.nnx.abstract"})
NAMES = GRADIENTS | _PLAIN


def make(name: str, arguments: Arguments, place: Place) -> Value:
    """`nnx.jit(f, …)`; without a function, as in `@nnx.jit(static_argnames=…)`, a decorator."""
    function = arguments.get(0, "f")
    if function is None:
        function = arguments.get(None, "fun")
    options = tuple(sorted(arguments.keywords.items()))
    if function is None or not _callable(function):
        return Partial(External(name), (), options)
    if name == "flax.nnx.cached_partial":
        return Partial(function, arguments.positional[1:])
    return Transformed(name, function, options, place)


def with_rngs(machine: Machine, frame: Frame, arguments: Arguments, place: Place) -> Value:
    """`nnx.with_rngs(model, …)`: the model with other streams; without one, a decorator."""
    node = arguments.get(0, "node")
    return node if isinstance(node, Ref) else make("flax.nnx.with_rngs", arguments, place)


def _callable(value: Value) -> bool:
    return not isinstance(value, Const | Array | Tree)


def call_transformed(machine: Machine, frame: Frame, callee: Transformed, arguments: Arguments, place: Place) -> Value:
    """Call a transformed function."""
    options = dict(callee.options)
    if callee.transform in GRADIENTS:
        return _differentiate(machine, frame, callee, arguments, place, options)
    return machine.call(machine, _under(frame, callee.transform), callee.function, arguments, place)


def _under(frame: Frame, transform: str) -> Frame:
    return replace(frame, transforms=(*frame.transforms, transform)) if transform not in frame.transforms else frame


def _differentiate(
    machine: Machine,
    frame: Frame,
    callee: Transformed,
    arguments: Arguments,
    place: Place,
    options: Mapping[str, Value],
) -> Value:
    frame.mark_training()
    inner = replace(frame, differentiated=True)
    result = machine.call(machine, inner, callee.function, arguments, place)
    gradient = _gradient(machine, arguments, options.get("argnums"))
    auxiliary = truth(options.get("has_aux", Const(value=False)))
    name = callee.transform.rpartition(".")[2]
    if name == "value_and_grad":
        return Tuple((_numbers(result), gradient))
    if name == "grad":
        if auxiliary:
            return Tuple((gradient, item_at(machine, result, 1)))
        return gradient if auxiliary is False else Unknown(taints_of(gradient))
    if name in {"vjp", "linearize", "jvp"}:
        return Tuple((result, Unknown(taints_of(gradient))))
    return Array(taints_of(gradient)) if name in {"jacfwd", "jacrev", "hessian"} else result


def _numbers(value: Value) -> Value:
    return ARRAY if isinstance(value, Unknown) and not value.taints else value


def _gradient(machine: Machine, arguments: Arguments, argnums: Value | None) -> Value:
    """Gradients in the shape of the arguments that were differentiated."""
    match argnums:
        case None | Const(value=bool()):
            return _gradient_of(machine, _argument(arguments, 0))
        case Const(value=int() as position):
            return _gradient_of(machine, _argument(arguments, position))
        case Tuple():
            return Tuple(tuple(_gradient(machine, arguments, one) for one in argnums.items))
        case Ref() if (record := machine.instance(argnums)) is not None and "argnum" in record.attrs:
            return _gradient(machine, arguments, record.attrs["argnum"])
    return Tree("grads", -1, (), frozenset({Taint("grad")}))


def _argument(arguments: Arguments, position: int) -> Value:
    return arguments.positional[position] if position < len(arguments.positional) else UNKNOWN


def _gradient_of(machine: Machine, argument: Value) -> Value:
    roots = [member.target for member in members(argument) if isinstance(member, Ref)]
    roots += [member.root for member in members(argument) if isinstance(member, Tree)]
    root = roots[0] if roots else -1
    if isinstance(argument, Array) and not argument.taints & {Taint("params", root)}:
        return Array(frozenset({Taint("grad")}))
    return Tree("grads", root, (), frozenset({Taint("grad", root)}))


def is_abstract(name: str) -> bool:
    """Whether a transform only computes shapes."""
    return name in _ABSTRACT


def eval_shape(machine: Machine, frame: Frame, arguments: Arguments, place: Place) -> Value:
    """`nnx.eval_shape(f, *args)`: the function runs without numbers."""
    function = arguments.get(0, "f")
    if function is None:
        return UNKNOWN
    machine.abstract += 1
    rest = Arguments(arguments.positional[1:], arguments.keywords, arguments.more_positional, arguments.more_keywords)
    result = machine.call(machine, frame, function, rest, place)
    machine.abstract -= 1
    return result


def control(machine: Machine, frame: Frame, name: str, arguments: Arguments, place: Place) -> Value:
    """`scan`, `cond`, `switch`, `while_loop`, `fori_loop`, `map`: what their functions get and give."""
    kind = name.rpartition(".")[2]
    positional = arguments.positional
    if kind == "cond":
        operands = Arguments(positional[3:], {k: v for k, v in arguments.keywords.items() if k == "operand"})
        branches = list(positional[1:3])
        return _branches(machine, frame, branches, operands, place)
    if kind == "switch" and len(positional) > 1:
        return _branches(machine, frame, [element(machine, positional[1])], Arguments(positional[2:]), place)
    if kind == "while_loop" and len(positional) >= 3:  # noqa: PLR2004 - cond_fun, body_fun, init_val
        machine.call(machine, frame, positional[0], Arguments((positional[2],)), place)
        return join(positional[2], machine.call(machine, frame, positional[1], Arguments((positional[2],)), place))
    if kind == "fori_loop" and len(positional) >= 4:  # noqa: PLR2004 - lower, upper, body_fun, init_val
        return join(
            positional[3], machine.call(machine, frame, positional[2], Arguments((ARRAY, positional[3])), place)
        )
    if kind == "map" and len(positional) > 1:
        return Items(machine.call(machine, frame, positional[0], Arguments((element(machine, positional[1]),)), place))
    if kind in {"scan", "associative_scan"} and positional:
        carry = positional[1] if len(positional) > 1 else arguments.keywords.get("init", UNKNOWN)
        xs = positional[2] if len(positional) > 2 else arguments.keywords.get("xs", ARRAY)  # noqa: PLR2004
        return machine.call(machine, frame, positional[0], Arguments((carry, _slice_of(machine, xs))), place)
    return Unknown(reason=f"`{name}` with arguments that are not understood")


def _slice_of(machine: Machine, value: Value) -> Value:
    if isinstance(value, Tuple):
        return Tuple(tuple(_slice_of(machine, item) for item in value.items))
    if isinstance(value, Array | Tree | Unknown):
        return Array(taints_of(value)) if isinstance(value, Array) else value
    return value


def _branches(machine: Machine, frame: Frame, branches: list[Value], operands: Arguments, place: Place) -> Value:
    mark = machine.heap.mark()
    results, changes = [], []
    frame.conditional += 1
    for branch in branches:
        results.append(machine.call(machine, frame, branch, operands, place))
        changes.append(machine.heap.changes(mark))
        machine.heap.rewind(mark)
    frame.conditional -= 1
    machine.heap.join(changes or [{}])
    return union(results) if results else UNKNOWN
