"""What comes over the wire, and does not: wrong messages, half messages, floods, and editors that are gone."""

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from nnxlint.verify.processes import below, running
from tests.lsp_client import BAD, GOOD, SERVER, project

PATIENCE = 30.0
Message = dict[str, Any]


class Wire:
    """A server, and bytes to and from it."""

    def __init__(self, folder: Path, command: Sequence[str] = SERVER) -> None:
        self.folder = folder
        self.uri = (folder / "train.py").as_uri()
        self.process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self.heard: queue.SimpleQueue[Message] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        while line := self.process.stdout.readline():
            length = int(line.split(b":")[1]) if line.lower().startswith(b"content-length") else 0
            if length:
                while self.process.stdout.readline().strip():
                    pass
                self.heard.put(json.loads(self.process.stdout.read(length)))

    def send_bytes(self, data: bytes) -> None:
        """Send bytes as they are."""
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def send(self, message: object) -> None:
        """Send a message."""
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        self.send_bytes(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))

    def request(self, number: int | str, method: str, params: object = None) -> None:
        """Ask something."""
        self.send({"jsonrpc": "2.0", "id": number, "method": method, "params": params})

    def notify(self, method: str, params: object = None) -> None:
        """Tell something."""
        self.send({"jsonrpc": "2.0", "method": method, "params": params})

    def hear(self, wanted: Callable[[Message], bool]) -> Message:
        """Wait for a message that will do."""
        end = time.monotonic() + PATIENCE
        while True:
            message = self.heard.get(timeout=max(0.01, end - time.monotonic()))
            if wanted(message):
                return message

    def answer(self, number: int | str | None) -> Message:
        """Wait for the answer to a request."""
        return self.hear(lambda each: "method" not in each and each.get("id") == number)

    def start(self, pid: int | None = None, **capabilities: object) -> None:
        """Begin a session."""
        folder = {"uri": self.folder.as_uri(), "name": "x"}
        params = {"processId": pid, "rootUri": None, "workspaceFolders": [folder], "capabilities": capabilities}
        self.request("start", "initialize", params)
        assert "result" in self.answer("start")
        self.notify("initialized", {})

    def open(self, text: str) -> None:
        """Open the file."""
        item = {"uri": self.uri, "languageId": "python", "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})

    def change(self, version: int, text: str) -> None:
        """Change all of its text."""
        params = {"textDocument": {"uri": self.uri, "version": version}, "contentChanges": [{"text": text}]}
        self.notify("textDocument/didChange", params)

    def shows(self, version: int, *codes: str) -> None:
        """Wait until exactly these codes are pushed for a version."""
        self.hear(
            lambda each: (
                each.get("method") == "textDocument/publishDiagnostics"
                and each["params"]["uri"] == self.uri
                and each["params"].get("version") == version
                and [item["code"] for item in each["params"]["diagnostics"]] == list(codes)
            )
        )

    def is_alive(self) -> bool:
        """Whether it still answers."""
        self.request("alive", "workspace/symbol", {"query": ""})
        return bool(self.answer("alive")["error"]["code"] == -32601)

    def ends(self) -> int:
        """Wait for its end; the exit status."""
        return self.process.wait(PATIENCE)


@pytest.fixture
def wire(tmp_path: Path) -> Iterator[Wire]:
    made = Wire(project(tmp_path, train=BAD))
    yield made
    with contextlib.suppress(ProcessLookupError):
        made.process.kill()
    made.process.wait()


def test_wrong_messages_are_answered_and_the_server_lives(wire: Wire) -> None:
    wire.request(1, "textDocument/hover", {})
    assert wire.answer(1)["error"]["code"] == -32002
    wire.notify("textDocument/didOpen", {})
    wire.start()
    for number, (message, code) in enumerate(
        (
            (b"{", -32700),
            (b"\xff\xfe", -32700),
            (b"[" * 100_000, -32700),
            (b"[]", -32600),
            (b'"x"', -32600),
            (b'{"jsonrpc": "1.0", "id": 1, "method": "x"}', -32600),
            (b'{"jsonrpc": "2.0", "id": {}, "method": "shutdown"}', -32600),
            (b'{"jsonrpc": "2.0", "id": 1, "method": 3}', -32600),
        )
    ):
        wire.send(message)
        assert wire.answer(None)["error"]["code"] == code, number
    for number, (method, params, code) in enumerate(
        (
            ("initialize", {"capabilities": {}}, -32600),
            ("no/such", {}, -32601),
            ("textDocument/hover", {"textDocument": 3}, -32602),
            ("textDocument/hover", None, -32602),
            ("textDocument/codeAction", {"textDocument": {"uri": wire.uri}}, -32602),
            ("codeAction/resolve", {"title": "x", "data": {"what": 1}}, -32602),
            ("workspace/executeCommand", {"command": "no.such"}, -32602),
            ("workspace/executeCommand", {"command": "nnxlint.verifyFix", "arguments": [1]}, -32602),
            ("workspace/executeCommand", {"command": "nnxlint.openRule", "arguments": ["no-such"]}, -32602),
        ),
        start=10,
    ):
        wire.request(number, method, params)
        assert wire.answer(number)["error"]["code"] == code, method
    wire.notify("no/such", [])
    wire.notify(
        "textDocument/didChange", {"textDocument": {"uri": "file:///no.py", "version": 1}, "contentChanges": []}
    )
    wire.notify("textDocument/didChange", 3)
    wire.notify("textDocument/didClose", {"textDocument": {"uri": "file:///no.py"}})
    wire.notify("$/cancelRequest", {"id": 99})
    wire.notify("$/setTrace", {"value": "verbose"})
    wire.send({"jsonrpc": "2.0", "id": 77, "result": None})
    assert wire.is_alive()
    wire.open(BAD)
    wire.shows(1, "NNX206")


def test_headers_are_read_however_they_are_written(wire: Wire) -> None:
    wire.start()
    body = json.dumps({"jsonrpc": "2.0", "id": 5, "method": "no/such"}).encode()
    wire.send_bytes(b"content-length:%d\nContent-Type: application/vscode-jsonrpc\n\n%s" % (len(body), body))
    assert wire.answer(5)["error"]["code"] == -32601
    wire.send_bytes(b"some noise\r\nContent-Length: x\r\n\r\n\r\nContent-Length: -4\r\n\r\n" + b"y" * 20_000 + b"\r\n")
    assert wire.is_alive()


def test_a_message_in_pieces_is_one_message(wire: Wire) -> None:
    wire.start()
    body = json.dumps({"jsonrpc": "2.0", "id": 5, "method": "no/such"}).encode()
    for byte in b"Content-Length: %d\r\n\r\n%s" % (len(body), body):
        wire.send_bytes(bytes([byte]))
    assert wire.answer(5)["error"]["code"] == -32601


def test_a_flood_of_edits_ends_with_the_last_one(wire: Wire) -> None:
    wire.start()
    wire.open(BAD)
    for version in range(2, 2000):
        wire.change(version, f"{BAD}{'#' * (version % 7)}")
        if version % 50 == 0:
            params = {"textDocument": {"uri": wire.uri}, "position": {"line": 13, "character": 14}}
            wire.request(version, "textDocument/hover", params)
            wire.notify("$/cancelRequest", {"id": version})
    wire.change(2000, GOOD)
    wire.shows(2000)
    wire.change(2001, BAD)
    wire.shows(2001, "NNX206")


def test_an_editor_that_does_not_read_makes_nobody_wait(tmp_path: Path) -> None:
    folder = project(tmp_path, train=BAD)
    process = subprocess.Popen(SERVER, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    sent = threading.Event()

    def send() -> None:
        assert process.stdin is not None
        for number in range(20_000):
            body = json.dumps({"jsonrpc": "2.0", "id": number, "method": "x" * 100}).encode()
            process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        process.stdin.flush()
        sent.set()

    threading.Thread(target=send, daemon=True).start()
    try:
        assert sent.wait(PATIENCE)
        process.stdin.close()
        assert process.wait(PATIENCE) == 1
    finally:
        process.kill()


def test_the_server_ends_as_it_is_told(wire: Wire) -> None:
    wire.start()
    wire.open(BAD)
    wire.request(1, "shutdown")
    assert wire.answer(1)["result"] is None
    wire.request(2, "textDocument/hover", {})
    assert wire.answer(2)["error"]["code"] == -32600
    wire.notify("exit")
    assert wire.ends() == 0


def test_editors_may_say_which_way_they_speak(tmp_path: Path) -> None:
    wire = Wire(project(tmp_path), (*SERVER, "--stdio"))
    wire.start()
    wire.request(1, "shutdown")
    wire.answer(1)
    wire.notify("exit")
    assert wire.ends() == 0


def test_leaving_without_a_word_ends_it_too(wire: Wire) -> None:
    wire.start()
    wire.notify("exit")
    assert wire.ends() == 1


@pytest.mark.parametrize("rest", [b"", b"Content-Len", b"Content-Length: 100\r\n\r\n{"])
def test_the_end_of_its_input_is_the_end_of_the_server(wire: Wire, rest: bytes) -> None:
    wire.start()
    wire.open(BAD)
    wire.send_bytes(rest)
    assert wire.process.stdin is not None
    wire.process.stdin.close()
    assert wire.ends() == 1


def test_a_signal_ends_it(wire: Wire) -> None:
    wire.start()
    wire.process.send_signal(signal.SIGTERM)
    assert wire.ends() == 128 + signal.SIGTERM


@pytest.mark.skipif(os.name == "nt", reason="there the pipe tells")
def test_it_does_not_outlive_the_editor_though_others_hold_the_pipe(wire: Wire) -> None:
    editor = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    wire.start(editor.pid)
    assert wire.is_alive()
    editor.kill()
    editor.wait()
    assert wire.ends() == 1


def _served_by(analysis: str, folder: Path) -> Wire:
    """Start a server in one process, over an analysis that a class statement makes."""
    code = (
        "from nnxlint.lsp.checking import CheckAnalysis\nfrom nnxlint.lsp.serving import serve\n"
        f"{analysis}\nraise SystemExit(serve(Made))"
    )
    return Wire(project(folder, train=BAD), (sys.executable, "-c", code))


def test_what_is_printed_does_not_disturb_the_messages(tmp_path: Path) -> None:
    wire = _served_by("class Made(CheckAnalysis):\n    print('noise', flush=True)", tmp_path)
    try:
        wire.start()
        wire.open(BAD)
        wire.shows(1, "NNX206")
    finally:
        wire.process.kill()
        wire.process.wait()


def test_a_crash_is_told_once_and_ends_nothing(tmp_path: Path) -> None:
    crashing = (
        "class Made(CheckAnalysis):\n    def file_findings(self, path):\n"
        "        if any(b'BOOM' in each for each in self._contents.values()):\n            raise ZeroDivisionError\n"
        "        return super().file_findings(path)"
    )
    wire = _served_by(crashing, tmp_path)
    try:
        wire.start()
        wire.open(BAD)
        wire.shows(1, "NNX206")
        wire.change(2, f"{BAD}# BOOM")
        told = wire.hear(lambda each: each.get("method") == "window/logMessage")
        shown = wire.hear(lambda each: each.get("method") == "window/showMessage")
        wire.change(3, f"{BAD}# BOOM BOOM")
        wire.hear(lambda each: each.get("method") == "window/logMessage")
        wire.change(4, BAD)
        again = wire.hear(lambda each: each.get("method") in {"window/showMessage", "textDocument/publishDiagnostics"})
    finally:
        wire.process.kill()
        wire.process.wait()

    assert "ZeroDivisionError" in told["params"]["message"]
    assert "a defect of nnxlint" in shown["params"]["message"]
    assert again["method"] == "textDocument/publishDiagnostics"


def test_an_analysis_that_dies_is_started_again(wire: Wire) -> None:
    wire.start()
    wire.open(BAD)
    wire.shows(1, "NNX206")
    [analysis] = below(wire.process.pid, running())
    os.kill(analysis, signal.SIGKILL)
    wire.change(2, f"{BAD}\n")
    wire.hear(lambda each: each.get("method") == "window/showMessage")
    wire.change(3, GOOD)
    wire.shows(3)
    wire.change(4, BAD)
    wire.shows(4, "NNX206")
    [analysis] = below(wire.process.pid, running())
    wire.process.kill()
    wire.process.wait()
    end = time.monotonic() + PATIENCE
    while analysis in running():
        assert time.monotonic() < end
        time.sleep(0.05)
