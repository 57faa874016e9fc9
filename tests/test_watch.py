"""`--watch` in a process of its own: what it prints after each change, and how it ends."""

import os
import pty
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nnxlint.commands.watch import Watched, watched_by
from nnxlint.settings import settings_loader
from tests.cli_runs import RunCli, write

MODEL = "import optax\nfrom flax import nnx\n\n\ndef build(model: nnx.Linear) -> nnx.Optimizer:\n    return {}\n"
BAD = MODEL.format("nnx.Optimizer(model, optax.sgd(0.1))")
GOOD = MODEL.format("nnx.Optimizer(model, optax.sgd(0.1), wrt=nnx.Param)")
WATCHING = "nnxlint: watching for changes"
WITH_LIBRARY = "from nnxlint.cli import run; raise SystemExit(run())"
WITHOUT_LIBRARY = (
    "import importlib.util, sys; find = importlib.util.find_spec;"
    "importlib.util.find_spec = lambda name, *rest: None if name == 'watchfiles' else find(name, *rest);"
    "sys.modules['watchfiles'] = None;"
) + WITH_LIBRARY


class Watcher:
    """A running `nnxlint check --watch`, whose lines are read in the background."""

    def __init__(self, folder: Path, program: str, *arguments: str) -> None:
        command = [sys.executable, "-c", program, "check", "--watch", "--output-format", "concise", *arguments]
        self.process = subprocess.Popen(
            command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
        )
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line.rstrip("\n"))

    def until(self, start: str) -> list[str]:
        """Give the lines up to one that starts so."""
        lines = [self._lines.get(timeout=60)]
        while not lines[-1].startswith(start):
            lines.append(self._lines.get(timeout=60))
        return lines

    def end(self) -> int:
        """Interrupt it as Ctrl-C does, and give its exit status."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=60)


@pytest.fixture(params=[WITH_LIBRARY, WITHOUT_LIBRARY], ids=["told", "polling"])
def watch(request: pytest.FixtureRequest, project: Path) -> Iterator[Callable[..., Watcher]]:
    """Give what starts a watcher in the project, with the library and without."""
    write(project / "nnxlint.toml", 'flax-version = "0.12.0"\n')
    started: list[Watcher] = []

    def start(*arguments: str) -> Watcher:
        started.append(Watcher(project, request.param, *arguments))
        return started[-1]

    yield start
    for each in started:
        each.process.kill()
        each.process.wait()


def test_every_change_is_linted_whatever_becomes_of_the_files(project: Path, watch: Callable[..., Watcher]) -> None:
    write(project / "a.py", BAD)
    watcher = watch("a.py")
    assert watcher.until(WATCHING)[-2] == "Found 1 error in 1 file; 1 fixable with --fix"
    write(project / "a.py", GOOD)
    assert watcher.until(WATCHING)[0] == "No problems found in 1 file"
    write(project / "a.py", "from flax import nnx\nx = (\n")
    assert "NNX900" in watcher.until(WATCHING)[0]
    (project / "a.py").unlink()
    assert watcher.until(WATCHING)[0] == "nnxlint: error: " + str(project / "a.py") + ": no such file or directory"
    write(project / "a.py", BAD)
    assert watcher.until(WATCHING)[0].startswith("a.py:6:12: NNX206")
    write(project / "nnxlint.toml", "select = [")
    assert "nnxlint.toml: invalid TOML" in watcher.until(WATCHING)[0]
    write(project / "nnxlint.toml", 'ignore = ["NNX206"]\n')
    assert watcher.until(WATCHING)[0] == "No problems found in 1 file"
    assert watcher.end() == 0


def test_nothing_is_told_but_findings_when_quiet(project: Path, watch: Callable[..., Watcher]) -> None:
    write(project / "a.py", BAD)
    watcher = watch("--quiet")
    watcher.until("a.py:6:12: NNX206")
    write(project / "b.py", BAD)
    assert watcher.until("b.py:6:12: NNX206")[0].startswith("a.py:6:12")
    assert watcher.end() == 0


def test_the_screen_is_cleared_on_a_terminal_only(project: Path) -> None:
    write(project / "a.py", GOOD)
    here, there = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", WITH_LIBRARY, "check", "--watch"], cwd=project, stdout=there, stderr=there, stdin=there
    )
    os.close(there)
    shown = b""
    while WATCHING.encode() not in shown:
        shown += os.read(here, 1000)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 0
    os.close(here)
    assert shown.startswith(b"\x1b[2J\x1b[3J\x1b[H")


def test_what_matters_is_watched(tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml", '[tool.nnxlint]\nbaseline = "known.json"\n')
    write(tmp_path / "src" / "a.py", "")
    watched = watched_by([tmp_path / "src" / "a.py", tmp_path / "src"], settings_loader())
    assert watched == Watched((tmp_path,), frozenset({tmp_path / "known.json"}))
    for name in (
        "src/b.py",
        "n.ipynb",
        "pyproject.toml",
        "uv.lock",
        "requirements-x.txt",
        "known.json",
        ".gitignore",
    ):
        assert watched.matters(tmp_path / name), name
    for name in ("notes.md", "metrics.json", ".venv/x.py", "src/__pycache__/a.py", ".a.py.x.nnxlint"):
        assert not watched.matters(tmp_path / name), name
    assert watched_by([tmp_path / "src" / "gone" / "a.py"], settings_loader()).folders == (tmp_path,)


@pytest.mark.parametrize("other", ["-", "--write-baseline", "--prune-baseline", "--add-ignore"])
def test_options_that_contradict_it(run: RunCli, other: str) -> None:
    result = run("--watch", other)
    assert (result.status, result.out, result.err.count("\n")) == (2, "", 1)
    assert "--watch" in result.err
