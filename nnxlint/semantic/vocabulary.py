"""What names tell: which words speak of evaluation, of training, of gradients, of mode flags.

A name is split into words at underscores and capitals. Words of a name never prove anything alone; they are
signs, and whoever uses them counts how many independent ones agree.
"""

import functools
import re
from enum import Enum

from nnxlint.settings import ModeFlags

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

TRAINING_FLAGS = frozenset({"train", "training", "is_train", "is_training", "enable_dropout"})
EVALUATION_FLAGS = frozenset(
    {"deterministic", "inference", "use_running_average", "eval", "is_eval", "testing", "evaluation", "is_inference"}
)

_EVALUATION_FUNCTIONS = frozenset(
    """eval evaluate evaluates evaluating evaluation evaluator test testing tester valid validate validation
    validator val infer inference predict predicts prediction predictions predictor sample sampling generate
    generation serve serving deploy holdout score accuracy classify transcribe translate embed""".split()
)
_TRAINING_FUNCTIONS = frozenset(
    """train trains training trainer trainable fit fitting finetune finetuning tune pretrain pretraining learn
    learner update optimize optimise grad gradient backward""".split()
)
_DELIBERATE = frozenset(
    """mc mcdropout monte carlo uncertainty bayesian stochastic epistemic posterior recalibrate recalibration calibrate
    calibration adapt adaptation tta tent warmup exploration explore""".split()
)
_INNER_LOOPS = frozenset(
    """maml inner fast adapt adaptation sam sharpness perturb perturbation adversarial langevin sgld hmc leapfrog
    attack dream invert""".split()
)
_OPTIMIZERS = frozenset(
    """optimizer optimiser optim sgd adam adamw adagrad rmsprop lion signum momentum nesterov lamb lars shampoo muon
    descent lookahead""".split()
)
_EVALUATION_DATA = frozenset(
    "test val valid validation eval evaluation holdout heldout infer inference unseen dev".split()
)
_TRAINING_DATA = frozenset("train training fit".split())
_RESULTS = frozenset("pred preds prediction predictions predicted test val valid validation eval evaluation".split())
_FUNCTIONS = frozenset(
    """fn func function act activation init initializer loss callback hook factory cls class type schedule
    register save load sow transform tokenizer processor name config dtype size apply get build make create""".split()
)
_GRADIENTS = frozenset("grad grads gradient gradients dloss".split())


class Purpose(Enum):
    """What a function is for, as far as its name tells."""

    EVALUATION = "evaluation"
    TRAINING = "training"
    NEUTRAL = "neutral"


@functools.lru_cache(maxsize=65536)
def words(name: str) -> frozenset[str]:
    """The lower-case words of an identifier."""
    return frozenset(word.lower() for word in _WORD.findall(name))


@functools.lru_cache(maxsize=65536)
def purpose(name: str) -> Purpose:
    """What a function, class or script of this name is for; training wins where a name says both."""
    parts = words(name)
    if parts & _TRAINING_FUNCTIONS:
        return Purpose.TRAINING
    return Purpose.EVALUATION if parts & _EVALUATION_FUNCTIONS else Purpose.NEUTRAL


@functools.lru_cache(maxsize=65536)
def names_deliberate(name: str) -> bool:
    """Whether a name says that evaluation is meant to act as training: MC dropout, adapted statistics."""
    parts = words(name)
    return bool(parts & _DELIBERATE) or {"update", "bn"} <= parts


@functools.lru_cache(maxsize=65536)
def names_inner_loop(name: str) -> bool:
    """Whether a function of this name moves parameters for a while and on purpose: MAML, SAM, Langevin sampling."""
    return bool(words(name) & _INNER_LOOPS)


@functools.lru_cache(maxsize=65536)
def names_optimizer(name: str) -> bool:
    """Whether a class of this name is an optimizer itself."""
    return bool(words(name) & _OPTIMIZERS)


@functools.lru_cache(maxsize=65536)
def names_evaluation_data(name: str) -> bool:
    """Whether a variable, attribute, key or split of this name holds data to evaluate on."""
    parts = words(name)
    return bool(parts & _EVALUATION_DATA) and not parts & _TRAINING_DATA


@functools.lru_cache(maxsize=65536)
def names_training_data(name: str) -> bool:
    """Whether a variable of this name holds data to train on."""
    return bool(words(name) & _TRAINING_DATA)


@functools.lru_cache(maxsize=65536)
def names_result(name: str) -> bool:
    """Whether a variable of this name holds what an evaluation gave."""
    parts = words(name)
    return bool(parts & _RESULTS) and not parts & _TRAINING_DATA


@functools.lru_cache(maxsize=65536)
def names_function(name: str) -> bool:
    """Whether an attribute of this name holds a function or a setting rather than a module."""
    return bool(words(name) & _FUNCTIONS)


@functools.lru_cache(maxsize=65536)
def names_gradient(name: str) -> bool:
    """Whether a variable of this name holds gradients."""
    return bool(words(name) & _GRADIENTS)


def evaluating(flag: str, known: ModeFlags, *, value: bool) -> bool | None:
    """Whether a mode flag of this name and value asks for evaluation; `None` when the name is no mode flag.

    `known`: what the settings call mode flags, which counts before what is usual.
    """
    if flag in known.train or flag in known.evaluation:
        return value is (flag in known.evaluation)
    if flag in TRAINING_FLAGS:
        return not value
    if flag in EVALUATION_FLAGS:
        return value
    return None
