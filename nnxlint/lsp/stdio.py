"""Messages from standard input, and to standard output: each way has a thread, so that neither waits for the other.

Were messages written where they are made, an editor that sends many before it reads any would wait for us, and we for
it.
"""

import os
import queue
import sys
import threading
from collections.abc import Callable
from typing import BinaryIO

_LONGEST_LINE = 8192  # of a header
_LARGEST_BODY = 1 << 30


def own_streams() -> tuple[BinaryIO, BinaryIO]:
    """Take standard input and output for the protocol alone: what else is printed goes to standard error."""
    incoming = os.fdopen(os.dup(sys.stdin.fileno()), "rb")
    outgoing = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    sys.stdout.flush()
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, sys.stdin.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    os.close(nothing)
    return incoming, outgoing


def read_message(stream: BinaryIO) -> bytes | None:
    """Read the body of the next message; None at the end. Lines that are no header are passed over."""
    length: int | None = None
    while line := stream.readline(_LONGEST_LINE):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length" and value.strip().isdigit():
            length = int(value)
        elif not line.strip() and length is not None:
            if length > _LARGEST_BODY:
                return None
            body = stream.read(length)
            return body if len(body) == length else None
    return None


class Reader:
    """Reads messages until there are no more."""

    def __init__(self, stream: BinaryIO, take: Callable[[bytes], None], at_end: Callable[[], None]) -> None:
        self._stream = stream
        self._take = take
        self._at_end = at_end

    def start(self) -> None:
        """Begin to read."""
        threading.Thread(target=self._run, name="nnxlint-reader", daemon=True).start()

    def _run(self) -> None:
        try:
            while (body := read_message(self._stream)) is not None:
                self._take(body)
        except (OSError, ValueError, RuntimeError):  # the stream is gone, or the loop that takes messages
            pass
        finally:
            self._at_end()


class Writer:
    """Writes messages in the order in which they are given, from whatever thread."""

    def __init__(self, stream: BinaryIO, at_end: Callable[[], None]) -> None:
        self._stream = stream
        self._at_end = at_end
        self._waiting: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="nnxlint-writer", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def write(self, data: bytes) -> None:
        """Write a message, some time soon."""
        self._waiting.put(data)

    def close(self) -> None:
        """Write what waits, for a moment at most: the editor may no longer read."""
        self._waiting.put(None)
        self._thread.join(timeout=1)

    def _run(self) -> None:
        try:
            while (data := self._waiting.get()) is not None:
                self._stream.write(data)
                self._stream.flush()
        except (OSError, ValueError):
            self._at_end()
