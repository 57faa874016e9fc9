"""Standard input, linted and fixed as if it were a file of its project."""

import io
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from nnxlint.cli import main
from tests.fixture_cases import FIXTURES

Piped = Callable[..., tuple[int, bytes, str]]

BEFORE = b"optimizer = nnx.Optimizer(model, optax.adamw(1e-3))"
AFTER = b"optimizer = nnx.Optimizer(model, optax.adamw(1e-3), wrt=nnx.Param)"


@pytest.fixture
def piped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Piped:
    """Give what runs the command line in the demonstration project, with bytes on standard input."""
    shutil.copytree(FIXTURES / "_project" / "demo", tmp_path / "demo")
    monkeypatch.chdir(tmp_path / "demo")
    monkeypatch.setenv("NO_COLOR", "1")

    def run(data: bytes, *arguments: str) -> tuple[int, bytes, str]:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))
        status = main(["check", "-", "--output-format", "concise", *arguments])
        out, err = capfdbinary.readouterr()
        return status, out, err.decode()

    return run


def _train() -> bytes:
    return Path("flowers/train.py").read_bytes()


def test_it_is_known_as_a_file_of_its_project(piped: Piped) -> None:
    # The call that is wrong stands in another file: only the project knows that the model comes from here.
    status, out, err = piped(Path("flowers/evaluate.py").read_bytes(), "--stdin-filename", "flowers/evaluate.py")
    assert (status, err) == (1, "")
    assert b"flowers/evaluate.py:15:18: NNX102 warning" in out
    assert out.endswith(b"Found 2 warnings in 1 file; 2 fixable with --fix --unsafe-fixes\n")


def test_what_is_typed_counts_and_not_what_is_on_disk(piped: Piped) -> None:
    data = b"\n\n" + _train().replace(BEFORE, AFTER)
    _, out, _ = piped(data, "--stdin-filename", "flowers/train.py")
    assert b"NNX206" not in out
    assert b"flowers/train.py:30:5: NNX207" in out


def test_a_file_that_is_not_on_disk_yet_belongs_to_the_project_too(piped: Piped) -> None:
    _, out, _ = piped(_train(), "--stdin-filename", "flowers/newer.py")
    assert b"flowers/newer.py:36:17: NNX206" in out


def test_without_a_name_it_stands_in_the_working_directory(piped: Piped) -> None:
    _, out, _ = piped(b"from flax import nnx\nimport optax\no = nnx.Optimizer(nnx.Linear(1, 1), optax.sgd(1))\n")
    assert b"stdin.py:3:5: NNX206" in out


def test_fixing_writes_the_text_to_standard_output_and_nothing_to_disk(piped: Piped) -> None:
    data = b"\xef\xbb\xbf" + _train().replace(b"\n", b"\r\n")
    before = _train()
    status, out, err = piped(data, "--stdin-filename", "flowers/train.py", "--fix")
    expected = data.replace(BEFORE, AFTER).replace(b"optimizer.update(grads)", b"optimizer.update(model, grads)")
    assert (status, out) == (1, expected)
    assert err.startswith("flowers/train.py:34:44: NNX401 error")
    assert _train() == before


def test_text_without_mistakes_comes_back_as_it_was(piped: Piped) -> None:
    assert piped(b"x  =  1\r\n", "--fix")[:2] == (0, b"x  =  1\r\n")
    assert piped(b"from flax import nnx\nx = (\n", "--fix", "-q")[:2] == (1, b"from flax import nnx\nx = (\n")


def test_a_file_that_is_left_out_comes_back_as_it_was(piped: Piped) -> None:
    options = ("--stdin-filename", "flowers/train.py", "--fix", "--exclude", "train.py", "--force-exclude", "-q")
    assert piped(_train(), *options) == (0, _train(), "")


def test_a_diff_names_the_file(piped: Piped) -> None:
    status, out, _ = piped(_train(), "--stdin-filename", "flowers/train.py", "--diff", "-q")
    assert status == 1
    assert out.startswith(b"--- flowers/train.py\n+++ flowers/train.py\n")
