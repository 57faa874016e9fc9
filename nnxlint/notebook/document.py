"""The JSON of a notebook: where its code stands in it, and code written back without touching the rest."""

import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from nnxlint.edits import Edit
from nnxlint.spans import Span

_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()
_SURROGATES = r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_CHARACTER = re.compile(rf"{_SURROGATES}|\\u[0-9a-fA-F]{{4}}|\\.|.", re.DOTALL)
_ESCAPED_LETTER = re.compile(r"(?<!\\)(?:\\\\)*\\u(?!00[0-7])[0-9a-fA-F]{4}")
_SPACED_COLON = re.compile(r'":\s')
_NEWEST_TOO_OLD = 3


class NotebookError(Exception):
    """Bytes that are no notebook, or none that can be read; the message is one line without the path."""


@dataclass(frozen=True, slots=True)
class CodeCell:
    """A code cell: its number among all cells (from 1), its text, and where that stands in the document.

    `value` spans the list of strings, or the one string; `strings` are the string literals with their quotes.
    """

    number: int
    text: str
    value: Span
    strings: tuple[Span, ...]


def read_document(content: bytes) -> str:
    """Decode the bytes of a notebook without their BOM: it is always UTF-8."""
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        message = f"is no notebook: byte 0x{content[error.start]:02x} at {error.start} is not UTF-8"
        raise NotebookError(message) from error


def read_code_cells(document: str) -> tuple[CodeCell, ...]:
    """Find the code cells of a document; there is none where its language is not Python."""
    notebook = _checked(document)
    if not _is_python(notebook.get("metadata")):
        return ()
    [cells] = [span for key, span, _ in _members(document, 0) if key == "cells"][-1:]
    return tuple(
        _code_cell(document, number, span)
        for number, (span, cell) in enumerate(_elements(document, cells.start), start=1)
        if _is_code(cell, number)
    )


def written_span(document: str, cell: CodeCell, span: Span) -> Span:
    """Find where a part of a cell's text is written in the document: each character may be an escape there."""
    starts: list[int] = []
    ends: list[int] = []
    for string in cell.strings:
        position = string.start + 1
        for character in _characters(document, string):
            starts.append(position)
            position += len(character.written)
            ends.append(position)
    starts.append((cell.strings[-1] if cell.strings else cell.value).end - 1)
    start = starts[min(span.start, len(ends))]
    return Span(start, max(start, ends[min(span.end, len(ends)) - 1]) if ends and span.end > span.start else start)


def rewritten(document: str, cells: Mapping[CodeCell, Sequence[Edit]]) -> str:
    """Make the edits of each cell, which count in its text; all that they do not touch stays as it is."""
    changes = [Edit(cell.value, _rewritten_value(document, cell, edits)) for cell, edits in cells.items() if edits]
    pieces: list[str] = []
    position = 0
    for change in sorted(changes):
        pieces += (document[position : change.span.start], change.content)
        position = change.span.end
    return "".join((*pieces, document[position:]))


def _checked(document: str) -> dict[str, object]:
    if not document.strip():
        message = "is no notebook: it is empty"
        raise NotebookError(message)
    try:
        notebook: object = json.loads(document)
    except json.JSONDecodeError as error:
        reason = f"{error.msg.lower()} on line {error.lineno}, column {error.colno}"
        message = f"is no notebook: its JSON is broken: {reason}"
        raise NotebookError(message) from error
    except RecursionError as error:
        message = "is no notebook: its JSON is nested too deeply"
        raise NotebookError(message) from error
    if not isinstance(notebook, dict):
        message = "is no notebook: its JSON is no object"
        raise NotebookError(message)
    version = notebook.get("nbformat")
    if isinstance(version, int) and version <= _NEWEST_TOO_OLD:
        message = f"is a notebook of format {version}, which is too old: open it in Jupyter and save it"
        raise NotebookError(message)
    if not isinstance(notebook.get("cells"), list):
        message = "is no notebook: it has no list of cells"
        raise NotebookError(message)
    return notebook


def _is_python(metadata: object) -> bool:
    """Tell whether the notebook's language is Python, or is not said."""
    told = (_get(_get(metadata, "language_info"), "name"), _get(_get(metadata, "kernelspec"), "language"))
    languages = [language.lower() for language in told if isinstance(language, str)]
    return not languages or any("python" in language for language in languages)


def _is_code(cell: object, number: int) -> bool:
    if not isinstance(cell, dict) or not isinstance(cell.get("cell_type"), str):
        message = f"is no notebook: cell {number} has no type"
        raise NotebookError(message)
    # VS Code lets a single cell be in another language.
    language = _get(_get(cell.get("metadata"), "vscode"), "languageId")
    return cell["cell_type"] == "code" and language in (None, "python")


def _get(value: object, key: str) -> object:
    return value.get(key) if isinstance(value, dict) else None


def _code_cell(document: str, number: int, cell: Span) -> CodeCell:
    found = [(span, value) for key, span, value in _members(document, cell.start) if key == "source"]
    span, value = found[-1] if found else (None, None)
    if span is not None and isinstance(value, str):
        return CodeCell(number, value, span, (span,))
    if span is None or not isinstance(value, list):
        message = f"is no notebook: cell {number} has no source"
        raise NotebookError(message)
    lines = [line for line in value if isinstance(line, str)]
    if len(lines) < len(value):
        message = f"is no notebook: the source of cell {number} is no text"
        raise NotebookError(message)
    strings = tuple(each for each, _ in _elements(document, span.start))
    return CodeCell(number, "".join(lines), span, strings)


def _members(document: str, start: int) -> Iterator[tuple[str, Span, object]]:
    """Give the keys of the object that starts there, with the span and the value of each."""
    position = _skip(document, _skip(document, start) + 1)
    while document[position] != "}":
        key, position = _DECODER.raw_decode(document, position)
        begin = _skip(document, _skip(document, position) + 1)
        value, end = _DECODER.raw_decode(document, begin)
        yield str(key), Span(begin, end), value
        position = _next(document, end)


def _elements(document: str, start: int) -> Iterator[tuple[Span, object]]:
    """Give the elements of the list that starts there."""
    position = _skip(document, _skip(document, start) + 1)
    while document[position] != "]":
        value, end = _DECODER.raw_decode(document, position)
        yield Span(position, end), value
        position = _next(document, end)


def _next(document: str, end: int) -> int:
    position = _skip(document, end)
    return _skip(document, position + 1) if document[position] == "," else position


def _skip(document: str, position: int) -> int:
    found = _SPACE.match(document, position)
    return found.end() if found else position


def _rewritten_value(document: str, cell: CodeCell, edits: Sequence[Edit]) -> str:
    if not document.startswith("[", cell.value.start):
        pieces = _edited(document, _characters(document, cell.value), edits)
        return f'"{"".join(piece.written for piece in pieces)}"'
    if not cell.strings:
        return f"[{', '.join(_as_strings(_edited(document, (), edits)))}]"
    return _rewritten_list(document, cell, sorted(edits))


def _rewritten_list(document: str, cell: CodeCell, edits: Sequence[Edit]) -> str:
    """Write the list anew: strings that no edit touches as they are, and a new one for each new line."""
    separator = _separator(document, cell)
    gaps = [separator, *(document[left.end : right.start] for left, right in itertools.pairwise(cell.strings))]
    written: list[tuple[str, str]] = []  # each string with what separates it from the one before
    for group in _groups(document, cell, edits):
        if group.edits:
            strings = list(_as_strings(_edited(document, group.characters, group.edits)))
        else:
            strings = [document[group.span.start : group.span.end]]
        written += zip((gaps[group.first], *itertools.repeat(separator, len(strings))), strings, strict=False)
    if not written:
        return "[]"
    start = document[cell.value.start : cell.strings[0].start]
    end = document[cell.strings[-1].end : cell.value.end]
    return start + written[0][1] + "".join(gap + string for gap, string in written[1:]) + end


@dataclass(frozen=True, slots=True)
class _Character:
    """A character of a cell as the document writes it, and whether its string ends after it."""

    written: str
    ends: bool


@dataclass(frozen=True, slots=True)
class _Group:
    """A string, or those that one edit touches together: the first one's number, their place, their characters.

    The edits count from the first character.
    """

    first: int
    span: Span
    characters: tuple[_Character, ...]
    edits: tuple[Edit, ...]


def _groups(document: str, cell: CodeCell, edits: Sequence[Edit]) -> Iterator[_Group]:
    waiting = list(edits)
    last = len(cell.strings) - 1
    offset = index = 0
    while index <= last:
        first = index
        characters = _characters(document, cell.strings[index])
        inside: list[Edit] = []
        while waiting and (waiting[0].span.start - offset < len(characters) or index == last):
            edit = waiting.pop(0)
            inside.append(Edit(Span(edit.span.start - offset, edit.span.end - offset), edit.content))
            while inside[-1].span.end > len(characters) and index < last:
                index += 1
                characters += _characters(document, cell.strings[index])
        span = Span(cell.strings[first].start, cell.strings[index].end)
        yield _Group(first, span, characters, tuple(inside))
        offset += len(characters)
        index += 1


def _characters(document: str, string: Span) -> tuple[_Character, ...]:
    """Give the characters of a string literal."""
    written: list[str] = _CHARACTER.findall(document, string.start + 1, string.end - 1)
    return tuple(_Character(each, number == len(written)) for number, each in enumerate(written, start=1))


def _edited(document: str, characters: Sequence[_Character], edits: Sequence[Edit]) -> list[_Character]:
    escaped = document.isascii() and _ESCAPED_LETTER.search(document) is not None
    pieces: list[_Character] = []
    position = 0
    for edit in sorted(edits):
        pieces += characters[position : edit.span.start]
        pieces += (_Character(json.dumps(each, ensure_ascii=escaped)[1:-1], ends=each == "\n") for each in edit.content)
        position = edit.span.end
    return [*pieces, *characters[position:]]


def _as_strings(characters: Sequence[_Character]) -> Iterator[str]:
    """Give the string literals that the characters make."""
    string = ""
    for each in characters:
        string += each.written
        if each.ends:
            yield f'"{string}"'
            string = ""
    if string:
        yield f'"{string}"'


def _separator(document: str, cell: CodeCell) -> str:
    """Give what separates two lines of the cell, or would if it had two."""
    if len(cell.strings) > 1:
        return document[cell.strings[0].end : cell.strings[1].start]
    lead = document[cell.value.start + 1 : cell.strings[0].start]
    return f",{lead}" if lead or not _SPACED_COLON.search(document) else ", "
