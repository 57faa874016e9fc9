"""`nnxlint check --fix --verify`: what is kept, what is taken back, and what the user is told."""

import importlib.util
import json
import shutil
from pathlib import Path

import pytest

from nnxlint.cli import main
from tests.fixture_cases import FIXTURES


def copied(name: str, folder: Path) -> Path:
    target = folder / "project"
    shutil.copytree(FIXTURES / name, target)
    return target


def test_verifying_needs_fixes_to_judge(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--verify", "."]) == 2

    assert capsys.readouterr().err == "nnxlint: error: --verify judges fixes: it goes with --fix or --diff\n"


def test_without_jax_one_line_says_what_to_install(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "jax" else found(name))

    assert main(["check", "--fix", "--verify", str(copied("_verify_projects/agent", tmp_path))]) == 2

    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "jax is not installed: install nnxlint with its extra `verify`" in error


@pytest.mark.runtime
def test_what_holds_is_kept_and_the_rest_taken_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = copied("_verify_projects/digits", tmp_path)
    train = folder / "train.py"
    # The optimizer now needs a model that needs data, which is not there.
    made = train.read_text(encoding="utf-8").replace(
        "nnx.Rngs(config.seed)", 'nnx.Rngs(len(np.load("mnist_train.npz")))'
    )
    train.write_text(made, encoding="utf-8")

    status = main(["check", "--fix", "--verify", "--output-format", "concise", str(folder)])

    text = train.read_text(encoding="utf-8")
    told = capsys.readouterr()
    assert status == 1
    assert "optimizer.update(model, grads)" in text
    assert "wrt=nnx.Param" not in text
    assert "NNX206" in told.out
    assert "train.py:42: the fix of NNX206 was taken back: UNVERIFIED: " in told.err
    assert "mnist_train.npz" in told.err


@pytest.mark.runtime
def test_reports_say_why_a_fix_was_taken_back(tmp_path: Path) -> None:
    # Nothing of this can be run without a library that is not there.
    (tmp_path / "made.py").write_text(
        "import not_there\nfrom flax import nnx\n\n\ndef make():\n"
        "    return nnx.Optimizer(not_there.make_model(), not_there.make_transformation())\n"
    )
    written = tmp_path / "found.json"

    main(["check", "--fix", "--verify", "--quiet", "--output-format", f"json:{written}", str(tmp_path / "made.py")])

    verdicts = {each["code"]: each.get("verify", {}).get("verdict") for each in json.loads(written.read_text())}
    assert verdicts["NNX206"] == "UNVERIFIED"


@pytest.mark.runtime
def test_fixes_that_hold_together_are_all_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = copied("_verify_projects/trainer_class", tmp_path)

    assert main(["check", "--fix", "--unsafe-fixes", "--verify", str(folder)]) == 0

    text = (folder / "trainer.py").read_text(encoding="utf-8")
    assert "optax.adam(learning_rate), wrt=nnx.Param)" in text
    assert "self.optimizer.update(self.model, grads)" in text
    assert "deterministic=True" in text
    assert "taken back" not in capsys.readouterr().err
