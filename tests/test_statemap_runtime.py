"""The state map against real Flax: attribute paths, types, shapes and streams of models that are really built."""

import importlib.util
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest

from nnxlint.knowledge import load_projects
from nnxlint.semantic.analysis import analyse
from nnxlint.semantic.statemap import Held, Kind, Part, StateMap, state_map
from nnxlint.settings import Overrides, settings_loader
from nnxlint.verify.programs import MODELS, REFERENCE

pytestmark = pytest.mark.runtime

PROGRAMS = {
    "inherited": """
class Base(nnx.Module):
    def __init__(self, width, rngs):
        self.scale = nnx.Param(0.1 * jax.random.normal(rngs.params(), (width, 2)))
        self.rngs = rngs

class Model(Base):
    def __init__(self, rngs):
        super().__init__(8, rngs)
        self.norms = nnx.List([nnx.LayerNorm(4, rngs=rngs), nnx.RMSNorm(4, rngs=rngs)])
        self._build()

    def _build(self):
        self.cache = nnx.Cache(jnp.zeros((4, 4), jnp.bfloat16))
        self.count = nnx.Variable(jnp.array(0))
""",
    "containers": """
class Seen(nnx.BatchStat):
    pass

class Model(nnx.Module):
    def __init__(self, rngs):
        self.seen = Seen(jnp.ones((3,)))
        self.heads = nnx.Dict(a=nnx.Linear(8, 2, rngs=rngs), b=nnx.Linear(8, 3, use_bias=False, rngs=rngs))
        self.body = nnx.Sequential(nnx.Conv(3, 5, (3, 3), rngs=rngs), nnx.relu, nnx.Dropout(0.5, rngs=rngs))
        self.layers = nnx.List([nnx.Linear(4, 4, rngs=rngs) for _ in range(3)])
        self.width = 8
""",
    "attention": """
class Model(nnx.Module):
    def __init__(self, rngs):
        self.embed = nnx.Embed(11, 8, rngs=rngs)
        self.attend = nnx.MultiHeadAttention(num_heads=2, in_features=8, qkv_features=12, decode=False, rngs=rngs)
        self.plain = nnx.MultiHeadAttention(
            num_heads=2, in_features=8, use_bias=False, dropout_rate=0.1, decode=False, rngs=rngs
        )
        self.norm = nnx.GroupNorm(8, num_groups=4, use_scale=False, rngs=rngs)
""",
    "cells": """
class Model(nnx.Module):
    def __init__(self, rngs):
        self.gru = nnx.RNN(nnx.GRUCell(4, 6, rngs=rngs), rngs=rngs)
        self.both = nnx.Bidirectional(
            nnx.RNN(nnx.LSTMCell(4, 6, rngs=rngs), rngs=rngs), nnx.RNN(nnx.SimpleCell(4, 6, rngs=rngs), rngs=rngs),
            rngs=rngs,
        )
        self.adapted = nnx.LoRALinear(8, 6, lora_rank=2, use_bias=False, rngs=rngs)
""",
    "shared": """
class Tower(nnx.Module):
    def __init__(self, embed, rngs):
        self.embed = embed
        self.out = nnx.Linear(8, 1, rngs=rngs)

class Model(nnx.Module):
    def __init__(self, rngs):
        embed = nnx.Embed(11, 8, rngs=rngs)
        self.left = Tower(embed, rngs)
        self.right = Tower(embed, rngs)
        self.gate = nnx.Param(jnp.zeros((8,))) if True else None
""",
}
HEAD = "import jax\nimport jax.numpy as jnp\nfrom flax import nnx\n"
MAKE = "\ndef create(rngs):\n    return Model(rngs)\n\nmodel = create(nnx.Rngs(0, dropout=1))\n"


class Leaf(NamedTuple):
    """A Variable by its path; `*` stands for any one part."""

    path: tuple[str, ...]
    type: str
    shape: tuple[int | None, ...] | None
    sure: bool

    def is_at(self, path: tuple[str, ...]) -> bool:
        """Whether the Variable may be the one at a path."""
        same = (one in {"*", other} for one, other in zip(self.path, path, strict=False))
        return len(path) == len(self.path) and all(same)

    def has(self, shape: tuple[int, ...]) -> bool:
        """Whether the shape may be this one."""
        if self.shape is None:
            return True
        same = (one in {None, other} for one, other in zip(self.shape, shape, strict=False))
        return len(shape) == len(self.shape) and all(same)


def _leaves(parts: Iterable[Part], inside: tuple[str, ...] = (), *, sure: bool = True) -> Iterator[Leaf]:
    for part in parts:
        path = (*inside, *part.name.split("."))
        certain = sure and not part.optional and len(part.held) == 1 and part.name != "*"
        for held in part.held:
            yield from _of_held(held, path, sure=certain)


def _of_held(held: Held, path: tuple[str, ...], *, sure: bool) -> Iterator[Leaf]:
    match held.kind:
        case Kind.VARIABLE:
            yield Leaf(path, held.type, held.shape, sure)
        case Kind.STREAM:
            yield from _stream(path, sure=sure)
        case Kind.RNGS:
            for stream in held.streams:
                yield from _stream((*path, stream), sure=sure)
            if not held.complete:
                yield from _stream((*path, "*"), sure=False)
        case _:
            yield from _leaves(held.parts, path, sure=sure)


def _stream(path: tuple[str, ...], *, sure: bool) -> Iterator[Leaf]:
    yield Leaf((*path, "key"), "RngKey", (), sure)
    yield Leaf((*path, "count"), "RngCount", (), sure)


def _map_of(path: Path) -> StateMap:
    projects = load_projects((path,), settings_loader(Overrides())).projects
    return state_map(analyse(next(one for one in projects if one.reported), watched=True).machine)


def _agrees(module: ModuleType, states: StateMap) -> None:
    """What Flax holds is told, with its type and shape, and what is told for certain is held."""
    from flax import nnx  # noqa: PLC0415 - these tests alone need it

    model = module.create(nnx.Rngs(0, dropout=1))
    flat = nnx.to_flat_state(nnx.state(model))
    # A key's own shape depends on how JAX keeps keys, and says nothing of the model.
    real = {
        tuple(map(str, path)): (type(leaf).__name__, () if isinstance(leaf, nnx.RngKey) else leaf.get_value().shape)
        for path, leaf in flat
    }
    [cls] = [one for one in states.of(type(model).__name__) if Path(one.place.path) == Path(module.__file__ or "")]
    told = list(_leaves(cls.parts))

    assert cls.complete
    for path, (kind, shape) in real.items():
        assert any(leaf.is_at(path) and leaf.type == kind and leaf.has(shape) for leaf in told), (path, kind, shape)
    shared = _shared(model)
    assert [leaf for leaf in told if leaf.sure and not any(map(leaf.is_at, (*real, *shared)))] == []
    if all(leaf.sure for leaf in told):
        variables = [name for name, _ in real.values() if not name.startswith("Rng")]
        assert {count.type: count.least for count in cls.totals.variables} == {
            name: variables.count(name) for name in variables
        }


def _shared(model: object) -> list[tuple[str, ...]]:
    """Further paths to Variables that are held twice: Flax's State names the first alone."""
    from flax import nnx  # noqa: PLC0415

    paths: list[tuple[str, ...]] = []

    def walk(node: object, inside: tuple[str, ...]) -> None:
        items = vars(node).items() if isinstance(node, nnx.Module) else ()
        for name, value in items:
            if isinstance(value, nnx.Variable):
                paths.append((*inside, name))
            elif isinstance(value, nnx.Module):
                walk(value, (*inside, name))

    walk(model, ())
    return paths


@pytest.fixture
def checked(tmp_path: Path) -> Callable[[str, str], None]:
    """Give what holds the state map of a program against what Flax makes of it."""

    def check(name: str, text: str) -> None:
        path = tmp_path / f"{name}.py"
        path.write_text(text, encoding="utf-8")
        spec = importlib.util.spec_from_file_location(f"statemap_{name}", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        _agrees(module, _map_of(path))

    return check


@pytest.mark.parametrize("model", MODELS)
def test_reference_models(model: str, checked: Callable[[str, str], None]) -> None:
    checked(model, (REFERENCE / f"{model}.py").read_text(encoding="utf-8"))


@pytest.mark.parametrize("program", PROGRAMS)
def test_programs(program: str, checked: Callable[[str, str], None]) -> None:
    checked(program, HEAD + PROGRAMS[program] + MAKE)
