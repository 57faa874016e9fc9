"""Where the statements and comments of a file stand, found among its tokens: cheaper than a tree."""

import io
import tokenize
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from nnxlint.source import Source
from nnxlint.spans import Position, Span

_BREAKS = (tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT)
# Where Python takes f-strings apart, their lines end like others, but only the newest lets comments stand there.
_OPENING = {getattr(tokenize, f"{kind}STRING_START", None) for kind in "FT"}
_CLOSING = {getattr(tokenize, f"{kind}STRING_END", None) for kind in "FT"}


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment, with its `#`."""

    row: int
    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Layout:
    """The comments of a file, and the first and the last row of each statement (of a compound one: of its head).

    At the end of the rows in `ends` a comment may stand: they do not end in a string, or in what joins lines.
    """

    comments: tuple[Comment, ...] = ()
    statements: tuple[tuple[int, int], ...] = ()
    ends: frozenset[int] = frozenset()

    def comments_on(self, first: int, last: int) -> tuple[Comment, ...]:
        """Give the comments from one row to another."""
        start = bisect_left(self.comments, first, key=lambda each: each.row)
        return self.comments[start : bisect_right(self.comments, last, key=lambda each: each.row)]

    def statement_at(self, row: int) -> tuple[int, int]:
        """Give the first and the last row of the statement on a row; the row itself where none is."""
        index = bisect_right(self.statements, row, key=lambda each: each[0]) - 1
        found = self.statements[index] if index >= 0 else (0, 0)
        return found if row <= found[1] else (row, row)


def read_layout(source: Source) -> Layout:
    """Find the comments and the statements, up to the first thing that is no token."""
    comments: list[Comment] = []
    statements: list[tuple[int, int]] = []
    ends: set[int] = set()
    first = depth = 0
    for token in _tokens(source.text):
        depth += (token.type in _OPENING) - (token.type in _CLOSING)
        if token.type in (tokenize.NL, tokenize.NEWLINE) and not depth:
            ends.add(token.start[0])
        if token.type == tokenize.COMMENT:
            comments.append(_comment(source, token))
        elif token.type == tokenize.NEWLINE:
            statements.append((first or token.start[0], token.start[0]))
            first = 0
        elif token.type not in _BREAKS:
            first = first or token.start[0]
    return Layout(tuple(comments), tuple(statements), frozenset(ends))


def _comment(source: Source, token: tokenize.TokenInfo) -> Comment:
    row, column = token.start
    start = source.lines.offset(Position(row, column + 1))
    return Comment(row, Span(start, start + len(token.string)), token.string)


def _tokens(text: str) -> Iterator[tokenize.TokenInfo]:
    """Give the tokens up to the first thing that is none."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")  # rows and columns stay what they are
    try:
        yield from tokenize.generate_tokens(io.StringIO(plain).readline)
    except (tokenize.TokenError, SyntaxError):
        return
