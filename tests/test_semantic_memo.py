"""Functions that are called again: what repeating an earlier run must not change."""

from collections.abc import Callable
from pathlib import Path

import pytest

from nnxlint.knowledge import load_projects
from nnxlint.semantic.analysis import Analysis, analyse
from nnxlint.settings import Overrides, settings_loader

Analyser = Callable[[str], Analysis]
HEAD = "from flax import nnx\nimport jax\n"


@pytest.fixture
def analysed(tmp_path: Path) -> Analyser:
    """Give what analyses one file's text."""

    def of(text: str) -> Analysis:
        path = tmp_path / "program.py"
        path.write_text(HEAD + text)
        loaded = load_projects((path,), settings_loader(Overrides()))
        return analyse(loaded.projects[0])

    return of


def training_of_last_call(analysis: Analysis) -> set[bool | None]:
    """The modes in which the last call of a model outside of modules reached its layers."""
    calls = [call for call in analysis._machine.seen.model_calls if not call.inside_module]
    return {use.training for use in calls[-1].uses}


MODEL = """
class Net(nnx.Module):
    def __init__(self, rngs):
        self.drop = nnx.Dropout(0.5, rngs=rngs)
    def __call__(self, x):
        return self.drop(x)

model = Net(nnx.Rngs(0))
"""


def test_a_changed_mode_is_seen_by_the_same_call(analysed: Analyser) -> None:
    assert training_of_last_call(analysed(MODEL + "model(1)\nmodel.eval()\nmodel(1)\n")) == {False}


def test_a_repeated_call_reaches_the_same_layers(analysed: Analyser) -> None:
    analysis = analysed(MODEL + "def run(m):\n    return m(1)\nrun(model)\nrun(model)\n")
    assert training_of_last_call(analysis) == {True}


def test_a_helper_that_sets_the_mode_is_repeated_with_its_effect(analysed: Analyser) -> None:
    text = "def off(m):\n    m.drop.deterministic = True\noff(model)\nmodel.train()\noff(model)\nmodel(1)\n"
    assert training_of_last_call(analysed(MODEL + text)) == {False}


def test_objects_made_by_equal_calls_stay_apart(analysed: Analyser) -> None:
    text = "def make():\n    return []\na = make()\nb = make()\na.append(1)\n"
    frame = next(iter(analysed(text)._machine.modules.values()))
    assert frame.locals["a"] != frame.locals["b"]


def test_a_rebound_global_is_read_anew(analysed: Analyser) -> None:
    text = "flag = 1\ndef get():\n    return flag\na = get()\nflag = 2\nb = get()\n"
    frame = next(iter(analysed(text)._machine.modules.values()))
    assert [frame.locals[name].value for name in "ab"] == [1, 2]


def test_a_variable_of_the_enclosing_function_is_read_anew(analysed: Analyser) -> None:
    text = """
def outer():
    held = 1
    def get():
        return held
    a = get()
    held = 2
    return a, get()
pair = outer()
"""
    frame = next(iter(analysed(text)._machine.modules.values()))
    assert [item.value for item in frame.locals["pair"].items] == [1, 2]


def test_many_branching_calls_end_soon(analysed: Analyser) -> None:
    functions = "".join(f"def f{n}(x, y):\n    f{n + 1}(x, y)\n    return f{n + 1}(y, x)\n" for n in range(30))
    analysis = analysed(functions + "def f30(x, y):\n    return x\nf0(1, 2)\n")
    assert not analysis._machine.seen.incomplete


def test_a_run_cut_short_is_marked(analysed: Analyser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nnxlint.semantic.machine.MAX_STEPS", 60)
    monkeypatch.setattr("nnxlint.semantic.run._STEPS_A_ROW", 0)
    analysis = analysed(MODEL + "def run(m):\n    m(1)\n" + "    m = m\n" * 99 + "run(model)\n")
    calls = analysis._machine.seen.model_calls
    assert calls
    assert all(call.chain[-1].activation.incomplete for call in calls)
