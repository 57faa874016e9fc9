"""Optimizer updates: of which kind the optimizer is, and whether the call gives what that kind needs."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from nnxlint.semantic.facts import ModuleFacts
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.observe import LibraryCall
from nnxlint.semantic.sites import CallSite
from nnxlint.semantic.values import Instance, Place, Ref, Tree, Value, members, taints_of
from nnxlint.spans import Span

PLAIN = "flax.nnx.Optimizer"


@dataclass(frozen=True)
class UpdateSite(CallSite):
    """A call of an optimizer's `update`. `is_plain`: the optimizer was built as `nnx.Optimizer` each time it was seen.

    `model_name`: how the optimizer's model is spelled at the call, `built`: where the optimizer was made.
    """

    is_plain: bool = False
    model_name: str | None = None
    built: Place | None = field(default=None, repr=False)

    @property
    def lacks_model(self) -> bool:
        """Whether the call gives the gradients at most, and nothing under the model's name."""
        return all(_lacks_model(one) for one in self.seen)

    @property
    def labels(self) -> tuple[Span, ...]:
        """`grads=` in front of gradients that are given by name."""
        named = (keyword for keyword in self.call.keywords if keyword.arg == "grads")
        return tuple(Span(self.tree.span(one).start, self.tree.span(one.value).start) for one in named)

    @property
    def opens_with_label(self) -> bool:
        """Whether the arguments begin with a plain `grads=`."""
        begins = min(self.tree.span(one).start for one in (*self.call.args, *self.call.keywords))
        labels = [self.tree.source.text[label.start : label.end] for label in self.labels if label.start == begins]
        return labels == ["grads="]


def _lacks_model(call: LibraryCall) -> bool:
    given = call.arguments
    if given.open:
        return False
    if "model" in given.keywords:
        return False
    return len(given.positional) + ("grads" in given.keywords) <= 1


def optimizer_updates(facts: ModuleFacts, machine: Machine) -> Iterator[UpdateSite]:
    """The calls in a file of `update` on optimizers of `flax.nnx`."""
    grouped: dict[ast.AST, list[LibraryCall]] = defaultdict(list)
    for name in (f"{PLAIN}.update", "flax.nnx.ModelAndOptimizer.update"):
        for seen in machine.log.calls_of(facts.path, name):
            grouped[seen.place.node].append(seen)
    for node, seen_calls in grouped.items():
        if isinstance(node, ast.Call):
            yield _site(facts, machine, node, seen_calls)


def _site(facts: ModuleFacts, machine: Machine, node: ast.Call, seen: list[LibraryCall]) -> UpdateSite:
    receivers = [one.made for one in seen]
    built = next((record.place for record in receivers if record is not None and "given" not in record.tags), None)
    return UpdateSite(
        facts.tree,
        node,
        f"{PLAIN}.update",
        tuple(seen),
        None,
        is_plain=all(_is_plain(machine, one) for one in seen),
        model_name=_model_name(facts, node, seen),
        built=built,
    )


def _is_plain(machine: Machine, call: LibraryCall) -> bool:
    record = call.made
    if record is None or "open" in record.tags:
        return False
    found = machine.library_class(record.cls)
    return found is not None and found.name == PLAIN and call.name == f"{PLAIN}.update"


def _model_name(facts: ModuleFacts, node: ast.Call, seen: list[LibraryCall]) -> str | None:
    """One spelling that names the optimizer's model in every way in which the call was seen."""
    spelled = {_spelling(one) for one in seen}
    name = spelled.pop() if len(spelled) == 1 else None
    return name if name is not None and name != facts.tree.text(node.func) else None


def _spelling(call: LibraryCall) -> str | None:
    for target in _models(call):
        if target in call.names:
            return call.names[target]
    return None


def _models(call: LibraryCall) -> Iterator[int]:
    """The optimizer's model, as it was built for, else what the gradients were taken of."""
    held: Value | None = call.made.attrs.get("model") if isinstance(call.made, Instance) else None
    for member in members(held) if held is not None else ():
        if isinstance(member, Ref):
            yield member.target
    for value in call.arguments.values():
        if isinstance(value, Tree) and value.root >= 0:
            yield value.root
        yield from (taint.source for taint in taints_of(value) if taint.kind == "grad" and taint.source >= 0)
