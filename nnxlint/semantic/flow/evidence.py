"""What speaks for evaluation at a call: names of functions, data and results along the call chain."""

import ast
import functools
from pathlib import PurePosixPath

from nnxlint.semantic.frames import Frame
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.observe import Arguments, Step
from nnxlint.semantic.values import ClassRef, Place, taints_of
from nnxlint.semantic.vocabulary import (
    Purpose,
    names_evaluation_data,
    names_result,
    names_training_data,
    purpose,
    words,
)


def chain(machine: Machine, frame: Frame, place: Place, arguments: Arguments) -> tuple[Step, ...]:
    """The steps from a call outwards to the root of the run."""
    steps = [_step(machine, frame, place, _signs(machine, frame, place) | _data_signs(frame, arguments))]
    current = frame
    while current.parent is not None and current.call_site is not None:
        signs = _signs(machine, current.parent, current.call_site)
        steps.append(_step(machine, current.parent, current.call_site, signs))
        current = current.parent
    return tuple(steps)


def _step(machine: Machine, frame: Frame, place: Place, signs: frozenset[str]) -> Step:
    found = function_purpose(machine, frame)
    return Step(
        place=place,
        function=frame.name or _script(frame.path),
        decl=frame.decl,
        activation=frame.activation,
        signs=signs | ({"function"} if found is Purpose.EVALUATION else frozenset()),
        purpose=found.value,
        differentiated=frame.differentiated,
        streams_handled=not _STREAM_HANDLING.isdisjoint(frame.transforms),
        in_module_method=_in_module(machine, frame),
    )


def _in_module(machine: Machine, frame: Frame) -> bool:
    owner = frame.decl.owner if frame.decl is not None else None
    return owner is not None and machine.is_module(ClassRef(owner, frame.closure))


# Whoever hands out random streams around an evaluation wants its randomness: MC dropout.
_STREAM_HANDLING = frozenset({"flax.nnx.with_rngs", "flax.nnx.split_rngs", "flax.nnx.fork_rngs"})


def function_purpose(machine: Machine, frame: Frame) -> Purpose:
    """What the frame's function is for: by its own name, else by its class's, else by its script's.

    A module's class says what is modelled (`ScoreModel`), not what its methods are called for.
    """
    decl = frame.decl
    owner = decl.owner if decl is not None else None
    found = _purpose_of(frame.path, decl.name if decl is not None else None, owner.name if owner is not None else None)
    of_class = found is Purpose.EVALUATION and owner is not None and purpose(frame.name) is Purpose.NEUTRAL
    return Purpose.NEUTRAL if of_class and _in_module(machine, frame) else found


@functools.lru_cache(maxsize=65536)
def _purpose_of(path: str, name: str | None, owner: str | None) -> Purpose:
    """The purpose of a function of this name (`None`: of a script), class and file."""
    stem = _script(path)
    if _is_test_file(path):
        stem = ""
        if "test" in words(name or ""):
            return Purpose.NEUTRAL
    if name is None:
        return _script_purpose(stem)
    own = purpose(name)
    if own is Purpose.EVALUATION and _is_test_file(path):
        # Tests call what they test in whatever mode it is made.
        return Purpose.NEUTRAL
    if own is not Purpose.NEUTRAL:
        return own
    if owner is not None:
        return purpose(owner)
    return _script_purpose(stem) if name in {"main", "run", "<lambda>"} else Purpose.NEUTRAL


def _script_purpose(stem: str) -> Purpose:
    found = purpose(stem)
    return found if stem else Purpose.NEUTRAL


def _script(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(".py")


@functools.lru_cache(maxsize=65536)
def _is_test_file(path: str) -> bool:
    file = PurePosixPath(path)
    return (
        file.stem.startswith("test_") or file.stem.endswith("_test") or file.stem == "conftest" or "tests" in file.parts
    )


def _signs(machine: Machine, frame: Frame, place: Place) -> frozenset[str]:
    """What the names around a call say: of where the result goes, and of what is handed over.

    ``outcome``: a result named after evaluation data (`test_acc`); ``result``: one that evaluations have (`preds`).
    """
    if _is_test_file(frame.path):
        return frozenset()
    signs = set()
    if any(names_evaluation_data(target) for target in frame.results):
        signs.add("outcome")
    elif any(names_result(target) for target in frame.results):
        signs.add("result")
    if isinstance(place.node, ast.Call) and _hands_over_evaluation_data(machine, place.node):
        signs.add("data")
    return frozenset(signs)


def _hands_over_evaluation_data(machine: Machine, node: ast.Call) -> bool:
    """Whether arguments are named after evaluation data, and none after training data."""
    given = [*node.args, *(keyword.value for keyword in node.keywords)]
    names = [name for argument in given for name in machine.names_in(argument)]
    return any(map(names_evaluation_data, names)) and not any(map(names_training_data, names))


def named_after_evaluation_data(machine: Machine, node: ast.expr) -> bool:
    """Whether what a loop runs over is named after evaluation data."""
    return any(map(names_evaluation_data, machine.names_in(node)))


def _data_signs(frame: Frame, arguments: Arguments) -> frozenset[str]:
    data = any(taint.kind == "eval-data" for value in arguments.values() for taint in taints_of(value))
    return frozenset({"data"}) if data and not _is_test_file(frame.path) else frozenset()
