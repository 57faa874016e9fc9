"""Places in texts: in every unit of columns, after every change, in documents and cells."""

import random
from pathlib import Path

import pytest
from lsprotocol import types

from nnxlint.edits import Edit, apply_edits
from nnxlint.lsp.documents import changed, content_of, opened, path_of
from nnxlint.lsp.files import Files
from nnxlint.lsp.fixing import difference
from nnxlint.lsp.moving import mover
from nnxlint.lsp.positions import positions_of
from nnxlint.spans import Span

TEXT = "a = 1\r\n\N{GREEK SMALL LETTER ALPHA}b\N{SNAKE}c\N{EURO SIGN} \x0c\u2028d\rlast"
ENCODINGS = {
    types.PositionEncodingKind.Utf8: "utf-8",
    types.PositionEncodingKind.Utf16: "utf-16-le",
    types.PositionEncodingKind.Utf32: "utf-32-le",
}
UNITS = {"utf-8": 1, "utf-16-le": 2, "utf-32-le": 4}
every_encoding = pytest.mark.parametrize("encoding", ENCODINGS)


@every_encoding
def test_positions_count_what_was_agreed_on(encoding: types.PositionEncodingKind) -> None:
    positions = positions_of(TEXT, encoding)
    codec = ENCODINGS[encoding]
    lines = ["a = 1\r\n", TEXT[7:-4], "last"]

    for offset in range(len(TEXT) + 1):
        place = positions.position(offset)
        before = TEXT[sum(map(len, lines[: place.line])) : offset]
        assert place.character == len(before.encode(codec)) // UNITS[codec]
        if TEXT[offset - 1 : offset + 1] != "\r\n":
            assert positions.offset(place) == offset


@every_encoding
def test_positions_outside_are_the_nearest_inside(encoding: types.PositionEncodingKind) -> None:
    positions = positions_of(TEXT, encoding)

    assert positions.offset(types.Position(0, 99)) == 5
    assert positions.offset(types.Position(9, 0)) == len(TEXT)
    assert positions.position(999) == types.Position(2, 4)
    assert positions.span(types.Range(types.Position(2, 1), types.Position(0, 2))) == Span(2, len(TEXT) - 3)


def test_a_position_within_a_character_is_behind_it() -> None:
    positions = positions_of("\N{SNAKE}x", types.PositionEncodingKind.Utf16)

    assert positions.offset(types.Position(0, 1)) == 1
    assert positions.offset(types.Position(0, 2)) == 1
    assert positions.offset(types.Position(0, 3)) == 2


@every_encoding
def test_changes_by_ranges_make_what_the_editor_shows(encoding: types.PositionEncodingKind) -> None:
    chance = random.Random(0)  # noqa: S311 - a test
    document = opened(types.TextDocumentItem("file:///a.py", "python", 1, TEXT), encoding)
    text = TEXT
    for version in range(2, 200):
        start, end = sorted(chance.choices(range(len(text) + 1), k=2))
        if "\r\n" in (text[start - 1 : start + 1], text[end - 1 : end + 1]):
            continue
        new = "".join(chance.choices("x\n\N{SNAKE}\u2028\N{GREEK SMALL LETTER ALPHA}", k=3))
        place = document.positions.range(Span(start, end))
        document = changed(document, version, [types.TextDocumentContentChangePartial(place, new)])
        text = f"{text[:start]}{new}{text[end:]}"
        assert document.text == text
        assert document.version == version


def test_several_changes_count_one_after_the_other() -> None:
    document = opened(types.TextDocumentItem("file:///a.py", "python", 1, "one two"), types.PositionEncodingKind.Utf16)
    first = types.Range(types.Position(0, 0), types.Position(0, 3))
    second = types.Range(types.Position(0, 4), types.Position(0, 5))
    changes = [
        types.TextDocumentContentChangePartial(first, "1\n"),
        types.TextDocumentContentChangePartial(types.Range(types.Position(1, 0), types.Position(1, 1)), ""),
    ]

    assert changed(document, 2, changes).text == "1\ntwo"
    whole = types.TextDocumentContentChangeWholeDocument("four five")
    assert changed(document, 2, [whole, types.TextDocumentContentChangePartial(second, "")]).text == "fourfive"


def test_findings_move_with_the_text_around_them() -> None:
    before = "first()\nsecond(1)\nthird()\n"
    span = Span(before.index("second"), before.index("third") - 1)

    def moved(after: str) -> str | None:
        place = mover(before, after)(span)
        return None if place is None else after[place.start : place.end]

    assert moved(f"# above\n{before}# below") == "second(1)"
    assert moved(before.replace("second(1)", "second(1, 22)")) == "second(1, 22)"
    assert moved(before.replace("first()", "").replace("third", "fourth")) == "second(1)"
    assert moved(before.replace("second(1)", "x = second(1)")) == "second(1)"
    assert moved(before.replace("second(1)\n", "")) is None
    assert moved(before.replace("second(1)", "sec")) is None


def test_the_difference_of_texts_makes_one_of_the_other() -> None:
    chance = random.Random(1)  # noqa: S311 - a test
    for _ in range(200):
        before = "".join(chance.choices("ab\n", k=30))
        after = "".join(chance.choices("ab\n", k=30)) if chance.random() < 0.3 else before.replace("a", "cc", 2)
        edits = tuple(difference(before, after))
        assert apply_edits(before, edits) == after
    assert tuple(difference("a\nb\nc\n", "a\nbx\nc\n")) == (Edit(Span(3, 3), "x"),)


def test_a_text_is_encoded_as_it_declares() -> None:
    assert content_of("x = 'ä'\n") == "x = 'ä'\n".encode()
    assert content_of("# coding: latin-1\nx = 'ä'\n") == "# coding: latin-1\nx = 'ä'\n".encode("latin-1")
    assert content_of("# coding: klingon\nx = 'ä'\n") == "# coding: klingon\nx = 'ä'\n".encode()
    assert content_of("\ud800") == b"?"


def test_documents_that_were_never_saved_have_a_path_too() -> None:
    assert path_of("file:///x/a%20b.py", Path("/w")) == "/x/a b.py"
    assert path_of("untitled:Untitled-1", Path("/w")) == "/w/Untitled-1.py"


def test_an_old_version_of_a_file_is_not_taken_for_it() -> None:
    files = Files(folder=Path("/w"))
    current = files.open(types.TextDocumentItem("file:///w/a.py", "python", 1, "new"))
    assert current is not None
    assert files.open(types.TextDocumentItem("git:/w/a.py?HEAD", "python", 1, "old")) is None
    assert files.file_of("git:/w/a.py?HEAD") is None
    assert files.close("git:/w/a.py?HEAD") is None
    assert files.by_path == {"/w/a.py": current}
    assert files.open(types.TextDocumentItem("file:///w/pyproject.toml", "toml", 1, "")) is None
    assert files.close("file:///w/pyproject.toml") is None
    assert files.revision == current.revision  # or whoever asks would wait for findings that never come
