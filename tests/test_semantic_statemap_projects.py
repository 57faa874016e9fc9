"""The state map of programs as people write them: what is told, and what is honestly not known."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from nnxlint.knowledge import load_projects
from nnxlint.semantic.analysis import Analysis, analyse
from nnxlint.semantic.statemap import ClassState, Kind, Mode, Part, state_map
from nnxlint.settings import Overrides, settings_loader

HEAD = "import jax\nimport jax.numpy as jnp\nfrom flax import nnx\n"
Analysed = Callable[[Mapping[str, str]], Analysis]


@pytest.fixture
def analysed(tmp_path: Path) -> Analysed:
    """Give what analyses a project of these files."""

    def of(files: Mapping[str, str]) -> Analysis:
        for name, content in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(content)
        (tmp_path / "pyproject.toml").write_text("")
        projects = load_projects((tmp_path,), settings_loader(Overrides())).projects
        return analyse(next(one for one in projects if one.reported), watched=True)

    return of


@pytest.fixture
def told(analysed: Analysed) -> Callable[..., ClassState]:
    """Give what tells of one class of a program."""

    def of(text: str, name: str = "Model") -> ClassState:
        [found] = state_map(analysed({"program.py": HEAD + text}).machine).of(name)
        return found

    return of


def _part(state: ClassState, name: str) -> Part:
    return next(part for part in state.parts if part.name == name)


def test_a_class_of_another_file(analysed: Analysed) -> None:
    files = {
        "app/__init__.py": "",
        "app/layers.py": HEAD
        + """
class Layer(nnx.Module):
    def __init__(self, width, *, rngs: nnx.Rngs):
        self.weight = nnx.Param(jnp.zeros((width,)))
""",
        "app/models.py": HEAD
        + """
from .layers import Layer

class Model(nnx.Module):
    def __init__(self, *, rngs: nnx.Rngs):
        self.first = Layer(3, rngs=rngs)
        self.second = Layer(4, rngs=rngs)

def reset(model: Model):
    model.first.weight.value = jnp.ones((3,))
""",
    }
    states = state_map(analysed(files).machine)
    [model], [layer] = states.of("app.models.Model"), states.of("app.layers.Layer")
    assert [_part(one.held[0], "weight").held[0].shape for one in model.parts] == [(3,), (4,)]
    assert _part(layer, "weight").held[0].shape == (None,)
    assert [(change.attribute, change.by) for change in layer.changes] == [("weight", "reset")]


def test_a_list_whose_length_is_not_known(told: Callable[..., ClassState]) -> None:
    model = told("""
class Model(nnx.Module):
    def __init__(self, depth: int, *, rngs: nnx.Rngs):
        self.layers = nnx.List([nnx.Linear(4, 4, rngs=rngs) for _ in range(depth)])
        self.last = nnx.Linear(4, 4, use_bias=False, rngs=rngs)
""")
    assert [part.name for part in _part(model, "layers").held[0].parts] == ["*"]
    assert model.totals.variables == (("Param", 1, None),)


def test_attributes_that_may_be_none(told: Callable[..., ClassState]) -> None:
    model = told("""
class Model(nnx.Module):
    def __init__(self, rate: float, *, use_bias: bool, rngs: nnx.Rngs):
        self.dropout = nnx.Dropout(rate, rngs=rngs) if rate > 0 else None
        self.linear = nnx.Linear(4, 4, use_bias=use_bias, rngs=rngs)
""")
    assert _part(model, "dropout").optional
    bias = next(part for part in _part(model, "linear").held[0].parts if part.name == "bias")
    assert bias.optional
    assert model.totals.variables == (("Param", 1, 2),)


def test_what_is_made_under_vmap_has_no_known_shape(told: Callable[..., ClassState]) -> None:
    model = told("""
class Model(nnx.Module):
    def __init__(self, *, rngs: nnx.Rngs):
        @nnx.split_rngs(splits=5)
        @nnx.vmap
        def create(rngs):
            return nnx.Linear(4, 2, rngs=rngs)
        self.members = create(rngs)
        self.single = nnx.Linear(4, 2, rngs=rngs)
""")
    [members], [single] = _part(model, "members").held, _part(model, "single").held
    assert (members.mapped, single.mapped) == (True, False)
    assert [part.held[0].shape for part in members.parts] == [None, None]
    assert [part.held[0].shape for part in single.parts] == [(2,), (4, 2)]


def test_a_base_that_is_not_known(told: Callable[..., ClassState]) -> None:
    text = """
from .elsewhere import Mixin

class Model(Mixin, nnx.Module):
    def __init__(self, *, rngs: nnx.Rngs):
        self.linear = nnx.Linear(4, 2, rngs=rngs)
"""
    model = told(text)
    assert not model.complete
    assert not model.totals.complete


def test_a_module_that_comes_from_outside(told: Callable[..., ClassState]) -> None:
    model = told("""
class Model(nnx.Module):
    def __init__(self, encoder, width):
        self.encoder = encoder
        self.width = width

    def __call__(self, x):
        return self.encoder(x) * self.width
""")
    assert [(part.name, part.held[0].kind) for part in model.parts] == [("encoder", Kind.UNKNOWN)]
    assert not model.totals.complete


def test_variables_of_own_types_and_their_bases(told: Callable[..., ClassState]) -> None:
    model = told("""
class Statistic(nnx.BatchStat):
    pass

class Model(nnx.Module):
    def __init__(self):
        self.mean = Statistic(jnp.zeros((3,), dtype=jnp.float16))
        self.step = nnx.Variable(0)
""")
    [mean] = _part(model, "mean").held
    assert (mean.type, mean.base, mean.shape, mean.dtype) == ("Statistic", "flax.nnx.BatchStat", (3,), "float16")
    assert model.totals.variables == (("Statistic", 1, 1), ("Variable", 1, 1))


def test_modes_that_are_set(told: Callable[..., ClassState]) -> None:
    text = """
class Model(nnx.Module):
    def __init__(self, *, rngs: nnx.Rngs):
        self.dropout = nnx.Dropout(0.5, rngs=rngs)

    def __call__(self, x):
        return self.dropout(x)

model = Model(rngs=nnx.Rngs(0))
model(jnp.ones(3))
model.eval()
model(jnp.ones(3))

def run(any_model: Model, x):
    return any_model(x)
"""
    model = told(text)
    assert [call.mode for call in model.calls] == [Mode.TRAINING, Mode.EVALUATION, Mode.UNKNOWN]


def test_attribute_flags_and_the_layers_that_go_by_them(told: Callable[..., ClassState]) -> None:
    model = told("""
class Model(nnx.Module):
    def __init__(self, *, deterministic: bool = False, rngs: nnx.Rngs):
        self.deterministic = deterministic
        self.first = nnx.Dropout(0.5, rngs=rngs)
        self.second = nnx.Dropout(0.5, deterministic=deterministic, rngs=rngs)
        self.third = nnx.Dropout(0.5, rngs=rngs)

    def __call__(self, x):
        x = self.first(x, deterministic=self.deterministic)
        return self.third(self.second(x))
""")
    [flag] = model.flags
    assert (flag.name, flag.method, flag.asks_training, flag.default) == ("deterministic", "__init__", False, "False")
    assert set(flag.steers) == {"first", "second"}


def test_whole_states_are_changed_by_update(told: Callable[..., ClassState]) -> None:
    model = told("""
class Model(nnx.Module):
    def __init__(self, *, rngs: nnx.Rngs):
        self.linear = nnx.Linear(2, 2, rngs=rngs)

def restore(state):
    model = Model(rngs=nnx.Rngs(0))
    nnx.update(model, state)
    return model
""")
    assert [(change.attribute, change.by, change.how) for change in model.changes] == [("", "restore", "nnx.update")]


def test_a_notebook(analysed: Analysed, tmp_path: Path) -> None:
    cells = [
        (
            f"{HEAD}class Model(nnx.Module):\n"
            "    def __init__(self, rngs):\n        self.linear = nnx.Linear(2, 3, rngs=rngs)\n"
        ),
        "model = Model(nnx.Rngs(0))\n",
    ]
    notebook = {
        "cells": [
            {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": one}
            for one in cells
        ],
        "metadata": {},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    analysis = analysed({"book.ipynb": json.dumps(notebook)})
    [model] = state_map(analysis.machine).of("Model")
    assert model.totals.variables == (("Param", 2, 2),)
    facts = analysis.model((tmp_path / "book.ipynb").as_posix())
    shown = facts.hover(facts.source.text.index("model = Model"))
    assert shown is not None
    assert shown.startswith("`model`: `Model`")


def test_objects_that_hold_each_other_end(told: Callable[..., ClassState]) -> None:
    model = told("""
class Child(nnx.Module):
    def __init__(self, parent):
        self.parent = parent
        self.weight = nnx.Param(jnp.zeros(2))

class Model(nnx.Module):
    def __init__(self):
        self.child = Child(self)

Model()
""")
    assert model.totals.variables == (("Param", 1, 1),)


def test_attributes_that_are_set_on_some_paths(told: Callable[..., ClassState]) -> None:
    model = told("""
class Model(nnx.Module):
    def __init__(self, features: int, hidden: int, *, rngs: nnx.Rngs):
        self.always = nnx.Linear(4, 4, rngs=rngs)
        if features != hidden:
            self.shortcut = nnx.Linear(4, 4, rngs=rngs)
            self.later = nnx.Linear(4, 4, rngs=rngs)
        self.later = nnx.Linear(2, 2, rngs=rngs)
""")
    assert {part.name: part.optional for part in model.parts} == {"always": False, "shortcut": True, "later": False}
    assert model.totals.variables == (("Param", 4, 6),)


def test_defaults_say_nothing_of_a_class_that_is_built_elsewhere(told: Callable[..., ClassState]) -> None:
    text = """
class Model(nnx.Module):
    def __init__(self, width: int = 8, *, rngs: nnx.Rngs):
        self.weight = nnx.Param(jnp.zeros((width, 2)))
"""
    assert _part(told(text), "weight").held[0].shape == (None, 2)
    assert _part(told(f"{text}\nModel(rngs=nnx.Rngs(0))\n"), "weight").held[0].shape == (8, 2)


def test_flags_are_followed_into_methods_of_their_own(told: Callable[..., ClassState]) -> None:
    model = told("""
class Model(nnx.Module):
    def __init__(self, *, rngs: nnx.Rngs):
        self.dropout = nnx.Dropout(0.5, rngs=rngs)
        self.function = nnx.relu

    def __call__(self, x, train: bool):
        return self.encode(x, train)

    def encode(self, x, train: bool):
        return self.function(self.dropout(x, deterministic=not train))
""")
    assert {flag.method: flag.steers for flag in model.flags} == {"__call__": ("dropout",), "encode": ("dropout",)}


def test_the_command_imports_neither_jax_nor_flax(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(f"{HEAD}class Model(nnx.Module):\n    pass\n")
    program = (
        "import sys\nfrom nnxlint.cli import main\n"
        "assert main(['state', 'program.py']) == 0\n"
        "sys.exit(bool({'jax', 'flax', 'numpy'} & set(sys.modules)))\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], check=False, cwd=tmp_path, capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "Model(nnx.Module) no Variables" in ran.stdout
