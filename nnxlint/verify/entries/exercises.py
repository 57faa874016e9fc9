"""How a repair is watched on the user's own code: what the rule's witness looks at, and what must stay as it was.

The witness sees the entry itself. What must stay is the training of the module that the entry is about, by a loss that
weights every output differently, so that no gradient vanishes by symmetry.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from nnxlint.verify.entries.driver import CALL, Driver
from nnxlint.verify.entries.references import RESOLVE, CannotMakeError
from nnxlint.verify.protocol import Case, Maker, Probe

FORWARD = "_nnxlint_forward"
LOSS, TRAIN, UNDONE, PARAMS = "_nnxlint_loss", "_nnxlint_train", "_nnxlint_undone", "_nnxlint_params"
_TRAINER = "_nnxlint_make_trainer"
_BATCH = "batch"

_TRAINING = f'''

def _nnxlint_batch(*arrays):
    """The arrays that the module is called with."""
    return arrays


def {LOSS}(module, batch):
    """A number that every output changes."""
    jnp, jax = {RESOLVE}("jax.numpy"), {RESOLVE}("jax")
    leaves = [leaf for leaf in jax.tree.leaves({FORWARD}(module, *batch)) if jnp.issubdtype(leaf.dtype, jnp.inexact)]
    return sum(jnp.mean(leaf.real * jnp.cos(jnp.arange(leaf.size)).reshape(leaf.shape)) for leaf in leaves)


def {_TRAINER}(module):
    """An optimizer of all Params of the module."""
    return _nnxlint_optimizer({RESOLVE}("flax.nnx.Optimizer"), module, {RESOLVE}("optax.sgd")(0.1))


def {TRAIN}(module, trainer, batch):
    """One step of training."""
    loss, grads = {RESOLVE}("flax.nnx.value_and_grad")({LOSS})(module, batch)
    trainer.update(module, grads)
    return loss
'''

_UNDONE = f'''

def {UNDONE}(module, *given):
    """The entry is called, and what it did to the module's Variables is undone: only modes and structure may stay."""
    nnx, jax = {RESOLVE}("flax.nnx"), {RESOLVE}("jax")
    state = jax.tree.map(lambda leaf: leaf, nnx.split(module)[1])
    {CALL}(*given)
    nnx.update(module, state)
'''

_PARAMS = f'''

def {PARAMS}(module, *given):
    """The parameters after the entry was called."""
    {CALL}(*given)
    return {RESOLVE}("flax.nnx").state(module, {RESOLVE}("flax.nnx.Param"))
'''

_REST = f'''

def _nnxlint_rest(*given):
    """The last state that the entry takes by a filter for what is beside the parameters."""
    nnx, found = {RESOLVE}("flax.nnx"), []

    def noting(name, made):
        def taken(node, *filters, **keywords):
            result = made(node, *filters, **keywords)
            states = result if isinstance(result, tuple) else (result,)
            states = states[1:] if name == "split" else states
            for filter_, state in zip(filters, states):
                if filter_ is nnx.Variable or filter_ is Ellipsis or isinstance(filter_, nnx.Not):
                    found.append(state)
            return result

        return taken

    made = {{name: getattr(nnx, name) for name in ("state", "split", "pop")}}
    for name, function in made.items():
        setattr(nnx, name, noting(name, function))
    try:
        {CALL}(*given)
    finally:
        for name, function in made.items():
            setattr(nnx, name, function)
    return tuple(found)
'''

_CAPTURE = f'''

def _nnxlint_captured(cls, *given):
    """The objects of a class that this module itself makes while the entry is called, in order."""
    import sys

    made, found = cls.__init__, []

    def noting(self, *positional, **keywords):
        made(self, *positional, **keywords)
        if sys._getframe(1).f_globals is globals() or sys._getframe(2).f_globals is globals():
            found.append(self)

    cls.__init__ = noting
    try:
        {CALL}(*given)
    finally:
        cls.__init__ = made
    return found


def _nnxlint_streams(*given):
    """The first `Rngs` with several streams that the entry makes."""
    found = _nnxlint_captured({RESOLVE}("flax.nnx.Rngs"), *given)
    several = [rngs for rngs in found if len(list(rngs)) > 1]
    return (several or found)[0]
'''

_SIBLINGS = f'''

def _nnxlint_siblings(owner):
    """The modules of one class inside an object, of the first class of which there are several."""
    nnx = {RESOLVE}("flax.nnx")
    by_class = {{}}
    for _, module in nnx.iter_graph(owner):
        own = type(module).__module__.partition(".")[0] != "flax"
        if isinstance(module, nnx.Module) and module is not owner and own:
            by_class.setdefault(type(module), []).append(module)
    for _, module in nnx.iter_graph(owner):
        if isinstance(module, nnx.Linear):
            by_class.setdefault(nnx.Linear, []).append(module)
    return next(modules for modules in by_class.values() if len(modules) > 1)
'''


@dataclass(frozen=True, slots=True)
class Subject:
    """The module that an entry is about, and how it is called: none where that is not known."""

    name: str
    forward: str = ""
    arrays: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Exercise:
    """Python to append to the driver's, the case, and the options of the witness and of the frame."""

    code: str
    case: Case
    witness: Mapping[str, str] = field(default_factory=dict)
    frame: Mapping[str, str] = field(default_factory=dict)


def exercise(witness: str, driver: Driver, subject: Subject | None, attribute: str) -> Exercise:
    """How a witness is asked about an entry; `CannotMakeError` where it cannot be.

    `attribute`: the attribute that the fix declares in another way, for the rules about kinds of Variables.
    """
    if witness not in _EXERCISES:
        message = f"`{witness}` cannot be watched outside of the rules' own programs"
        raise CannotMakeError(message)
    return _EXERCISES[witness](driver, subject, attribute)


def _about(subject: Subject | None) -> Subject:
    if subject is None:
        message = "it is given no module to look at"
        raise CannotMakeError(message)
    return subject


def _callable(subject: Subject | None) -> Subject:
    known = _about(subject)
    if not known.forward:
        message = "nothing says how its module is called"
        raise CannotMakeError(message)
    return known


def _entry_probe(driver: Driver) -> Probe:
    [probe] = driver.case.probes
    return Probe(probe.call, probe.arguments, frame=False)


def _training_probes(subject: Subject) -> Iterator[Probe]:
    """What must stay of a module's training, where it is known how to call it."""
    if subject.forward:
        yield Probe(LOSS, (subject.name, _BATCH), differentiate=True)


def _training_code(subject: Subject) -> str:
    return subject.forward + _TRAINING if subject.forward else ""


def _batch(subject: Subject) -> dict[str, Maker]:
    """The arrays that the module is called with, as the one object that witnesses know."""
    return {_BATCH: Maker("_nnxlint_batch", subject.arrays)} if subject.forward else {}


def _trainer(subject: Subject) -> dict[str, Maker]:
    return {"trainer": Maker(_TRAINER, (subject.name,)), **_batch(subject)}


def _with(driver: Driver, *probes: Probe, objects: Mapping[str, Maker] | None = None) -> Case:
    case = driver.case
    return Case(case.name, {**case.objects, **(objects or {})}, case.inputs, case.constants, probes)


def _repeatable(driver: Driver, subject: Subject | None, _: str) -> Exercise:
    module = _about(subject)
    entry = _entry_probe(driver)
    undone = Probe(UNDONE, (module.name, *entry.arguments))
    case = _with(driver, entry, undone, *_training_probes(module), objects=_batch(module))
    return Exercise(_UNDONE + _training_code(module), case)


def _moving(driver: Driver, subject: Subject | None, _: str) -> Exercise:
    module = _callable(subject)
    case = _with(driver, _entry_probe(driver), *_training_probes(module), objects=_batch(module))
    return Exercise(_training_code(module), case)


def _streams(driver: Driver, _: Subject | None, __: str) -> Exercise:
    entry = _entry_probe(driver)
    objects = {"streams": Maker("_nnxlint_streams", entry.arguments)}
    case = _with(driver, objects=objects)
    return Exercise(_CAPTURE, case, {"streams": "streams"}, {"object": "streams"})


def _siblings(driver: Driver, subject: Subject | None, _: str) -> Exercise:
    owner = subject.name if subject is not None else "returned"
    returned = {} if subject is not None else {"returned": Maker(CALL, _entry_probe(driver).arguments)}
    case = _with(driver, objects={**returned, "siblings": Maker("_nnxlint_siblings", (owner,))})
    return Exercise(_SIBLINGS, case, {"modules": "siblings"}, {"object": owner})


def _left_alone(driver: Driver, subject: Subject | None, attribute: str) -> Exercise:
    module = _callable(subject)
    train = Probe(TRAIN, (module.name, "trainer", _BATCH))
    case = _with(driver, train, objects=_trainer(module))
    options = {"model": module.name, "path": _known(attribute), "forward": LOSS}
    return Exercise(_training_code(module), case, options, {"without": attribute})


def _trained(driver: Driver, subject: Subject | None, attribute: str) -> Exercise:
    module = _callable(subject)
    train = Probe(TRAIN, (module.name, "trainer", _BATCH), frame=False)
    loss = Probe(LOSS, (module.name, _BATCH))
    case = _with(driver, train, loss, objects=_trainer(module))
    return Exercise(_training_code(module), case, {"model": module.name, "path": _known(attribute)})


def _rest(driver: Driver, subject: Subject | None, _: str) -> Exercise:
    module = _about(subject)
    entry = _entry_probe(driver)
    rest = Probe("_nnxlint_rest", entry.arguments, frame=False)
    params = Probe(PARAMS, (module.name, *entry.arguments))
    return Exercise(_REST + _PARAMS, _with(driver, rest, params))


def _known(attribute: str) -> str:
    if not attribute:
        message = "nothing says which attribute the fix is about"
        raise CannotMakeError(message)
    return attribute


_EXERCISES: Mapping[str, Callable[[Driver, Subject | None, str], Exercise]] = {
    "eval-repeatable": _repeatable,
    "every-param-moves": _moving,
    "streams-differ": _streams,
    "modules-differ": _siblings,
    "optimizer-leaves-it": _left_alone,
    "weight-is-trained": _trained,
    "rest-holds-no-params": _rest,
}
