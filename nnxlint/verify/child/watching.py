"""What witnesses of the user's entries look at: calls of the entry with more seen, or with less changed."""

import contextlib
import copy
import functools
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

from nnxlint.verify.child.support import optimizer

Entry = Callable[..., Any]
State = dict[str, Any]

_KINDS = (nnx.Module, nnx.Optimizer, nnx.Rngs)
_FLAGS: Mapping[Any, str] = {
    nnx.Dropout: "deterministic",
    nnx.BatchNorm: "use_running_average",
    nnx.MultiHeadAttention: "deterministic",
}


def batch(*arrays: object) -> tuple[object, ...]:
    """The arrays that a module is called with, as one object."""
    return arrays


def loss(forward: Entry, module: object, arrays: tuple[object, ...]) -> jax.Array:
    """A number that every output changes, each by another weight."""
    outputs = jax.tree.leaves(forward(module, *arrays))
    leaves = [jnp.real(leaf) for leaf in outputs if jnp.issubdtype(jnp.result_type(leaf), jnp.inexact)]
    weighted = (jnp.mean(leaf * jnp.cos(jnp.arange(leaf.size)).reshape(leaf.shape)) for leaf in leaves)
    return sum(weighted, jnp.zeros(()))


def trainer(module: object) -> Any:  # noqa: ANN401 - an optimizer of whichever Flax
    """An optimizer of all Params of the module; by its decay it moves those, too, that no gradient reaches."""
    return optimizer(nnx.Optimizer, module, lambda: optax.adamw(0.05, weight_decay=0.1))


@functools.lru_cache(maxsize=8)
def _compiled(forward: Entry) -> Entry:
    """The loss and its gradients, compiled as a whole: one operation after the other takes far longer."""
    return nnx.jit(nnx.value_and_grad(lambda module, arrays: loss(forward, module, arrays)))


def train(forward: Entry, module: object, trains: Any, arrays: tuple[object, ...]) -> jax.Array:  # noqa: ANN401
    """One step of training."""
    value: jax.Array
    value, grads = _compiled(forward)(module, arrays)
    trains.update(module, grads)
    return value


def undone(entry: Entry, *given: object) -> None:
    """Call the entry, and undo what it did to Variables: only modes and structure may stay."""
    objects, state = _states(given)
    entry(*given)
    _restore(objects, state)


def watched(entry: Entry, *given: object) -> Any:  # noqa: ANN401 - whatever it gives
    """The entry, without the changes that it makes to Variables in every mode: these are no mode's fault."""
    own = _changed_in_every_mode(entry, given)
    objects, state = _states(given)
    returned = entry(*given)
    _restore(objects, {path: leaf for path, leaf in state.items() if path in own})
    return returned


def params_after(entry: Entry, module: object, *given: object) -> Any:  # noqa: ANN401 - a State
    """The parameters of a module after the entry was called."""
    entry(*given)
    return nnx.state(module, nnx.Param)


def rest(entry: Entry, *given: object) -> tuple[object, ...]:
    """The states that the entry takes by a filter for what is beside the parameters, in order."""
    found: list[object] = []

    def noting(name: str, made: Entry) -> Entry:
        def taken(node: object, *filters: object, **keywords: object) -> object:
            result = made(node, *filters, **keywords)
            states = result if isinstance(result, tuple) else (result,)
            states = states[1:] if name == "split" else states
            pairs = zip(filters, states, strict=False)
            found.extend(state for each, state in pairs if each in (nnx.Variable, ...) or isinstance(each, nnx.Not))
            return result

        return taken

    with contextlib.ExitStack() as stack:
        for name in ("state", "split", "pop"):
            stack.enter_context(_replaced(nnx, name, noting(name, getattr(nnx, name))))
        entry(*given)
    return tuple(found)


def draws(names: Mapping[str, object], entry: Entry, *given: object) -> tuple[jax.Array, ...]:
    """Numbers from two streams of the first `Rngs` with several that the module of these names makes in the entry.

    From its default stream twice, where it has no other.
    """
    made = nnx.Rngs.__init__
    found: list[nnx.Rngs] = []

    def noting(self: nnx.Rngs, *positional: Any, **keywords: Any) -> None:  # noqa: ANN401 - as it is
        made(self, *positional, **keywords)
        if _made_by(names):
            found.append(self)

    with _replaced(nnx.Rngs, "__init__", noting):
        entry(*given)
    several = [each for each in found if len(list(each)) > 1]
    [rngs, *_] = several or found
    own = [str(name) for name in rngs if name != "default"]
    return tuple(jax.random.normal(rngs[name](), (1000,)) for name in (*own, "default", "default")[:2])


def siblings(owner: object) -> tuple[object, ...]:
    """Two modules of one class inside an object: of the class that is nearest to it and is there twice."""
    by_class: dict[type, list[tuple[int, bool, int, object]]] = {}
    for number, (path, module) in enumerate(nnx.iter_graph(owner)):
        if isinstance(module, nnx.Module) and module is not owner and not isinstance(module, nnx.List | nnx.Dict):
            library = type(module).__module__.partition(".")[0] == "flax"
            by_class.setdefault(type(module), []).append((len(path), library, number, module))
    several = [sorted(each, key=lambda one: one[:3]) for each in by_class.values() if len(each) > 1]
    nearest = min(several, key=lambda each: each[0][:3])
    return tuple(one[-1] for one in nearest[:2])


def _states(given: tuple[object, ...]) -> tuple[tuple[object, ...], State]:
    """The objects of NNX among some values, and their state by path."""
    objects = tuple(each for one in given for each in _held(one))
    leaves = jax.tree_util.tree_flatten_with_path(nnx.split(objects)[1])[0]
    return objects, {jax.tree_util.keystr(path): leaf for path, leaf in leaves}


def _held(value: object) -> Iterator[object]:
    """The objects of NNX that a value is, or that it has for attributes."""
    if isinstance(value, _KINDS):
        yield value
    elif hasattr(value, "__dict__") and not isinstance(value, type):
        yield from (each for each in vars(value).values() if isinstance(each, _KINDS))


def _copied(given: tuple[object, ...]) -> tuple[object, ...]:
    """The values with copies of the objects of NNX in them; what two of them share, the copies share, too."""
    copies = iter(nnx.clone(tuple(each for one in given for each in _held(one))))
    again: list[object] = []
    for value in given:
        if isinstance(value, _KINDS):
            again.append(next(copies))
        elif any(True for _ in _held(value)):
            twin = copy.copy(value)
            for name, each in vars(value).items():
                if isinstance(each, _KINDS):
                    setattr(twin, name, next(copies))
            again.append(twin)
        else:
            again.append(value)
    return tuple(again)


def _restore(objects: tuple[object, ...], state: State) -> None:
    """Give objects the parts of their state that are known."""
    now = nnx.split(objects)[1]
    nnx.update(
        objects,
        jax.tree_util.tree_map_with_path(lambda path, leaf: state.get(jax.tree_util.keystr(path), leaf), now),
    )


def _changed_in_every_mode(entry: Entry, given: tuple[object, ...]) -> set[str]:
    """The paths that the entry changes in copies even while all layers of the library evaluate."""
    again = _copied(given)
    before = _states(again)[1]
    try:
        with _evaluating():
            entry(*again)
    except Exception:  # noqa: BLE001 - then nothing is known of other modes
        return set()
    after = _states(again)[1]
    return {path for path, leaf in before.items() if path in after and not _same(leaf, after[path])}


def _same(left: Any, right: Any) -> bool:  # noqa: ANN401 - arrays
    if any(isinstance(each, jax.core.Tracer) for each in (left, right)):
        return left is right
    return np.array_equal(_bits(left), _bits(right))


def _bits(leaf: Any) -> Any:  # noqa: ANN401 - arrays
    is_key = jnp.issubdtype(jnp.result_type(leaf), jax.dtypes.prng_key)
    return np.asarray(jax.random.key_data(leaf) if is_key else leaf)


@contextlib.contextmanager
def _evaluating() -> Iterator[None]:
    """Within this, layers of the library act as in evaluation, whatever they are told."""

    def forced(usual: Entry, flag: str) -> Entry:
        return lambda layer, *given, **named: usual(layer, *given, **{**named, flag: True})

    with contextlib.ExitStack() as stack:
        for layer, flag in _FLAGS.items():
            stack.enter_context(_replaced(layer, "__call__", forced(layer.__call__, flag)))
        yield


@contextlib.contextmanager
def _replaced(owner: object, name: str, value: object) -> Iterator[None]:
    usual = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, usual)


def _made_by(names: Mapping[str, object]) -> bool:
    """Whether the nearest caller that is none of Flax has these global names."""
    frame = sys._getframe(2)  # noqa: SLF001 - there is no other way to know who calls
    while frame.f_back is not None and str(frame.f_globals.get("__name__", "")).partition(".")[0] == "flax":
        frame = frame.f_back
    return frame.f_globals is names
