"""Bytes to text and back, as Python decodes them."""

import ast
from pathlib import Path

import pytest

from nnxlint.source import SourceError, encode_source, make_source, mentions_nnx, read_source

BOM = b"\xef\xbb\xbf"


@pytest.mark.parametrize(
    ("data", "text", "encoding"),
    [
        (b"", "", "utf-8"),
        ("x = 'ß'\n".encode(), "x = 'ß'\n", "utf-8"),
        (b"# coding: latin-1\nx = '\xdf'\n", "# coding: latin-1\nx = 'ß'\n", "iso8859-1"),
        (b"#!/usr/bin/python\n# -*- coding: cp1252 -*-\n'\x80'", None, "cp1252"),
        (b"# \xdf\n# coding: latin-1\n", "# ß\n# coding: latin-1\n", "iso8859-1"),
        (b"# vim: set fileencoding=latin-1 :\r'\xdf'", None, "iso8859-1"),
        (b"# -*- coding: utf-8-unix -*-\n", None, "utf-8"),
        (b"# -*- coding: latin-1-dos -*-\n'\xdf'\n", None, "iso8859-1"),
        (b"# coding: utf-8-sig\nx\n", None, "utf-8"),
        (b"x = 1\n# coding: latin-1\n", None, "utf-8"),
        (b"\n\n# coding: latin-1\n", None, "utf-8"),
        (b"x = 1\r# coding: latin-1\r", None, "utf-8"),
        (BOM + b"x = 1\r\n", "x = 1\r\n", "utf-8"),
        (BOM + b"# coding: utf-8\nx\n", "# coding: utf-8\nx\n", "utf-8"),
    ],
)
def test_bytes_decode_as_python_decodes_them_and_come_back(data: bytes, text: str | None, encoding: str) -> None:
    source = make_source("/a.py", data)
    assert source.encoding == encoding
    assert text is None or source.text == text
    assert source.bom == data.startswith(BOM)
    assert not source.text.startswith("\ufeff")
    assert encode_source(source, source.text) == data


@pytest.mark.parametrize(
    "data", [b"# coding: latin-1\nx = '\xdf'\n", BOM + b"x = '\xc3\x9f'\n", b"\n#coding=cp1252\nx='\x80'"]
)
def test_strings_are_those_that_python_sees(data: bytes) -> None:
    ours, theirs = ast.parse(make_source("/a.py", data).text), ast.parse(data)
    assert ast.dump(ours) == ast.dump(theirs)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"x = 1\ny = '\xdf'\n", "cannot be decoded as utf-8: byte 0xdf on line 2"),
        (b"x\r\n\r\r'\xff'", "cannot be decoded as utf-8: byte 0xff on line 4"),
        (b"x = 1\n\0", "holds a null byte on line 2"),
        ("x = 1".encode("utf-16"), "is encoded as UTF-16, which Python cannot read: convert it to UTF-8"),
        (b"# coding: klingon\n", "declares an unknown encoding, 'klingon'"),
        (b"# coding: rot13\nx\n", "declares 'rot-13' as its encoding, which is none of text"),
        (
            BOM + b"# coding: latin-1\n",
            "starts with a UTF-8 byte order mark but declares the encoding 'latin-1'",
        ),
    ],
)
def test_what_is_no_text_has_one_clear_line(data: bytes, reason: str) -> None:
    with pytest.raises(SourceError) as caught:
        make_source("/a.py", data)
    assert caught.value.reason == reason
    assert str(caught.value) == f"/a.py: {reason}"
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("text", "newline"),
    [
        ("", "\n"),
        ("a", "\n"),
        ("a\nb\r\nc\n", "\n"),
        ("a\r\nb\nc\r\n", "\r\n"),
        ("a\rb\r", "\r"),
        ("a\r\nb\n", "\r\n"),
    ],
)
def test_the_dominant_line_end(text: str, newline: str) -> None:
    assert make_source("/a.py", text.encode()).newline == newline


@pytest.mark.parametrize(
    ("mention", "expected"),
    [
        ("from flax import nnx", True),
        ("import flax.nnx as nn", True),
        ("import nnx_ppo", True),
        ("my_nnx.Linear", True),
        ("bridge.ToNNX(m)", True),
        ("class NNXModel: ...", True),
        ("nnx", True),
        ("import onnx", False),
        ("import jax2onnx", False),
        ("ONNX, TOONNX, OnnX", False),
        ("x = 1", False),
        ("import onnx\nfrom flax import nnx", True),
    ],
)
def test_mentions_of_nnx(mention: str, *, expected: bool) -> None:
    assert mentions_nnx(mention.encode()) is expected


def test_positions_count_in_the_decoded_text() -> None:
    source = make_source("/a.py", BOM + "ß = 1\r\nx = 2".encode())
    position = source.lines.position(source.text.index("x"))
    assert (position.row, position.column) == (2, 1)


def test_a_character_that_the_encoding_lacks_is_an_error_and_not_a_question_mark() -> None:
    source = make_source("/a.py", b"# coding: latin-1\n")
    with pytest.raises(SourceError, match="'→' cannot be written in the file's encoding"):
        encode_source(source, "# coding: latin-1\n# →\n")


def test_a_file_is_read_under_its_absolute_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.py").write_bytes(b"x = 1\r\n")
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path)
    source = read_source(Path("sub/../a.py"))
    assert (source.path, source.text) == ((tmp_path / "a.py").as_posix(), "x = 1\r\n")


@pytest.mark.parametrize("name", ["missing.py", "."])
def test_what_cannot_be_read_is_named_as_the_user_named_it(name: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be read: ") as caught:
        read_source(tmp_path / name)
    assert "\n" not in str(caught.value)
