"""Modes that are set and do not count: a flag at the layer's call goes before what `.eval()` or a view has set.

The flag comes from a default of the model's method (or from an attribute of its own that `.eval()` does not know),
or it is written out where the layer is called.
"""

import ast
import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from nnxlint.semantic.evaluation import EvaluationSite, Seen, evaluated, site_of
from nnxlint.semantic.facts import FunctionDecl, ModuleFacts
from nnxlint.semantic.flow.binding import default_of
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.observe import LayerUse, ModelCall
from nnxlint.semantic.sites import Site
from nnxlint.semantic.values import FlagAttribute, FlagDefault, FlagLiteral, Place
from nnxlint.semantic.vocabulary import names_deliberate

_ASKED = frozenset({"flag"})


@dataclass(frozen=True)
class OverriddenSite(EvaluationSite):
    """An evaluation call of a model whose mode was set, where a flag that the call leaves alone goes before it.

    `attribute`: of the model, by which the layer goes instead; empty where the flag is a parameter. `declared`:
    the parameter and its default, where they stand in this file and do nothing but steer the layers.
    """

    attribute: str = ""
    declared: tuple[ast.arg, ast.expr] | None = field(default=None, repr=False)


@dataclass(frozen=True)
class HardCodedSite(Site):
    """A call of a layer with a flag that says training whatever its model is told; `evaluated_at`: an evaluation."""

    layer: str = ""
    model: str = ""
    evaluated_at: Place | None = field(default=None, repr=False)


def overridden_modes(facts: ModuleFacts, machine: Machine) -> Iterator[OverriddenSite]:
    """Evaluation calls in a file of models that were set to evaluation and act as in training all the same."""
    for node, group in machine.once(_overridden).get(facts.path, {}).items():
        uses = [use for seen in group for use in seen.uses]
        flags = [use.origin for use in uses if isinstance(use.origin, FlagDefault)]
        attributes = [use.origin.name for use in uses if isinstance(use.origin, FlagAttribute)]
        flag = flags[0].parameter if flags else ""
        site = site_of(facts, machine, node, group, flag)
        yield OverriddenSite(
            **vars(site),
            attribute="" if flags else attributes[0],
            declared=None if attributes else _declared(facts, flags, uses),
        )


def _overridden(machine: Machine) -> dict[str, dict[ast.AST, list[Seen]]]:
    found: dict[str, dict[ast.AST, list[Seen]]] = defaultdict(lambda: defaultdict(list))
    for call in machine.seen.model_calls:
        uses = tuple(use for use in call.uses if use.overridden and _goes_by_a_flag(use))
        if not uses or call.inside_module or call.chooses_mode:
            continue
        seen = evaluated(machine, call, _left_at(call, uses[0]), uses, _mode_signs(machine, call, uses))
        if seen is not None and seen.uses:
            found[seen.anchor.place.path][seen.anchor.place.node].append(seen)
    return found


def _mode_signs(machine: Machine, call: ModelCall, uses: Sequence[LayerUse]) -> frozenset[str]:
    """What the mode that was set says: little where it may be left from before, as in a loop that trains, too."""
    for step in call.chain:
        if any((use.owner, id(step.activation)) in machine.seen.modes_set for use in uses):
            return frozenset({"mode"} if _is_repeated(machine, step.place) else {"mode", "set-here"})
    return frozenset({"mode"})


def _is_repeated(machine: Machine, place: Place) -> bool:
    """Whether a place stands in a loop of its function."""
    facts = machine.index.modules.get(place.path)
    around = reversed(facts.tree.ancestors(place.node)) if facts is not None else ()
    inner = itertools.takewhile(lambda node: not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef), around)
    return any(isinstance(node, ast.For | ast.AsyncFor | ast.While) for node in inner)


def _goes_by_a_flag(use: LayerUse) -> bool:
    return isinstance(use.origin, FlagDefault | FlagAttribute)


def _left_at(call: ModelCall, use: LayerUse) -> Place:
    """Where the flag was left to its default on the way to the model's call, else that call."""
    left = use.origin.place if isinstance(use.origin, FlagDefault) else call.place
    return left if any(step.place == left for step in call.chain) else call.place


def _declared(facts: ModuleFacts, flags: list[FlagDefault], uses: list[LayerUse]) -> tuple[ast.arg, ast.expr] | None:
    """The one parameter by which all uses go, where `None` as its default leaves the layers to their modes."""
    decls = {flag.decl for flag in flags}
    decl = flags[0].decl
    parameter = next((one for one in decl.parameters if one.arg == flags[0].parameter), None)
    default = default_of(decl, flags[0].parameter)
    is_off = isinstance(default, ast.Constant) and default.value is False
    if len(decls) > 1 or parameter is None or default is None or not is_off or decl.path != facts.path:
        return None
    plain = _only_hands_on(decl, parameter.arg) and all(_is_handed_on(use.place.node) for use in uses)
    return (parameter, default) if plain else None


def _only_hands_on(decl: FunctionDecl, name: str) -> bool:
    """Whether a function does nothing with a parameter but hand it to what it calls."""
    handed = [
        argument
        for node in ast.walk(decl.node)
        if isinstance(node, ast.Call)
        for argument in (*node.args, *(keyword.value for keyword in node.keywords))
    ]
    used = [node for node in ast.walk(decl.node) if isinstance(node, ast.Name) and node.id == name]
    return all(any(node is argument for argument in handed) for node in used)


def _is_handed_on(call: ast.AST) -> bool:
    """Whether a layer is given its flag as it came, by a name."""
    keywords = call.keywords if isinstance(call, ast.Call) else ()
    return any(keyword.arg in _FLAGS and isinstance(keyword.value, ast.Name) for keyword in keywords)


_FLAGS = frozenset({"deterministic", "use_running_average"})


def hard_coded_modes(facts: ModuleFacts, machine: Machine) -> Iterator[HardCodedSite]:
    """Calls of layers in a file that say training by themselves, in models that are evaluated, too."""
    for node, (use, seen) in machine.once(_hard_coded).get(facts.path, {}).items():
        around = (one.name for one in facts.tree.ancestors(node) if isinstance(one, ast.FunctionDef | ast.ClassDef))
        if any(map(names_deliberate, around)):
            continue
        yield HardCodedSite(
            facts.tree,
            node,
            layer=use.layer.removeprefix("flax."),
            model=site_of(facts, machine, node, [seen], "").model,
            evaluated_at=seen.anchor.place,
        )


def _hard_coded(machine: Machine) -> dict[str, dict[ast.AST, tuple[LayerUse, Seen]]]:
    found: dict[str, dict[ast.AST, tuple[LayerUse, Seen]]] = defaultdict(dict)
    for call in machine.seen.model_calls:
        uses = tuple(use for use in call.uses if use.training and isinstance(use.origin, FlagLiteral))
        if not uses or call.inside_module or call.asked is False:
            continue
        for use in uses:
            # A layer that evaluation code itself calls so is meant so.
            signs = _ASKED if call.asked else _mode_signs(machine, call, (use,)) if use.overridden else frozenset()
            seen = evaluated(machine, call, call.place, (use,), signs) if use.owner != call.target else None
            if seen is not None and seen.uses:
                found[use.place.path].setdefault(use.place.node, (use, seen))
    return found
