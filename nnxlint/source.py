"""Bytes to text and back: decoded as Python does (PEP 263, BOM), and all kept that a fix must give back."""

import codecs
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from nnxlint.errors import NnxlintError
from nnxlint.spans import LineIndex

_LINE_END = re.compile(r"\r\n|\r|\n")
_FIRST_TWO_LINES = re.compile(rb"([^\r\n]*)(?:\r\n|\r|\n)?([^\r\n]*)")
_COOKIE = re.compile(rb"[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_BLANK_OR_COMMENT = re.compile(rb"[ \t\f]*(?:#|$)")
_NNX_WORD = re.compile(rb"(?<![A-Za-z0-9])(?:nnx|NNX)|(?<=[a-z])NNX")


class SourceError(NnxlintError):
    """A file that cannot be read as text; `reason` is the message without the path."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Source:
    """A file's decoded text without its BOM, and what writing it back needs; `path` is absolute and posix."""

    path: str
    text: str
    encoding: str
    bom: bool
    newline: str
    lines: LineIndex = field(repr=False, compare=False)


def read_source(path: Path) -> Source:
    """Read the source at the path; `SourceError` when it cannot be read or decoded."""
    absolute = Path(os.path.abspath(path)).as_posix()  # noqa: PTH100 - `resolve` would follow symbolic links
    return make_source(absolute, read_bytes(path))


def read_bytes(path: Path) -> bytes:
    """Read the file; `SourceError` when it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        reason = f"cannot be read: {error.strerror or error}"
        raise SourceError(str(path), reason) from error


def make_source(path: str, data: bytes) -> Source:
    """Make a source of these bytes; `SourceError` when they are no text."""
    if b"\0" in data:
        raise SourceError(path, _null_bytes(data))
    bom = data.startswith(codecs.BOM_UTF8)
    content = data.removeprefix(codecs.BOM_UTF8)
    encoding = _encoding(path, content, bom=bom)
    text = _decode(path, content, encoding)
    return Source(path, text, encoding, bom, dominant_newline(text), LineIndex(text))


def encode_source(source: Source, text: str) -> bytes:
    """Encode the text as the source was, BOM and all; `SourceError` for a character that it cannot hold."""
    try:
        content = text.encode(source.encoding)
    except UnicodeEncodeError as error:
        reason = f"{text[error.start]!r} cannot be written in the file's encoding, {source.encoding}"
        raise SourceError(source.path, reason) from error
    return codecs.BOM_UTF8 + content if source.bom else content


def mentions_nnx(data: bytes) -> bool:
    """Tell whether the bytes mention NNX as a word: `flax.nnx`, `nnx_ppo`, `ToNNX`, but not `jax2onnx`."""
    # The two searches for plain bytes are far quicker than the pattern, and nearly every file ends there.
    if b"nnx" not in data and b"NNX" not in data:
        return False
    return _NNX_WORD.search(data) is not None


def dominant_newline(text: str) -> str:
    r"""Find the line end that most lines have: the earlier of two as frequent, `\n` where there is none."""
    if "\r" not in text:
        return "\n"
    found: list[str] = _LINE_END.findall(text)
    return max(dict.fromkeys(found), key=found.count)


def _encoding(path: str, content: bytes, *, bom: bool) -> str:
    declared = _declared_encoding(content)
    if declared is None:
        return "utf-8"
    try:
        name = codecs.lookup(_without_line_end_suffix(declared)).name
    except (LookupError, ValueError) as error:
        reason = f"declares an unknown encoding, {declared!r}"
        raise SourceError(path, reason) from error
    # The BOM is kept apart: encoding with `utf-8-sig` would add a second one.
    name = "utf-8" if name == "utf-8-sig" else name
    if bom and name != "utf-8":
        reason = f"starts with a UTF-8 byte order mark but declares the encoding {declared!r}"
        raise SourceError(path, reason)
    return name


def _declared_encoding(content: bytes) -> str | None:
    """Find the encoding that a comment of the first two lines declares."""
    found = _FIRST_TWO_LINES.match(content)
    first, second = found.groups() if found else (b"", b"")
    cookie = _COOKIE.match(first)
    if cookie is None and _BLANK_OR_COMMENT.match(first):
        cookie = _COOKIE.match(second)
    return cookie.group(1).decode("ascii", "replace") if cookie else None


def _without_line_end_suffix(declared: str) -> str:
    """Give `utf-8` for Emacs's `utf-8-unix`, and so for Latin-1, as Python reads them."""
    normal = declared.lower().replace("_", "-")
    for name in ("utf-8", "latin-1", "iso-8859-1", "iso-latin-1"):
        if normal.startswith(f"{name}-") and normal != "utf-8-sig":
            return name
    return declared


def _decode(path: str, content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        row = len(_LINE_END.findall(content[: error.start].decode("latin-1"))) + 1
        reason = f"cannot be decoded as {encoding}: byte 0x{content[error.start]:02x} on line {row}"
        raise SourceError(path, reason) from error
    except (LookupError, ValueError) as error:  # a codec that makes no text of bytes, such as `rot13`
        reason = f"declares {encoding!r} as its encoding, which is none of text"
        raise SourceError(path, reason) from error


def _null_bytes(data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "is encoded as UTF-16, which Python cannot read: convert it to UTF-8"
    row = len(_LINE_END.findall(data[: data.index(b"\0")].decode("latin-1"))) + 1
    return f"holds a null byte on line {row}"
