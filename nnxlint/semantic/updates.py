"""Parameters written by hand: which writes are gradient descent, and which of those are plain and complete."""

import ast
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nnxlint.semantic.facts import FunctionDecl, ModuleFacts
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.observe import LibraryCall, VariableWrite
from nnxlint.semantic.sites import Site
from nnxlint.semantic.values import ClassRef, External, Tree, taints_of
from nnxlint.semantic.vocabulary import names_inner_loop, names_optimizer

_PARAM = "flax.nnx.Param"
_COPIES = frozenset({"clone", "abstract"})


@dataclass(frozen=True)
class PlainDescent:
    """`nnx.update(model, jax.tree.map(lambda p, g: p - rate * g, params, gradients))`, by its spelled parts.

    `construction`: the statement that makes the model, where it stands in the same function and knows the rate.
    """

    model: str
    rate: str
    gradients: str
    construction: ast.Assign | None = None


@dataclass(frozen=True)
class ManualUpdate(Site):
    """A write of Params that moves them along a gradient. `whole`: of a module's whole state at once.

    `by_name`: only a name says that a gradient is in it.
    """

    whole: bool = False
    by_name: bool = False
    descent: PlainDescent | None = None

    @property
    def expression(self) -> ast.expr:
        """The update's syntax, where it is a call."""
        if not isinstance(self.node, ast.expr):
            message = "an assignment is no expression"
            raise TypeError(message)
        return self.node


def manual_updates(facts: ModuleFacts, machine: Machine) -> Iterator[ManualUpdate]:
    """The hand-written gradient steps of a file, in its order."""
    grouped: dict[ast.AST, list[VariableWrite]] = defaultdict(list)
    for write in machine.seen.writes:
        if write.place.path == facts.path:
            grouped[write.place.node].append(write)
    for node, writes in sorted(grouped.items(), key=lambda item: facts.tree.span(item[0])):
        steps = [write for write in writes if _is_step(machine, write)]
        if steps and len(steps) == len([write for write in writes if _reaches_gradient(write)]):
            yield _site(facts, machine, node, steps)


def _is_step(machine: Machine, write: VariableWrite) -> bool:
    if not _reaches_gradient(write) or not write.self_update or write.receiver_tags & _COPIES:
        return False
    if write.kind not in {"module", "leaf"} and not _is_param(machine, write.kind):
        return False
    return not _is_inner_loop(write.function) and not _is_optimizer_class(machine, write)


def _reaches_gradient(write: VariableWrite) -> bool:
    kinds = {taint.kind for taint in taints_of(write.value)}
    return bool(kinds & {"grad", "grad-name"}) and "updates" not in kinds


def _is_param(machine: Machine, kind: str) -> bool:
    api = machine.api.classes.get(kind)
    return api is not None and _PARAM in api.mro


def _is_inner_loop(function: FunctionDecl | None) -> bool:
    return function is not None and names_inner_loop(function.name)


def _is_optimizer_class(machine: Machine, write: VariableWrite) -> bool:
    """A class that is an optimizer itself is the place for such writes."""
    owner = write.owner
    if owner is None:
        return False
    return machine.derives(ClassRef(owner), "flax.nnx.Optimizer") or names_optimizer(owner.name)


def _site(facts: ModuleFacts, machine: Machine, node: ast.AST, steps: Sequence[VariableWrite]) -> ManualUpdate:
    first = steps[0]
    anchor = node.value if isinstance(node, ast.Expr) else node
    return ManualUpdate(
        facts.tree,
        anchor,
        whole=first.kind == "module",
        by_name=all(taint.kind != "grad" for write in steps for taint in taints_of(write.value)),
        descent=_plain_descent(facts, machine, first)
        if first.kind == "module" and isinstance(node, ast.Call)
        else None,
    )


def _plain_descent(facts: ModuleFacts, machine: Machine, write: VariableWrite) -> PlainDescent | None:
    """The parts of the update, where it is plain gradient descent on everything."""
    call = write.place.node
    if not isinstance(call, ast.Call) or len(call.args) != 2 or not isinstance(call.args[0], ast.Name):  # noqa: PLR2004
        return None
    for mapped in machine.seen.calls_of(facts.path, "jax.tree.map"):
        plain = mapped.result is write.value and _takes_all_params(mapped, write.variable)
        parts = _descent_parts(mapped) if plain else None
        if parts is not None:
            rate, gradients = parts
            home = _construction(facts, machine, write, call, rate)
            return PlainDescent(call.args[0].id, facts.tree.text(rate), facts.tree.text(gradients), home)
    return None


def _takes_all_params(mapped: LibraryCall, model: int) -> bool:
    """Whether the mapped trees are the model's Params and gradients of the same model."""
    match mapped.arguments.positional:
        case (_, Tree(kind="state", root=root, filters=filters), Tree(kind="grads", root=source)):
            return root == source == model and filters in {(), (External(_PARAM),)}
    return False


def _construction(
    facts: ModuleFacts, machine: Machine, write: VariableWrite, call: ast.Call, rate: ast.expr
) -> ast.Assign | None:
    """The one assignment that makes the updated model, in the function of the update, after the rate is known."""
    # The log, not the heap: what a function made is gone from there once the function is left.
    made = next((each.place for each in machine.seen.constructions if each.target == write.variable), None)
    if made is None or made.path != facts.path or not isinstance(rate, ast.Constant):
        return None
    around, here = facts.tree.ancestors(made.node), facts.tree.ancestors(call)
    statement = next((node for node in reversed(around) if isinstance(node, ast.stmt)), None)
    match statement, call.args[0]:
        case ast.Assign(targets=[ast.Name(id=assigned)]), ast.Name(id=updated) if assigned == updated:
            return statement if _scope(around) is _scope(here) else None
    return None


def _scope(ancestors: Sequence[ast.AST]) -> ast.AST:
    """The innermost function around a node, else the module."""
    scopes = (
        node for node in reversed(ancestors) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    )
    return next(scopes, ancestors[0])


def _descent_parts(mapped: LibraryCall) -> tuple[ast.expr, ast.expr] | None:
    match mapped.place.node:
        case ast.Call(
            args=[
                ast.Lambda(
                    args=ast.arguments(args=[ast.arg(arg=old), ast.arg(arg=step)]),
                    body=ast.BinOp(
                        left=ast.Name(id=minuend),
                        op=ast.Sub(),
                        right=ast.BinOp(left=rate, op=ast.Mult(), right=ast.Name(id=factor)),
                    ),
                ),
                _,
                gradients,
            ]
        ) if (minuend, factor) == (old, step) and isinstance(rate, ast.Constant | ast.Name):
            return rate, gradients
    return None
