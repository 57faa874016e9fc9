"""The state map: what each module class of a project holds, draws and is steered by, and who changes it."""

from nnxlint.semantic.statemap.data import (
    Called,
    Change,
    ClassState,
    Draw,
    Flag,
    Held,
    Kind,
    Location,
    Mode,
    Part,
    StateMap,
    Totals,
    When,
)
from nnxlint.semantic.statemap.hinting import InlayHint, inlay_hints
from nnxlint.semantic.statemap.hovering import hover
from nnxlint.semantic.statemap.mapping import state_map

__all__ = [
    "Called",
    "Change",
    "ClassState",
    "Draw",
    "Flag",
    "Held",
    "InlayHint",
    "Kind",
    "Location",
    "Mode",
    "Part",
    "StateMap",
    "Totals",
    "When",
    "hover",
    "inlay_hints",
    "state_map",
]
