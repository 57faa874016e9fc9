"""Fixed sources put on disk, whole or not at all, and shown as a diff."""

import contextlib
import difflib
import os
import re
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from nnxlint.errors import NnxlintError
from nnxlint.source import Source, encode_source, read_source

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


def write_source(before: Source, after: Source) -> None:
    """Replace the file by its fixed text at once; `NnxlintError`, and the file as it was, when that fails.

    A symbolic link stays one: the file that it leads to is replaced. The file's mode is kept.
    """
    target = Path(before.path).resolve()
    if read_source(target).content != before.content:
        message = f"{before.path}: changed while nnxlint was running, so its fixes were not written"
        raise NnxlintError(message)
    try:
        replace_file(target, encode_source(before, after.content))
    except OSError as error:
        message = f"{before.path}: cannot be written: {error.strerror or error}"
        raise NnxlintError(message) from error


def replace_file(target: Path, data: bytes) -> None:
    """Put the bytes where the file is, or will be, whole or not at all; `OSError` when that fails."""
    exists = target.exists()
    if exists and not os.access(target, os.W_OK):
        raise PermissionError(13, "the file is read-only")
    mode = stat.S_IMODE(target.stat().st_mode) if exists else _mode_of_new_files()
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".nnxlint", dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(mode)
        temporary.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def write_document(path: Path, text: str) -> None:
    """Write a file of our own at once, its folder made if need be; `NnxlintError` when that fails.

    What is no file, such as a pipe or a device, is written to as it stands.
    """
    target = path.resolve()
    data = text.encode("utf-8", "backslashreplace")
    try:
        if target.exists() and not target.is_file():
            target.write_bytes(data)
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        replace_file(target, data)
    except OSError as error:
        message = f"{path}: cannot be written: {error.strerror or error}"
        raise NnxlintError(message) from error


def diff_lines(before: Source, after: Source, name: str) -> Iterator[str]:
    """Give the change as the lines of a unified diff of `name`, of each cell's own; they keep their ends."""
    for part, old, new in _parts(before, after, name):
        lines = difflib.unified_diff(_LINE.findall(old), _LINE.findall(new), part, part)
        yield from (_terminated(line) for line in lines)


def _parts(before: Source, after: Source, name: str) -> Iterator[tuple[str, str, str]]:
    """Give what is compared: the file, or each cell, whose last line is never said to lack its end."""
    if before.notebook is None or after.notebook is None:
        yield name, before.text, after.text
        return
    old, new = before.notebook, after.notebook
    for left, right in zip(old.cells, new.cells, strict=True):
        yield f"{name}:cell {left.number}", f"{old.code(left)}\n", f"{new.code(right)}\n"


def _mode_of_new_files() -> int:
    mask = os.umask(0)  # it can only be read by setting it
    os.umask(mask)
    return 0o666 & ~mask


def _terminated(line: str) -> str:
    return line if line.endswith(("\n", "\r")) else f"{line}\n\\ No newline at end of file\n"
