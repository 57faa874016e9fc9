"""Which mode a call asks for by the mode flags of the method that it calls."""

import ast

from nnxlint.semantic.facts import FunctionDecl
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.observe import Arguments
from nnxlint.semantic.values import Const
from nnxlint.semantic.vocabulary import evaluating


def flagged_mode(machine: Machine, decl: FunctionDecl | None, arguments: Arguments) -> bool | None:
    """Whether the flags of a call ask for training, given or by default; `None` where that is not known."""
    if decl is None or machine.log.watched is None:
        return None
    defaults = default_flags(decl)
    names = [parameter.arg for parameter in decl.parameters[1:]]
    given = {**dict(zip(names, arguments.positional, strict=False)), **arguments.keywords}
    answers: set[bool | None] = set()
    for name in names:
        if evaluating(name, machine.mode_flags, value=True) is None:
            continue
        value = given.get(name)
        known = isinstance(value, Const) and isinstance(value.value, bool)
        chosen = value.value if known and isinstance(value, Const) else defaults.get(name) if value is None else None
        evaluation = evaluating(name, machine.mode_flags, value=chosen) if isinstance(chosen, bool) else None
        answers.add(None if evaluation is None or (value is None and arguments.open) else not evaluation)
    return answers.pop() if len(answers) == 1 else None


def default_flags(decl: FunctionDecl) -> dict[str, bool]:
    """The parameters that have a truth value for default."""
    spec = decl.node.args
    positional = [*spec.posonlyargs, *spec.args]
    pairs = [
        *zip(reversed(positional), reversed(spec.defaults), strict=False),
        *zip(spec.kwonlyargs, spec.kw_defaults, strict=True),
    ]
    return {
        parameter.arg: node.value
        for parameter, node in pairs
        if isinstance(node, ast.Constant) and isinstance(node.value, bool)
    }
