"""Evaluation in training mode: calls of modules in evaluation code, and what mode their layers were in.

A call is in evaluation code when names along the chain of calls say so and no gradient is taken on the way. It
is reported at the innermost call of the chain that only evaluation makes: a loss that training shares is not the
place to mend.
"""

import ast
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from nnxlint.semantic.facts import ModuleFacts
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.observe import LayerUse, ModelCall, Step
from nnxlint.semantic.sites import Site
from nnxlint.semantic.values import ClassRef, FlagAttribute, FlagDefault, Instance, Place
from nnxlint.semantic.vocabulary import Purpose, evaluating, names_deliberate

_TWO_SIGNS = 2
_WEAK = frozenset({"result", "mode"})


@dataclass(frozen=True)
class EvaluationSite(Site):
    """A call in evaluation code that runs mode-dependent layers as in training.

    `flag`: the mode flag that the call leaves to its default, or empty where attributes decide, and
    `flag_value`: the value that it has in evaluation, None where that is not known; `flags` are the
    attributes that the layers go by; `signs`: what speaks for evaluation; `decides`: it is this very call
    that leaves the flag out; `acts`: a layer among them has no rate, or one that is known.
    """

    model: str = ""
    flag: str = ""
    flag_value: bool | None = None
    function: str = ""
    flags: tuple[str, ...] = ()
    layers: tuple[str, ...] = ()
    signs: frozenset[str] = frozenset()
    layer_places: tuple[Place, ...] = field(default=(), repr=False)
    built: Place | None = field(default=None, repr=False)
    calls_model: bool = False
    is_method: bool = False
    decides: bool = False
    acts: bool = True

    @property
    def receiver(self) -> ast.expr | None:
        """The model in `model(x)` or `model.method(x)`; `None` where the call is of something else that calls it."""
        if not self.calls_model:
            return None
        function = self.call.func
        if self.is_method and isinstance(function, ast.Attribute):
            return function.value
        return function if isinstance(function, ast.Name | ast.Attribute) and not self.is_method else None

    @property
    def simple_statement(self) -> ast.Assign | ast.Expr | None:
        """The assignment or expression statement that the call stands in, where it stands in one."""
        for ancestor in reversed(self.tree.ancestors(self.node)):
            if isinstance(ancestor, ast.stmt):
                return ancestor if isinstance(ancestor, ast.Assign | ast.Expr) else None
        return None

    @property
    def is_sure(self) -> bool:
        """Whether two independent signs speak for evaluation, of layers that are known to act in training."""
        return len(self.signs) >= _TWO_SIGNS and self.acts


@dataclass(frozen=True, slots=True)
class Seen:
    """One observed call in evaluation code: the step to report, and the uses that ran as in training."""

    call: ModelCall
    anchor: Step
    uses: tuple[LayerUse, ...]
    signs: frozenset[str]


def missing_flags(facts: ModuleFacts, machine: Machine) -> Iterator[EvaluationSite]:
    """Evaluation calls that leave a mode flag to a default that means training."""
    for (node, flag), group in machine.once(_flags_left).get(facts.path, {}).items():
        yield site_of(facts, machine, node, group, flag)


def _flags_left(machine: Machine) -> dict[str, dict[tuple[ast.AST, str], list[Seen]]]:
    """By file, by the place to report and the flag: the calls that left it to its default."""
    found: dict[str, dict[tuple[ast.AST, str], list[Seen]]] = defaultdict(lambda: defaultdict(list))
    for call in machine.seen.model_calls:
        for use in call.uses:
            if isinstance(use.origin, FlagDefault) and use.training:
                seen = evaluated(machine, call, use.origin.place, (use,))
                if seen is not None and seen.uses:
                    place = seen.anchor.place
                    found[place.path][place.node, use.origin.parameter].append(seen)
    return found


def modes_not_set(facts: ModuleFacts, machine: Machine) -> Iterator[EvaluationSite]:
    """Evaluation calls of modules whose layers go by an attribute that still means training on every path."""
    for node, group in machine.once(_modes_left).get(facts.path, {}).items():
        if all(seen.uses for seen in group):
            yield site_of(facts, machine, node, group, "")


def _modes_left(machine: Machine) -> dict[str, dict[ast.AST, list[Seen]]]:
    """By file, by the place to report: the calls whose layers go by an attribute; without uses where in doubt."""
    found: dict[str, dict[ast.AST, list[Seen]]] = defaultdict(lambda: defaultdict(list))
    for call in machine.seen.model_calls:
        steered = tuple(use for use in call.uses if isinstance(use.origin, FlagAttribute))
        if not steered or call.inside_module:
            continue
        # A flag that was handed over and reached no layer is that method's mistake, not the mode's; one that
        # says training says what is wanted. A mode that was set, and did not count, is another mistake.
        unset = () if any(use.overridden for use in steered) else _in_training(steered)
        uses = () if call.chooses_mode else unset
        seen = evaluated(machine, call, call.place, uses)
        if seen is not None:
            found[seen.anchor.place.path][seen.anchor.place.node].append(seen)
    return found


def _in_training(uses: Sequence[LayerUse]) -> tuple[LayerUse, ...]:
    """The uses of layers that were in training mode each time they were reached."""
    modes: dict[int, set[bool | None]] = defaultdict(set)
    for use in uses:
        modes[use.owner].add(use.training)
    return tuple(use for use in uses if modes[use.owner] == {True})


def evaluated(
    machine: Machine, call: ModelCall, decided: Place, uses: tuple[LayerUse, ...], known: frozenset[str] = frozenset()
) -> Seen | None:
    """The call as part of evaluation code, `None` when it is not, or when training makes all of its chain.

    `known`: signs of evaluation beside those of names: the ``mode`` that was set, the ``flag`` that the call gives;
    ``set-here``: the mode was set by the code that calls, just before.
    """
    chain = call.chain
    if chain[-1].activation.incomplete:
        # A run that was ended early may have missed what sets the mode: nothing is concluded from it.
        uses = ()
    start = next((position for position, step in enumerate(chain) if step.place == decided), None)
    if start is None or _is_inner(chain, start):
        return None
    signs = set(known)
    anchor: Step | None = None
    for position, step in enumerate(chain):
        if position and step.differentiated:
            return None
        if _is_deliberate(step) or step.streams_handled:
            return None
        signs |= step.signs - {"function"}
        if position >= start and anchor is None and _only_evaluated(machine, step):
            anchor = step
        if step.purpose != Purpose.NEUTRAL.value:
            signs |= _function_sign(step)
            break
    if anchor is None or not signs - (_WEAK if _trains(chain, anchor) else set()):
        return None
    return Seen(call, anchor, uses, frozenset(signs))


def _is_inner(chain: Sequence[Step], start: int) -> bool:
    """Whether the deciding call stands in a module's own forward code, where callers choose the mode."""
    return any(step.in_module_method and step.purpose != Purpose.EVALUATION.value for step in chain[start:])


def _is_deliberate(step: Step) -> bool:
    owner = step.decl.owner if step.decl is not None else None
    return names_deliberate(step.function) or (owner is not None and names_deliberate(owner.name))


def _only_evaluated(machine: Machine, step: Step) -> bool:
    return step.place.node not in machine.seen.trained


def _function_sign(step: Step) -> set[str]:
    """A function's name says evaluation only where no gradient or optimizer is reached in it."""
    return {"function"} if step.purpose == Purpose.EVALUATION.value and not step.activation.trains else set()


def _trains(chain: Sequence[Step], anchor: Step) -> bool:
    """Whether the code around the anchor trains, so that a result's name or an old mode alone says nothing."""
    return anchor.activation.trains or any(step.purpose == Purpose.TRAINING.value for step in chain)


def site_of(facts: ModuleFacts, machine: Machine, node: ast.AST, group: Sequence[Seen], flag: str) -> EvaluationSite:
    """The place to report with what is known of the calls that were seen there."""
    first = next((seen for seen in group if seen.call.place.node is node), group[-1])
    uses = tuple(dict.fromkeys(use for seen in group for use in seen.uses))
    record = machine.heap.get(first.call.target)
    is_direct = node not in machine.seen.relayed
    defaults = [use.origin for use in uses if isinstance(use.origin, FlagDefault)]
    attributes = (use.origin.name for use in uses if isinstance(use.origin, FlagAttribute))
    return EvaluationSite(
        facts.tree,
        node,
        model=_class_name(first.call.cls),
        flag=flag,
        flag_value=evaluating(flag, machine.mode_flags, value=True),
        function=next((default.function for default in defaults), ""),
        flags=tuple(dict.fromkeys(attributes)),
        layers=tuple(dict.fromkeys(use.layer.removeprefix("flax.") for use in uses)),
        signs=frozenset().union(*(seen.signs for seen in group)),
        layer_places=tuple(dict.fromkeys(use.place for use in uses)),
        built=record.place if isinstance(record, Instance) and "given" not in record.tags else None,
        calls_model=is_direct and all(seen.call.place.node is node for seen in group),
        is_method=any(seen.call.is_method for seen in group),
        decides=is_direct and all(default.place.node is node for default in defaults),
        acts=any(use.acts for use in uses),
    )


def _class_name(cls: object) -> str:
    return cls.decl.name if isinstance(cls, ClassRef) else str(getattr(cls, "name", "")).removeprefix("flax.")
