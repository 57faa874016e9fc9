"""Optimizer updates: of which kind the optimizer is, and whether the call gives what that kind needs."""

import ast
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from nnxlint.semantic.facts import ModuleFacts
from nnxlint.semantic.library.optimizers import OWN_MODEL
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.observe import LibraryCall, ModelRead
from nnxlint.semantic.sites import CallSite, Site
from nnxlint.semantic.values import ClassRef, Instance, Place, Ref, Tree, Value, members, taints_of
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
        for seen in machine.seen.calls_of(facts.path, name):
            grouped[seen.place.node].append(seen)
    for node, seen_calls in grouped.items():
        if isinstance(node, ast.Call):
            yield _site(facts, machine, node, seen_calls)


@dataclass(frozen=True)
class ModelReadSite(Site):
    """A read of an optimizer's `model`. `is_plain`: it was built as `nnx.Optimizer`, and has none, each time.

    `is_expected`: code around it waits for the error, or asks for the version; `built`: where the optimizer was made.
    """

    is_plain: bool = False
    is_expected: bool = False
    built: Place | None = field(default=None, repr=False)


def optimizer_models(facts: ModuleFacts, machine: Machine) -> Iterator[ModelReadSite]:
    """The reads in a file of `model` from optimizers of `flax.nnx`."""
    for node, reads in machine.once(_models_read).get(facts.path, {}).items():
        yield ModelReadSite(
            facts.tree,
            node,
            is_plain=all(_lacks_attribute(machine, read.made) for read in reads),
            is_expected=all(read.guards & _WAITED for read in reads),
            built=next((read.made.place for read in reads if "given" not in read.made.tags), None),
        )


def _models_read(machine: Machine) -> dict[str, dict[ast.AST, list[ModelRead]]]:
    found: dict[str, dict[ast.AST, list[ModelRead]]] = defaultdict(lambda: defaultdict(list))
    for read in machine.seen.models_read:
        found[read.place.path][read.place.node].append(read)
    return found


_WAITED = frozenset({"AttributeError", "Exception", "BaseException", "version"})


def _lacks_attribute(machine: Machine, made: Instance) -> bool:
    """Whether nobody gave the optimizer a `model`, and no class of the project answers for what is not there."""
    classes = [one.decl for one in machine.ancestry(made.cls) if isinstance(one, ClassRef)]
    answers = any({"__getattr__", "__getattribute__"} & set(decl.methods) for decl in classes)
    return is_plain_optimizer(machine, made) and OWN_MODEL not in made.tags and not answers


def is_plain_optimizer(machine: Machine, record: Instance | None) -> bool:
    """Whether an object was built as `nnx.Optimizer` for certain."""
    if record is None or "open" in record.tags:
        return False
    found = machine.library_class(record.cls)
    return found is not None and found.name == PLAIN


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
    return is_plain_optimizer(machine, call.made) and call.name == f"{PLAIN}.update"


def _model_name(facts: ModuleFacts, node: ast.Call, seen: list[LibraryCall]) -> str | None:
    """One spelling that names the optimizer's model in every way in which the call was seen."""
    gradients = _gradients(facts, node)
    found = {_spelling(one, gradients) for one in seen}
    name = found.pop() if len(found) == 1 else None
    return name if name != facts.tree.text(node.func) else None


def _spelling(call: LibraryCall, gradients: Sequence[ast.expr]) -> str | None:
    """The model's name, where it is the only one or the gradients are taken of it by that name.

    What a loop makes is one object in our books. So it may go by names that are of different ones.
    """
    spelled = next((call.names[target] for target in _models(call) if target in call.names), ())
    inside = [inner for node in (call.place.node, *gradients) for inner in ast.walk(node)]
    spoken = {ast.unparse(inner) for inner in inside if isinstance(inner, ast.Name | ast.Attribute)} - {"self"}
    told = [name for name in spelled if name in spoken or name.partition(".")[0] in spoken]
    if told:
        return told[0]
    return spelled[0] if len(spelled) == 1 and not any(map(_takes_one, inside)) else None


def _takes_one(node: ast.AST) -> bool:
    """`models[1]`: one of several that are alike; `models["encoder"]` is another than `models["decoder"]`."""
    return isinstance(node, ast.Subscript) and not isinstance(getattr(node.slice, "value", None), str)


def _gradients(facts: ModuleFacts, node: ast.Call) -> tuple[ast.expr, ...]:
    """What the names in the call's arguments were assigned in the same function, and the names in that."""
    scopes = (one for one in reversed(facts.tree.ancestors(node)) if isinstance(one, ast.FunctionDef | ast.Module))
    assigned = [one for one in ast.walk(next(scopes)) if isinstance(one, ast.Assign) and one.lineno <= node.lineno]
    found: dict[ast.expr, None] = {}
    waiting: list[ast.expr] = [*node.args, *(keyword.value for keyword in node.keywords)]
    while waiting:
        names = {inner.id for inner in ast.walk(waiting.pop()) if isinstance(inner, ast.Name)}
        for one in assigned:
            bound = {inner.id for target in one.targets for inner in ast.walk(target) if isinstance(inner, ast.Name)}
            if bound & names and one.value not in found:
                found[one.value] = None
                waiting.append(one.value)
    return tuple(found)


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
