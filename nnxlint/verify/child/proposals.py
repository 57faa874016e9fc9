"""Shapes to try for inputs that only have a name: by the name, and by the layers that the program made."""

import contextlib
import functools
import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flax import nnx

from nnxlint.semantic.vocabulary import words
from nnxlint.verify.protocol import ArraySpec

BATCH, LENGTH = 2, 8
_SIDES = (32, 28, 16, 64, 8, 224)
_PER_INPUT = 14

_LABELS = frozenset("label labels y ys target targets classes cls actions action answer answers gt truth".split())
_TOKENS = frozenset("token tokens ids input_ids words text sequence sequences prompt".split())
_TIMES = frozenset("t time times timestep timesteps sigma".split())
_MASKS = frozenset("mask masks padding".split())
_SCALARS = frozenset("lr rate step beta weight temperature scale tau gamma alpha epsilon".split())
_KEYS = frozenset("key keys rng prng seed".split())


@dataclass(slots=True)
class Layers:
    """What was made while a program ran, in order: sizes that layers take and give."""

    spatial: dict[tuple[int, int], None] = field(default_factory=dict)
    entering: dict[int, None] = field(default_factory=dict)
    leaving: dict[int, None] = field(default_factory=dict)
    vocabularies: dict[int, None] = field(default_factory=dict)
    normalised: dict[int, None] = field(default_factory=dict)
    first_axes: dict[int, None] = field(default_factory=dict)


def proposals(unsolved: Mapping[str, str], layers: Layers) -> Iterator[dict[str, ArraySpec]]:
    """Inputs to try, the likeliest first."""
    ranked = [list(dict.fromkeys(_candidates(hint, layers)))[:_PER_INPUT] for hint in unsolved.values()]
    ranks = itertools.product(*(range(len(one)) for one in ranked))
    limit = 20_000 if len(ranked) > 1 else None
    for chosen in sorted(itertools.islice(ranks, limit), key=lambda one: (sum(one), one)):
        yield {name: one[rank] for name, one, rank in zip(unsolved, ranked, chosen, strict=True)}


@contextlib.contextmanager
def watched(layers: Layers) -> Iterator[None]:
    """Within this, note the sizes of every layer that is made."""
    noted: tuple[tuple[type, Callable[[Layers, Any], None]], ...] = (
        (nnx.Linear, _note_linear),
        (nnx.LinearGeneral, _note_general),
        (nnx.Conv, _note_conv),
        (nnx.Embed, _note_embed),
        (nnx.MultiHeadAttention, _note_attention),
        (nnx.BatchNorm, _note_norm),
        (nnx.LayerNorm, _note_norm),
        (nnx.Variable, _note_variable),
    )
    with contextlib.ExitStack() as stack:
        for cls, note in noted:
            stack.enter_context(_noting(cls, note, layers))
        for name in ("LSTMCell", "OptimizedLSTMCell", "GRUCell", "SimpleCell"):
            stack.enter_context(_noting(getattr(nnx, name), _note_linear, layers))
        yield


@contextlib.contextmanager
def _noting(cls: type, note: Callable[[Layers, Any], None], layers: Layers) -> Iterator[None]:
    made = cls.__dict__.get("__init__")
    if made is None:
        yield
        return

    @functools.wraps(made)
    def noting(self: object, *args: object, **keywords: object) -> None:
        made(self, *args, **keywords)
        with contextlib.suppress(Exception):  # looking must never make a program fail
            note(layers, self)

    setattr(cls, "__init__", noting)  # noqa: B010 - the class is not known to the type checker
    try:
        yield
    finally:
        setattr(cls, "__init__", made)  # noqa: B010


def _note_linear(layers: Layers, made: Any) -> None:  # noqa: ANN401 - any layer
    layers.entering[int(made.in_features)] = None
    for name in ("out_features", "hidden_features"):
        if hasattr(made, name):
            layers.leaving[int(getattr(made, name))] = None


def _note_general(layers: Layers, made: Any) -> None:  # noqa: ANN401
    layers.entering[math.prod(made.in_features)] = None


def _note_conv(layers: Layers, made: Any) -> None:  # noqa: ANN401
    layers.spatial[int(made.in_features), len(made.kernel_size)] = None


def _note_embed(layers: Layers, made: Any) -> None:  # noqa: ANN401
    layers.vocabularies[int(made.num_embeddings)] = None


def _note_attention(layers: Layers, made: Any) -> None:  # noqa: ANN401
    layers.entering[int(made.in_features)] = None


def _note_norm(layers: Layers, made: Any) -> None:  # noqa: ANN401
    layers.normalised[int(made.num_features)] = None


def _note_variable(layers: Layers, made: Any) -> None:  # noqa: ANN401
    if isinstance(made, nnx.RngState | nnx.optimizer.OptState):
        return
    shape = made.shape
    if len(shape) > 1:
        layers.first_axes[int(shape[0])] = None
        layers.leaving.setdefault(int(shape[-1]), None)
    elif shape:
        layers.normalised.setdefault(int(shape[0]), None)


def _candidates(hint: str, layers: Layers) -> Iterator[ArraySpec]:
    parts = words(hint) | {hint}
    if parts & _KEYS:
        yield ArraySpec((), "key")
    if parts & _SCALARS:
        yield ArraySpec(())
    if parts & _LABELS:
        yield from _labels(layers)
    if parts & _TIMES:
        yield from (ArraySpec((BATCH,)), ArraySpec((BATCH,), "int32", LENGTH), ArraySpec((BATCH, 1)), ArraySpec(()))
    if parts & _MASKS:
        yield from _masks()
    if parts & _TOKENS:
        yield from _tokens(layers)
    yield from _data(layers)
    yield from _labels(layers)
    yield ArraySpec(())


def _data(layers: Layers) -> Iterator[ArraySpec]:
    """Images for convolutions, rows or sequences of features for linear layers, ids for embeddings."""
    if layers.vocabularies and not layers.spatial:
        yield from _tokens(layers)
    for channels, axes in itertools.islice(layers.spatial, 1):
        yield from (ArraySpec((BATCH, *(side,) * axes, channels)) for side in _SIDES)
    sizes = (*layers.entering, *layers.first_axes, *layers.normalised) or (LENGTH, 4, 1)
    for size in itertools.islice(dict.fromkeys(sizes), 3):
        yield ArraySpec((BATCH, size))
        yield from _as_image(size)
        yield ArraySpec((BATCH, LENGTH, size))
    yield ArraySpec((sizes[0],))
    yield from _tokens(layers)


def _as_image(size: int) -> Iterator[ArraySpec]:
    """The image that flattens to so many numbers, where there is a square one."""
    for channels in (1, 3):
        side = math.isqrt(size // channels)
        if side > 2 and side * side * channels == size:  # noqa: PLR2004 - smaller ones are no images
            yield ArraySpec((BATCH, side, side, channels))
            if channels == 1:
                yield ArraySpec((BATCH, side, side))


def _tokens(layers: Layers) -> Iterator[ArraySpec]:
    below = next(iter(layers.vocabularies), 2)
    yield ArraySpec((BATCH, LENGTH), "int32", below)
    yield ArraySpec((BATCH,), "int32", below)


def _labels(layers: Layers) -> Iterator[ArraySpec]:
    sizes: Sequence[int] = tuple(reversed(layers.leaving))[:2]
    yield ArraySpec((BATCH,), "int32", 2)
    yield from (ArraySpec((BATCH, size)) for size in sizes)
    yield ArraySpec((BATCH, 1))
    yield ArraySpec((BATCH,))
    yield ArraySpec((BATCH, LENGTH), "int32", 2)
    yield from (ArraySpec((BATCH, LENGTH, size)) for size in sizes)


def _masks() -> Iterator[ArraySpec]:
    yield ArraySpec((BATCH, LENGTH), "bool")
    yield ArraySpec((BATCH, LENGTH))
    yield ArraySpec((BATCH,), "bool")
    yield ArraySpec((BATCH, 1, LENGTH, LENGTH), "bool")
    yield ArraySpec((LENGTH, LENGTH), "bool")
