"""What speaks for evaluation at a call: names of functions, data and results along the call chain."""

import ast
from collections.abc import Iterator
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
    steps = [_step(machine, frame, place, _signs(frame, place) | _data_signs(frame, arguments))]
    current = frame
    while current.parent is not None and current.call_site is not None:
        steps.append(_step(machine, current.parent, current.call_site, _signs(current.parent, current.call_site)))
        current = current.parent
    return tuple(steps)


def _step(machine: Machine, frame: Frame, place: Place, signs: frozenset[str]) -> Step:
    found = function_purpose(machine, frame)
    return Step(
        place=place,
        function=frame.name or PurePosixPath(frame.path).stem,
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
    stem = PurePosixPath(frame.path).stem
    if _is_test_file(frame.path):
        stem = ""
        if "test" in words(frame.name):
            return Purpose.NEUTRAL
    if frame.decl is None:
        return _script_purpose(stem)
    own = purpose(frame.decl.name)
    if own is Purpose.EVALUATION and _is_test_file(frame.path):
        # Tests call what they test in whatever mode it is made.
        return Purpose.NEUTRAL
    if own is not Purpose.NEUTRAL:
        return own
    owner = frame.decl.owner
    if owner is not None:
        of_class = purpose(owner.name)
        return Purpose.NEUTRAL if of_class is Purpose.EVALUATION and _in_module(machine, frame) else of_class
    return _script_purpose(stem) if frame.decl.name in {"main", "run", "<lambda>"} else Purpose.NEUTRAL


def _script_purpose(stem: str) -> Purpose:
    found = purpose(stem)
    return found if stem else Purpose.NEUTRAL


def _is_test_file(path: str) -> bool:
    file = PurePosixPath(path)
    return (
        file.stem.startswith("test_") or file.stem.endswith("_test") or file.stem == "conftest" or "tests" in file.parts
    )


def _signs(frame: Frame, place: Place) -> frozenset[str]:
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
    if isinstance(place.node, ast.Call) and _hands_over_evaluation_data(place.node):
        signs.add("data")
    return frozenset(signs)


def _hands_over_evaluation_data(node: ast.Call) -> bool:
    """Whether arguments are named after evaluation data, and none after training data."""
    names = [
        name for argument in (*node.args, *(keyword.value for keyword in node.keywords)) for name in _names(argument)
    ]
    return any(map(names_evaluation_data, names)) and not any(map(names_training_data, names))


def _names(node: ast.expr) -> Iterator[str]:
    for child in ast.walk(node):
        if isinstance(child, ast.Name):
            yield child.id
        elif isinstance(child, ast.Attribute):
            yield child.attr


def named_after_evaluation_data(node: ast.expr) -> bool:
    """Whether what a loop runs over is named after evaluation data."""
    return any(map(names_evaluation_data, _names(node)))


def _data_signs(frame: Frame, arguments: Arguments) -> frozenset[str]:
    data = any(taint.kind == "eval-data" for value in arguments.values() for taint in taints_of(value))
    return frozenset({"data"}) if data and not _is_test_file(frame.path) else frozenset()
