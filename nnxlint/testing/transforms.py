"""Other spellings of the same program, and what must survive an edit of it."""

import io
import re
import tokenize
from collections.abc import Iterable

_LEADING = re.compile(r"^(?: {4})+", re.MULTILINE)
_LEADING_TABS = re.compile(r"^\t+", re.MULTILINE)


def to_crlf(data: bytes) -> bytes:
    """Give every line the line end of Windows."""
    return data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def to_tabs(data: bytes) -> bytes:
    """Indent by tabs what is indented by four spaces."""
    return _LEADING.sub(lambda found: "\t" * (len(found[0]) // 4), data.decode()).encode()


def to_spaces(text: str) -> str:
    """Indent by four spaces what is indented by tabs."""
    return _LEADING_TABS.sub(lambda found: " " * 4 * len(found[0]), text)


def comments(text: str, spared: Iterable[tuple[int, int]] = ()) -> list[str]:
    """Give the comments of a file in their order, without those that start inside one of the ranges."""
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    ranges = tuple(spared)
    return [
        token.string
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type == tokenize.COMMENT
        and not any(start <= starts[token.start[0] - 1] + token.start[1] < end for start, end in ranges)
    ]
