"""How a repair is watched on the user's own code: what the rule's witness looks at, and what must stay as it was.

The witness sees the entry itself. What must stay is the training of the module that the entry is about, by a loss that
weights every output differently, so that no gradient vanishes by symmetry.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from nnxlint.verify.entries.driver import CALL, SUPPORT, Driver
from nnxlint.verify.entries.references import CannotMakeError
from nnxlint.verify.protocol import Case, Maker, Probe

FORWARD = "_nnxlint_forward"
_BATCH, _TRAINER = "batch", "trainer"
_LOSS, _TRAIN, _WATCHED, _UNDONE = "_nnxlint_loss", "_nnxlint_train", "_nnxlint_watched", "_nnxlint_undone"

_IMPORT = "\nfrom nnxlint.verify.child import watching as _nnxlint_watching\n"


@dataclass(frozen=True, slots=True)
class Subject:
    """The module that an entry is about.

    `forward`: Python of a function that calls it, with the names of the `arrays` that this takes; empty where nothing
    says how. `inside`: for a module that the entry itself makes, an expression for its class.
    """

    name: str
    forward: str = ""
    arrays: tuple[str, ...] = ()
    inside: str = ""


@dataclass(frozen=True, slots=True)
class Exercise:
    """Python to append to the driver's, the case, and the options of the witness and of the frame."""

    code: str
    case: Case
    witness: Mapping[str, str] = field(default_factory=dict)
    frame: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Stage:
    """An entry as a function and its arguments, the objects of its case, and the module that it is about.

    `attribute`: the attribute that the fix declares in another way, for the rules about kinds of Variables.
    """

    case: Case
    entry: str
    arguments: tuple[str, ...]
    subject: Subject | None
    attribute: str
    code: str = ""

    @property
    def module(self) -> Subject:
        """The module; `CannotMakeError` where there is none."""
        if self.subject is None:
            message = "it is given no module to look at"
            raise CannotMakeError(message)
        return self.subject

    @property
    def callable_module(self) -> Subject:
        """The module; `CannotMakeError` where nothing says how it is called."""
        if not self.module.forward:
            message = "nothing says how its module is called"
            raise CannotMakeError(message)
        return self.module

    @property
    def declared(self) -> str:
        """The attribute; `CannotMakeError` where it is not known."""
        if not self.attribute:
            message = "nothing says which attribute the fix is about"
            raise CannotMakeError(message)
        return self.attribute

    def exercise(self, *probes: Probe, objects: Mapping[str, Maker], more: str = "") -> Exercise:
        """The exercise with these probes and further objects."""
        case = self.case
        every = {**case.objects, **objects}
        return Exercise(_IMPORT + self.code + more, Case(case.name, every, case.inputs, case.constants, probes))


def exercise(witness: str, driver: Driver, subject: Subject | None, attribute: str) -> Exercise:
    """How a witness is asked about an entry; `CannotMakeError` where it cannot be."""
    if witness not in _EXERCISES:
        message = f"`{witness}` cannot be watched outside of the rules' own programs"
        raise CannotMakeError(message)
    [probe] = driver.case.probes
    stage = _Stage(driver.case, CALL, probe.arguments, subject, attribute)
    return _EXERCISES[witness](stage if subject is None or not subject.inside else _with_made(stage, subject))


def making(case: Case, subject: Subject) -> tuple[str, dict[str, Maker]]:
    """How the module that an entry is about is made: Python to append, and the objects of the case that it needs."""
    if not subject.inside:
        return "", {name: maker for name, maker in case.objects.items() if name == subject.name}
    [probe] = case.probes
    made = "_nnxlint_made"
    code = f"\n\ndef {made}(*given):\n    return {SUPPORT}.made_inside({subject.inside}, {CALL}, *given)\n"
    return code, {**case.objects, subject.name: Maker(made, probe.arguments)}


def _with_made(stage: _Stage, subject: Subject) -> _Stage:
    """The entry, told to take one and the same module wherever it would make one."""
    code, objects = making(stage.case, subject)
    again = "_nnxlint_with_made"
    code += f"\n\ndef {again}(module, *given):\n    return {SUPPORT}.with_made(module, {CALL}, *given)\n"
    case = Case(stage.case.name, objects, stage.case.inputs, stage.case.constants, stage.case.probes)
    return _Stage(case, again, (subject.name, *stage.arguments), subject, stage.attribute, code)


def _bound(name: str, function: str, first: str) -> str:
    """A function of `watching` with its first argument given."""
    return f"\n\ndef {name}(*given):\n    return _nnxlint_watching.{function}({first}, *given)\n"


def _training(subject: Subject) -> str:
    if not subject.forward:
        return ""
    return subject.forward + _bound(_LOSS, "loss", FORWARD) + _bound(_TRAIN, "train", FORWARD)


def _losses(subject: Subject) -> Iterator[Probe]:
    """What must stay of a module's training, where it is known how to call it."""
    if subject.forward:
        yield Probe(_LOSS, (subject.name, _BATCH), differentiate=True)


def _arrays(subject: Subject) -> dict[str, Maker]:
    """The arrays that the module is called with, as the one object that witnesses know."""
    return {_BATCH: Maker("_nnxlint_watching.batch", subject.arrays)} if subject.forward else {}


def _trained_by(subject: Subject) -> dict[str, Maker]:
    return {_TRAINER: Maker("_nnxlint_watching.trainer", (subject.name,)), **_arrays(subject)}


def _repeatable(stage: _Stage) -> Exercise:
    module = stage.subject or Subject("")
    if not stage.case.objects:
        message = "it is given no module to look at"
        raise CannotMakeError(message)
    code = _bound(_WATCHED, "watched", stage.entry) + _bound(_UNDONE, "undone", stage.entry) + _training(module)
    watched = Probe(_WATCHED, stage.arguments, frame=False)
    undone = Probe(_UNDONE, stage.arguments)
    return stage.exercise(watched, undone, *_losses(module), objects=_arrays(module), more=code)


def _moving(stage: _Stage) -> Exercise:
    module = stage.callable_module
    step = Probe(stage.entry, stage.arguments, frame=False)
    return stage.exercise(step, *_losses(module), objects=_arrays(module), more=_training(module))


def _returned(stage: _Stage) -> tuple[str, dict[str, Maker]]:
    """The object to look into: the module, or else what the entry gives."""
    if stage.subject is not None:
        return stage.subject.name, {}
    return "returned", {"returned": Maker(stage.entry, stage.arguments)}


def _streams(stage: _Stage) -> Exercise:
    owner, objects = _returned(stage)
    draws = Probe("_nnxlint_draws", stage.arguments, frame=False)
    code = _bound("_nnxlint_draws", "draws", f"globals(), {stage.entry}")
    made = stage.exercise(draws, objects=objects, more=code)
    return Exercise(made.code, made.case, {}, {"object": owner})


def _siblings(stage: _Stage) -> Exercise:
    owner, objects = _returned(stage)
    pair = {"siblings": Maker("_nnxlint_watching.siblings", (owner,))}
    made = stage.exercise(objects={**objects, **pair})
    return Exercise(made.code, made.case, {"modules": "siblings"}, {"object": owner})


def _left_alone(stage: _Stage) -> Exercise:
    module = stage.callable_module
    train = Probe(_TRAIN, (module.name, _TRAINER, _BATCH))
    made = stage.exercise(train, objects=_trained_by(module), more=_training(module))
    options = {"model": module.name, "path": stage.declared, "forward": _LOSS}
    return Exercise(made.code, made.case, options, {"without": stage.declared})


def _trained(stage: _Stage) -> Exercise:
    module = stage.callable_module
    train = Probe(_TRAIN, (module.name, _TRAINER, _BATCH), frame=False)
    loss = Probe(_LOSS, (module.name, _BATCH))
    made = stage.exercise(train, loss, objects=_trained_by(module), more=_training(module))
    return Exercise(made.code, made.case, {"model": module.name, "path": stage.declared})


def _rest(stage: _Stage) -> Exercise:
    module = stage.module
    rest = Probe("_nnxlint_rest", stage.arguments, frame=False)
    params = Probe("_nnxlint_params", (module.name, *stage.arguments))
    code = _bound("_nnxlint_rest", "rest", stage.entry) + _bound("_nnxlint_params", "params_after", stage.entry)
    return stage.exercise(rest, params, objects={}, more=code)


_EXERCISES: Mapping[str, Callable[[_Stage], Exercise]] = {
    "eval-repeatable": _repeatable,
    "every-param-moves": _moving,
    "streams-differ": _streams,
    "modules-differ": _siblings,
    "optimizer-leaves-it": _left_alone,
    "weight-is-trained": _trained,
    "rest-holds-no-params": _rest,
}
