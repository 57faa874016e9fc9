"""What an editor writes between the code: the mode of each model call, the kind of each state attribute."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from nnxlint.semantic.facts import ModuleFacts
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.observe import ModelCall
from nnxlint.semantic.statemap.data import Mode, combined_mode
from nnxlint.semantic.statemap.hovering import Asked, part_markdown
from nnxlint.semantic.statemap.mapping import state_map, training_of
from nnxlint.semantic.statemap.naming import plain_name
from nnxlint.semantic.statemap.wording import brief_part, mode_text


@dataclass(frozen=True, slots=True, order=True)
class InlayHint:
    """A few words after an offset, and Markdown that tells more."""

    offset: int
    text: str
    tooltip: str


def inlay_hints(facts: ModuleFacts, machine: Machine) -> tuple[InlayHint, ...]:
    """The hints of a file, in the order of the file."""
    if machine.seen.watched is None:
        return ()
    return tuple(sorted((*_modes(facts, machine), *_kinds(facts, machine))))


def _modes(facts: ModuleFacts, machine: Machine) -> Iterator[InlayHint]:
    calls: dict[ast.AST, list[ModelCall]] = defaultdict(list)
    for call in machine.seen.model_calls:
        if call.place.path == facts.path and isinstance(call.place.node, ast.Call):
            calls[call.place.node].append(call)
    for node, seen in calls.items():
        mode = combined_mode(one for call in seen for one in training_of(call))
        if mode in {Mode.TRAINING, Mode.EVALUATION} and facts.tree.is_placed(node):
            names = ", ".join(f"`{name}`" for name in dict.fromkeys(plain_name(call.cls) for call in seen))
            layers = dict.fromkeys(use.layer.rpartition(".")[2] for call in seen for use in call.uses)
            reached = f": {', '.join(layers)}" if layers else ""
            yield InlayHint(facts.tree.span(node).end, mode.value, f"{names} is called in {mode_text(mode)}{reached}")


def _kinds(facts: ModuleFacts, machine: Machine) -> Iterator[InlayHint]:
    asked = Asked(facts, machine)
    done: set[int] = set()
    for cls in state_map(machine).classes:
        for part in cls.parts:
            place = part.place
            if place is None or place.path != facts.path or place.span.end in done:
                continue
            if part.owner == cls.qualified or cls.place.path != facts.path:
                done.add(place.span.end)
                yield InlayHint(place.span.end, brief_part(part), part_markdown(part, cls, asked))
