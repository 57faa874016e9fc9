"""The options of nnxlint's own rules do what their pages say."""

from pathlib import Path

import pytest

from nnxlint.project import CheckRequest, check
from nnxlint.semantic.flax_api import TABLE_VERSIONS
from nnxlint.settings import Overrides, settings_loader

STATISTIC = """\
import jax.numpy as jnp
from flax import nnx


class Norm(nnx.Module):
    def __init__(self, size):
        self.running_mean = nnx.Param(jnp.zeros(size))

    def __call__(self, x):
        self.running_mean[...] = 0.9 * self.running_mean[...] + 0.1 * x.mean(0)
        return x - self.running_mean[...]
"""
WEIGHT = """\
from flax import nnx


class Projection(nnx.Module):
    def __init__(self, din, dout, rngs: nnx.Rngs):
        self.kernel = nnx.Variable(nnx.initializers.lecun_normal()(rngs.params(), (din, dout)))

    def __call__(self, x):
        return x @ self.kernel[...]
"""


@pytest.mark.parametrize(
    ("code", "setting", "found"),
    [
        (STATISTIC, None, ["NNX501"]),
        (STATISTIC, 'rules.NNX501.trained = ["running_mean"]', []),
        (STATISTIC, 'rules.NNX501.trained = ["running_*"]', []),
        (STATISTIC, 'rules.statistic-as-param.trained = ["*_mean"]', []),
        (STATISTIC, 'rules.NNX501.trained = ["running_var", "mean"]', ["NNX501"]),
        (WEIGHT, None, ["NNX502"]),
        (WEIGHT, 'rules.NNX502.untrained = ["kernel"]', []),
        (WEIGHT, 'rules.NNX502.untrained = ["bias"]', ["NNX502"]),
    ],
)
def test_attributes_that_an_option_names_are_left_alone(
    tmp_path: Path, code: str, setting: str | None, found: list[str]
) -> None:
    (tmp_path / "model.py").write_text(code)
    typed = () if setting is None else (setting,)

    report = check(CheckRequest((tmp_path,), settings_loader(Overrides(TABLE_VERSIONS[-1], typed=typed))))

    assert [each.code for each in report.diagnostics] == found


def test_what_is_typed_comes_before_the_file_option_by_option(tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text(STATISTIC + WEIGHT)
    (tmp_path / "nnxlint.toml").write_text('rules.NNX501.trained = ["*"]\nrules.NNX502.untrained = ["*"]\n')
    overrides = Overrides(TABLE_VERSIONS[-1], typed=("rules.NNX501.trained = []",))

    report = check(CheckRequest((tmp_path,), settings_loader(overrides)))

    assert [each.code for each in report.diagnostics] == ["NNX501"]


def test_what_is_kept_is_of_the_options_that_held(tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text(STATISTIC)
    (tmp_path / "pyproject.toml").write_text("[tool.nnxlint]\n")
    found = []
    for typed in ((), ('rules.NNX501.trained = ["*"]',), ()):
        settings_of = settings_loader(Overrides(TABLE_VERSIONS[-1], typed=typed))
        report = check(CheckRequest((tmp_path,), settings_of, remembers=True))
        found.append(len(report.diagnostics))

    assert found == [1, 0, 1]
