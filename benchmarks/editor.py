"""Measure what an editor waits for: first findings after a cold start, findings after a keystroke, and memory.

A server is started as editors start it, on a package of the ecosystem, and one of its files is opened and typed in:
in random functions, lines come, change and go. Exit status 1: a bar is missed.
"""

import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
from command import REPOSITORY
from packages import package_paths
from rich.console import Console
from rich.table import Table
from speed import Bar

MEDIAN, OF_TWENTY, FIRST, MEGABYTES = 0.060, 0.120, 1.0, 500
PATIENCE = 300.0


class Editor:
    """The other end of the server's pipes."""

    def __init__(self, root: Path, cache: Path) -> None:
        environment = os.environ | {"PYTHONPATH": str(REPOSITORY), "XDG_CACHE_HOME": str(cache)}
        command = [sys.executable, "-P", "-m", "nnxlint", "server"]
        self.started = time.perf_counter()
        self._process = subprocess.Popen(
            command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
        )
        self._number = 0
        self.request("initialize", {"processId": os.getpid(), "rootUri": root.as_uri(), "capabilities": {}})
        self.notify("initialized", {})

    def notify(self, method: str, parameters: object) -> None:
        """Tell the server."""
        self._send({"jsonrpc": "2.0", "method": method, "params": parameters})

    def request(self, method: str, parameters: object) -> Any:  # noqa: ANN401 - whatever the method gives
        """Ask the server, and wait."""
        self._number += 1
        self._send({"jsonrpc": "2.0", "id": self._number, "method": method, "params": parameters})
        return self.wait(lambda message: message.get("id") == self._number and "method" not in message)

    def wait(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Read until a message is the one that is wanted; requests of the server get an empty answer."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            message = self._receive()
            if wanted(message):
                return message
            if "id" in message and "method" in message:
                self._send({"jsonrpc": "2.0", "id": message["id"], "result": None})
        trouble = "the server does not answer"
        raise click.ClickException(trouble)

    def findings(self, uri: str, version: int) -> dict[str, Any]:
        """Wait for the findings of a version of a file."""
        return self.wait(
            lambda message: (
                message.get("method") == "textDocument/publishDiagnostics"
                and message["params"]["uri"] == uri
                and message["params"].get("version") == version
            )
        )

    def megabytes(self) -> float:
        """The resident memory of the server and its children."""
        listed = subprocess.run(["ps", "-eo", "pid=,ppid=,rss="], capture_output=True, text=True, check=True).stdout
        rows = [tuple(map(int, line.split())) for line in listed.splitlines()]
        family = {self._process.pid}
        while more := {pid for pid, parent, _ in rows if parent in family} - family:
            family |= more
        return sum(size for pid, _, size in rows if pid in family) / 1024

    def close(self) -> None:
        """End the server."""
        self.request("shutdown", None)
        self.notify("exit", None)
        self._process.wait(10)

    def _send(self, message: object) -> None:
        body = json.dumps(message).encode()
        assert self._process.stdin is not None  # noqa: S101 - for the types
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self._process.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        stream = self._process.stdout
        assert stream is not None  # noqa: S101 - for the types
        length = 0
        while line := stream.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        message: dict[str, Any] = json.loads(stream.read(length))
        return message


def typed(text: str, chance: random.Random) -> Iterator[str]:
    """Texts as they are while somebody types: a statement more, changed, and gone, in one function after the other."""
    lines = text.split("\n")
    bodies = [row for row, line in enumerate(lines) if line.startswith("        return ")]
    while True:
        row = chance.choice(bodies)
        indent = lines[row][: len(lines[row]) - len(lines[row].lstrip())]
        for statement in ("scale = 1", "scale = 10", "scale = 100"):
            yield "\n".join([*lines[:row], indent + statement, *lines[row:]])
        yield text


def measure(path: Path, root: Path, strokes: int, cache: Path) -> Iterator[tuple[str, float]]:
    """Give the figures of one session: seconds to the first findings, seconds of each keystroke, megabytes."""
    text = path.read_text(encoding="utf-8")
    editor = Editor(root, cache)
    uri = path.as_uri()
    document = {"uri": uri, "languageId": "python", "version": 1, "text": text}
    editor.notify("textDocument/didOpen", {"textDocument": document})
    editor.findings(uri, 1)
    yield "first", time.perf_counter() - editor.started
    texts = typed(text, random.Random(1))  # noqa: S311 - typing, not secrets
    for version in range(2, strokes + 2):
        started = time.perf_counter()
        change = {"textDocument": {"uri": uri, "version": version}, "contentChanges": [{"text": next(texts)}]}
        editor.notify("textDocument/didChange", change)
        editor.findings(uri, version)
        yield "keystroke" if version > 2 else "first keystroke", time.perf_counter() - started  # noqa: PLR2004
        time.sleep(0.05)
    yield "memory", editor.megabytes()
    editor.close()


@click.command()
@click.option("--package", default="easydel", show_default=True)
@click.option("--file", "name", default="easydel/modules/olmo2/modeling_olmo2.py", show_default=True)
@click.option("--strokes", default=60, show_default=True)
def main(package: str, name: str, strokes: int) -> None:
    """Open the file twice (the second time results are remembered), type in it, and say which bars hold."""
    console = Console(width=110)
    bars = []
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as cache:
        root = Path(folder).resolve() / package
        shutil.copytree(package_paths()[package], root)
        (root / "pyproject.toml").write_text("", encoding="utf-8")
        path = root / name
        for start in ("nothing remembered", "remembered"):
            figures = list(measure(path, root, strokes, Path(cache)))
            rows = dict(figures)
            strokes_taken = sorted(value for kind, value in figures if kind == "keystroke")
            console.print(
                f"{start}: first findings {rows['first']:.2f} s, first keystroke {rows['first keystroke']:.2f} s"
            )
            bars.append(Bar(f"first findings, {start}", rows["first"], FIRST, "s"))
        bars.append(Bar("keystroke, median", statistics.median(strokes_taken), MEDIAN, "s"))
        bars.append(Bar("keystroke, 95th percentile", strokes_taken[int(len(strokes_taken) * 0.95)], OF_TWENTY, "s"))
        bars.append(Bar("memory of the server", rows["memory"], MEGABYTES, "MB"))
    table = Table(title=f"{package}, {name}")
    for title in ("figure", "value", "limit", ""):
        table.add_column(title)
    for bar in bars:
        table.add_row(
            bar.name, f"{bar.value:.3f} {bar.unit}", f"{bar.limit:g} {bar.unit}", "ok" if bar.holds else "MISSED"
        )
    console.print(table)
    raise SystemExit(0 if all(bar.holds for bar in bars) else 1)


if __name__ == "__main__":
    main()
