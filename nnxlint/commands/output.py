"""Standard output and standard error, written to in one piece each."""

import os
import sys
from collections.abc import Callable, Iterable
from typing import TextIO

from rich.console import Console

from nnxlint.render.console import printed, wants_colour


def rendered(write: Callable[[Console], None], stream: TextIO | None = None) -> str:
    """Give the text that is written to a console that stands for the stream, by default standard output."""
    return printed(write, coloured=wants_colour(stream or sys.stdout))


def write_text(text: str, stream: TextIO | None = None) -> None:
    """Write to the stream, by default standard output; what its encoding lacks is escaped."""
    to = stream or sys.stdout
    _write(to, text.encode(to.encoding or "utf-8", "backslashreplace"))


def write_document(text: str, stream: TextIO | None = None) -> None:
    """Write a document to the stream, by default standard output; it is UTF-8 wherever it goes."""
    _write(stream or sys.stdout, text.encode("utf-8", "backslashreplace"))


def write_bytes(data: bytes) -> None:
    """Write a file to standard output as it is."""
    _write(sys.stdout, data)


def write_notes(lines: Iterable[str]) -> None:
    """Write lines to standard error, each with the name of the tool."""
    for line in lines:
        _write(sys.stderr, f"nnxlint: {line}\n".encode(sys.stderr.encoding or "utf-8", "backslashreplace"))


def write_aside(text: str) -> None:
    """Write to standard error what is no message: a traceback, a document beside the document."""
    _write(sys.stderr, text.encode(sys.stderr.encoding or "utf-8", "backslashreplace"))


def _write(stream: TextIO, data: bytes) -> None:
    """Write all of it. A reader that has gone away (`| head`) is no mistake of anyone's."""
    try:
        stream.flush()
        stream.buffer.write(data)
        stream.buffer.flush()
    except BrokenPipeError:
        # What Python itself still flushes at its end must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
