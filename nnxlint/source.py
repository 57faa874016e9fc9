"""Bytes to text and back: decoded as Python does (PEP 263, BOM), and all kept that a fix must give back."""

import codecs
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from nnxlint.edits import Edit, apply_edits, conflicts
from nnxlint.errors import NnxlintError
from nnxlint.notebook.cells import Notebook, notebook_code, read_notebook
from nnxlint.notebook.document import NotebookError
from nnxlint.spans import LineIndex, Position, Span

NOTEBOOK_SUFFIX = ".ipynb"


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
    """A file's decoded text without its BOM, and what writing it back needs; `path` is absolute and posix.

    The text of a notebook is that of its code cells, one after the other.
    """

    path: str
    text: str
    encoding: str
    bom: bool
    newline: str
    lines: LineIndex = field(repr=False, compare=False)
    notebook: Notebook | None = field(default=None, repr=False)

    @property
    def content(self) -> str:
        """All that the file holds, the text itself unless it is a notebook."""
        return self.text if self.notebook is None else self.notebook.document

    @property
    def shown(self) -> str:
        """The text as a reader knows it: with the magics of a notebook and its broken cells."""
        return self.text if self.notebook is None else self.notebook.original

    def place(self, offset: int) -> tuple[int | None, Position]:
        """Give the cell of an offset (None outside of notebooks), and its row and column there."""
        position = self.lines.position(offset)
        cell = self.notebook.cell_at(offset) if self.notebook else None
        if cell is None:
            return None, position
        return cell.number, Position(position.row - cell.first_row + 1, position.column)

    def stored_place(self, span: Span) -> tuple[Position, Position]:
        """Give the start and the end of a span in the file as it is stored: of a notebook, in its JSON."""
        lines, written = self.lines, span
        if self.notebook is not None:
            lines, written = self.notebook.lines, self.notebook.written(span)
        return lines.position(written.start), lines.position(written.end)

    def row_of(self, name: str, row: int, cell: int | None) -> int:
        """Give the row of the text that a row of a cell is; `NnxlintError`, with the name, where there is none."""
        if self.notebook is None:
            first, last = 1, self.lines.row_count
        else:
            found = next((each for each in self.notebook.cells if each.number == cell), None)
            if found is None:
                named = "name the cell" if cell is None else f"cell {cell} is no code cell"
                message = f"{name} is a notebook: {named}, as in `notebook.ipynb:cell 3:12`"
                raise NnxlintError(message)
            first, last = found.first_row, found.last_row
        if not 1 <= row <= last - first + 1:
            where = name if self.notebook is None else f"cell {cell} of {name}"
            message = f"{where} has no line {row}: it has {last - first + 1}"
            raise NnxlintError(message)
        return first + row - 1

    def rows_around(self, offset: int) -> tuple[int, int]:
        """Give the first and the last row of what is read together: the file, or the cell of the offset."""
        cell = self.notebook.cell_at(offset) if self.notebook else None
        return (1, self.lines.row_count) if cell is None else (cell.first_row, cell.last_row)


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
    if path.endswith(NOTEBOOK_SUFFIX):
        return _notebook_source(path, content, bom=bom)
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


def edit_source(source: Source, edits: Iterable[Edit]) -> Source:
    """Make the edits, of a notebook in its cells; `SourceError` when the result cannot be a file."""
    if source.notebook is None:
        content = apply_edits(source.text, edits)
    else:
        fitted = source.notebook.fitted(edits)
        if fitted is None or conflicts(fitted):
            message = "cannot be edited where its cells are no Python"
            raise SourceError(source.path, message)
        content = source.notebook.edited(fitted)
    return make_source(source.path, encode_source(source, content))


def code_bytes(path: str, data: bytes) -> bytes:
    """Give the Python of a file's bytes: themselves, or the cells of a notebook; `SourceError` if broken."""
    if not path.endswith(NOTEBOOK_SUFFIX):
        return data
    try:
        return notebook_code(data.removeprefix(codecs.BOM_UTF8))
    except NotebookError as error:
        raise SourceError(path, str(error)) from error


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


def _notebook_source(path: str, content: bytes, *, bom: bool) -> Source:
    try:
        notebook = read_notebook(content)
    except NotebookError as error:
        raise SourceError(path, str(error)) from error
    newline = dominant_newline("".join(map(notebook.code, notebook.cells)))
    return Source(path, notebook.text, "utf-8", bom, newline, LineIndex(notebook.text), notebook)


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
