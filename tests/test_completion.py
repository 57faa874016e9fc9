"""Completion in the shells themselves, as far as they are installed."""

import os
import pty
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nnxlint.cli import main
from nnxlint.completion import SHELLS
from nnxlint.config import FIELDS
from nnxlint.render.formats import FORMATS
from nnxlint.rules import all_rules

CODES = [rule.code for rule in all_rules()]
NAMES = [rule.name for rule in all_rules()]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder with a few files, and the program on the path of the shells."""
    program = tmp_path / "bin" / "nnxlint"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m nnxlint "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").touch()
    return tmp_path


def _shell(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def _in_bash(*words: str) -> list[str]:
    """Give what bash would offer for the last word; files are told as `<file>`."""
    program = """
    source <(nnxlint completion bash)
    compopt() { COMPREPLY+=("<file>"); }
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
    _nnxlint_completion nnxlint
    printf '%s\\n' "${COMPREPLY[@]}"
    """
    command = [_shell("bash"), "--norc", "-c", program, "bash", "nnxlint", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.usefixtures("home")
def test_bash_offers_commands_options_and_their_values() -> None:
    assert {"check", "rule", "completion"} < set(_in_bash(""))
    assert _in_bash("tr") == ["<file>"]
    assert _in_bash("check", "--fi") == ["--fix", "--fixable"]
    assert _in_bash("train.py", "--fi") == ["--fix", "--fixable"]
    assert _in_bash("check", "tr") == ["<file>"]
    assert _in_bash("check", "--fail-level", "") == ["warning", "error"]
    assert _in_bash("check", "--fail-level", "=", "w") == ["warning"]
    assert _in_bash("check", "--output-format", "") == [each.name for each in FORMATS]
    assert _in_bash("check", "--write-baseline", "") == ["<file>"]
    assert _in_bash("completion", "") == [*SHELLS]


@pytest.mark.usefixtures("home")
def test_bash_offers_rules_and_settings() -> None:
    assert _in_bash("rule", "NNX2") == [code for code in CODES if code.startswith("NNX2")]
    assert _in_bash("rule", "optim") == [name for name in NAMES if name.startswith("optim")]
    assert sorted(_in_bash("rule", "")) == sorted((*CODES, *NAMES))
    for option in ("--select", "--extend-select", "--ignore", "--fixable", "--unfixable"):
        assert _in_bash("check", option, "A") == ["ALL"]
    assert _in_bash("--select", "nnx101,eval-mode") == ["nnx101,eval-mode-not-set"]
    assert _in_bash("verify", "--select", "NNX206") == ["NNX206"]
    assert _in_bash("config", "per") == [key for key in FIELDS if key.startswith("per")]
    assert _in_bash("why", "tr") == ["<file>"]


def test_fish_offers_the_same_with_meanings(home: Path) -> None:
    fish = _shell("fish")
    (home / "nnxlint.fish").write_text(_script("fish"))
    program = "source nnxlint.fish; complete -C '{}'"

    def offered(line: str) -> list[str]:
        done = subprocess.run(
            [fish, "--no-config", "-c", program.format(line)], capture_output=True, text=True, check=True
        )
        return done.stdout.splitlines()

    assert "optimizer-missing-wrt\tNNX206" in offered("nnxlint rule optim")
    assert offered("nnxlint train.py --exit") == ["--exit-zero\tExit with status 0 even when something is found."]
    assert "train.py" in offered("nnxlint check tr")


@pytest.mark.parametrize(
    ("shell", "begin"),
    [
        ("bash", "source <(nnxlint completion bash)\n"),
        ("zsh", "autoload -U compinit; compinit -u -D; source <(nnxlint completion zsh)\n"),
    ],
)
@pytest.mark.usefixtures("home")
def test_the_tabulator_completes(shell: str, begin: str) -> None:
    options = {"bash": ["--norc", "--noprofile"], "zsh": ["-f"]}[shell]
    with_terminal = _Terminal([_shell(shell), *options, "-i"])
    try:
        with_terminal.type(f"{begin}echo read''y\n")
        with_terminal.until("ready")
        with_terminal.type("nnxlint rule optimizer-missi\t")
        with_terminal.until("optimizer-missing-wrt")
        with_terminal.type("\n")
        with_terminal.until("(NNX206)")
    finally:
        with_terminal.close()


class _Terminal:
    """A shell that believes that someone sits there."""

    def __init__(self, command: list[str]) -> None:
        self._end, other = pty.openpty()
        self._process = subprocess.Popen(command, stdin=other, stdout=other, stderr=other, start_new_session=True)
        os.close(other)

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self._end, text.encode())

    def until(self, text: str) -> None:
        """Wait until the text is shown."""
        shown = ""
        limit = time.monotonic() + 60
        while text not in shown:
            assert time.monotonic() < limit, shown
            if select.select([self._end], [], [], 1)[0]:
                shown += os.read(self._end, 4096).decode(errors="replace")

    def close(self) -> None:
        """Hang up."""
        self._process.kill()
        self._process.wait()
        os.close(self._end)


def _script(shell: str) -> str:
    done = subprocess.run(["nnxlint", "completion", shell], capture_output=True, text=True, check=True)  # noqa: S607
    return done.stdout


@pytest.mark.parametrize("shell", SHELLS)
def test_scripts_are_what_their_shells_read(shell: str, home: Path) -> None:
    (home / "script").write_text(_script(shell))
    done = subprocess.run([_shell(shell), "-n", "script"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_another_shell_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "tcsh"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert "'tcsh' is not one of" in captured.err


def test_offering_rules_imports_none(home: Path) -> None:
    del home
    code = "import sys; from nnxlint import completion; print([*completion._rules()] != []);print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    answer, loaded = done.stdout.splitlines()
    assert answer == "True"
    assert {"libcst", "rich", "msgspec", "nnxlint.rule"}.isdisjoint(loaded.split())
