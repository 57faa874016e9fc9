"""How much of a project's NNX code was understood, with the reasons of the rest."""

from collections.abc import Mapping

from nnxlint.semantic.facts import ModuleFacts
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.statistics import Statistics


def statistics(modules: Mapping[str, ModuleFacts], machine: Machine) -> Statistics:
    """The shares of module classes, model calls, optimizers and `Rngs` that were understood."""
    return Statistics()
