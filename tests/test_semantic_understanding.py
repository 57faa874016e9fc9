"""The shares of what was understood, and what `nnxlint why` says."""

from collections.abc import Callable
from pathlib import Path

import pytest

from nnxlint.knowledge import load_projects
from nnxlint.semantic.analysis import Analysis, analyse
from nnxlint.settings import Overrides, settings_loader

PROGRAM = """\
from flax import nnx
import jax

class Net(nnx.Module):
    def __init__(self, rngs: nnx.Rngs):
        self.lin = nnx.Linear(2, 2, rngs=rngs)
        self.drop = nnx.Dropout(0.5, rngs=rngs)

    def __call__(self, x):
        return self.drop(self.lin(x))

def evaluate(model, batch):
    return model(batch)

model = Net(nnx.Rngs(0, dropout=1))
model.eval()
print(evaluate(model, jax.numpy.ones((1, 2))))
"""


@pytest.fixture
def analysed(tmp_path: Path) -> Callable[[str], Analysis]:
    """Give what analyses one file's text."""

    def of(text: str) -> Analysis:
        path = tmp_path / "program.py"
        path.write_text(text)
        return analyse(load_projects((path,), settings_loader(Overrides())).projects[0])

    return of


def test_everything_of_a_plain_program_is_understood(analysed: Callable[[str], Analysis]) -> None:
    statistics = analysed(PROGRAM).statistics
    assert (statistics.module_classes.understood, statistics.module_classes.seen) == (1, 1)
    assert (statistics.model_calls.understood, statistics.model_calls.seen) == (3, 3)
    assert (statistics.rngs.understood, statistics.rngs.seen) == (1, 1)


def test_a_model_from_elsewhere_is_told_with_its_reason(analysed: Callable[[str], Analysis]) -> None:
    text = "from flax import nnx\nimport zoo\nnnx.Linear\nmodel = zoo.load()\nmodel(1)\nmodel(2)\n"
    share = analysed(text).statistics.model_calls
    assert (share.understood, share.seen) == (0, 2)
    assert share.reasons == (("what … gives is not modelled", 2),)


def test_a_function_named_like_one_is_no_model_call(analysed: Callable[[str], Analysis]) -> None:
    text = "from flax import nnx\nimport zoo\nnnx.Linear\nloss_fn = zoo.loss()\nloss_fn(1)\n"
    assert analysed(text).statistics.model_calls.seen == 0


def test_why_tells_class_mode_and_chain(analysed: Callable[[str], Analysis]) -> None:
    analysis = analysed(PROGRAM)
    (path,) = analysis._modules
    lines = analysis.model(path).explain(13)
    assert lines[0] == "`model(batch)` calls a module of class `Net`, built at program.py:15"
    assert "`nnx.Dropout` at program.py:10 in evaluation mode, as its attribute `deterministic` says" in lines[1]
    assert lines[2].startswith("  runs in `evaluate`, which does not train")
    assert lines[3].startswith("  which is called in `program` at program.py:17")


def test_why_tells_the_streams(analysed: Callable[[str], Analysis]) -> None:
    analysis = analysed(PROGRAM)
    (path,) = analysis._modules
    assert any("the streams `default`, `dropout`" in line for line in analysis.model(path).explain(15))
