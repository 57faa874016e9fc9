"""The texts that are open in the editor, changed as it says; what they hold wins over what is on disk."""

import tokenize
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from lsprotocol import types
from pygls import uris

from nnxlint.lsp.positions import Positions, positions_of

_NEVER_SAVED = "untitled"


@dataclass(frozen=True, slots=True)
class Document:
    """An open text: a file, or a cell of a notebook. Positions count in its text."""

    uri: str
    version: int | None
    language: str
    positions: Positions

    @property
    def text(self) -> str:
        """What the editor shows."""
        return self.positions.text


def opened(item: types.TextDocumentItem, encoding: types.PositionEncodingKind) -> Document:
    """Make a document of what was opened."""
    return Document(item.uri, item.version, item.language_id, positions_of(item.text, encoding))


def changed(
    document: Document, version: int | None, changes: Iterable[types.TextDocumentContentChangeEvent]
) -> Document:
    """Make the changes one after the other: each counts in the text that those before it left."""
    positions = document.positions
    for change in changes:
        if isinstance(change, types.TextDocumentContentChangePartial):
            span = positions.span(change.range)
            text = f"{positions.text[: span.start]}{change.text}{positions.text[span.end :]}"
        else:
            text = change.text
        positions = positions_of(text, positions.encoding)
    return replace(document, version=version, positions=positions)


def content_of(text: str) -> bytes:
    """Encode a text as a Python file of it would be: it may declare an encoding other than UTF-8."""
    data = text.encode("utf-8", "replace")
    lines = iter(data.splitlines(keepends=True)[:2])
    try:
        encoding, _ = tokenize.detect_encoding(lambda: next(lines, b""))
    except SyntaxError:  # an unknown encoding, which reading the file tells
        return data
    return data if encoding in ("utf-8", "utf-8-sig") else text.encode(encoding, "replace")


def path_of(uri: str, folder: Path) -> str:
    """Give the path of a document, absolute and posix; one that was never saved gets a name in the folder.

    Empty where it is neither: an old version of a file, say, which must not be taken for the file.
    """
    path = uris.to_fs_path(uri)
    if path is not None:
        return Path(path).as_posix()
    if urlsplit(uri).scheme != _NEVER_SAVED:
        return ""
    name = unquote(urlsplit(uri).path).rpartition("/")[2] or "untitled"
    suffix = "" if name.endswith((".py", ".ipynb")) else ".py"
    return (folder / f"{name}{suffix}").as_posix()


def uri_of(path: str) -> str:
    """Give the URI of a file."""
    return Path(path).as_uri()
