"""Comments that silence findings: found as comments, read as what they name."""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from nnxlint.source import Source
from nnxlint.spans import Span
from nnxlint.statements import Comment, Layout, read_layout

# Most files end here: a line without this has no directive.
_HINT = re.compile(r"nnxlint\s*:|noqa", re.IGNORECASE)
_OURS = re.compile(r"#\s*nnxlint\s*:\s*ignore(?P<file>-file)?(?![\w-])[ \t]*(?:\[(?P<names>[^\]#]*)\])?", re.IGNORECASE)
_NOQA = re.compile(r"#\s*noqa(?![\w-])(?P<colon>\s*:)?", re.IGNORECASE)
_CODE = re.compile(r"[\s,]*(?P<code>[A-Za-z]+[0-9]+)(?![\w-])")
_NAME = re.compile(r"[^\s,]+")
_LETTERS = re.compile(r"[A-Za-z]+")
# What the codes of nnxlint's own rules start with.
OWN = frozenset({"NNX"})


@dataclass(frozen=True, slots=True)
class Named:
    """A rule as a directive names it."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Directive:
    """A comment's request to be silent about some rules, or about all of them where `names` is None.

    `rows`: the lines that it speaks of, all of them where it is None. `names` are those meant for nnxlint;
    `others` tells that it names rules of other tools too, `noqa` that it is written in their manner.
    """

    span: Span
    comment: Span
    rows: frozenset[int] | None
    names: tuple[Named, ...] | None
    noqa: bool = False
    others: bool = False


@dataclass(frozen=True, slots=True)
class Comments:
    """The directives of a file, and where its statements stand."""

    directives: tuple[Directive, ...] = ()
    layout: Layout = field(default_factory=Layout)

    def rows_of(self, source: Source, span: Span) -> frozenset[int]:
        """Give the lines on which a comment speaks of what starts at the span.

        These are its own first line, and the first and last one of the statement (or head) that it stands in.
        """
        row = source.lines.position(span.start).row
        return frozenset((row, *self.layout.statement_at(row)))


def may_have_directives(source: Source, prefixes: Collection[str] = OWN) -> bool:
    """Tell quickly whether the file may hold a directive: to find its comments takes long.

    `prefixes`: what the codes of rules start with, by which a `noqa` is told from those of other tools.
    """
    text = source.text
    for hint in _HINT.finditer(text):
        end = text.find("\n", hint.end())
        if _may_direct(text[text.rfind("\n", 0, hint.start()) + 1 : end if end >= 0 else len(text)], prefixes):
            return True
    return False


def _may_direct(line: str, prefixes: Collection[str]) -> bool:
    """Whether a line holds a directive if it is a comment: many a `noqa` names rules of other tools only."""
    if _OURS.search(line) is not None:
        return True
    return any(
        not found["colon"] or any(_is_ours(code["code"], prefixes) for code in _codes(line, found.end()))
        for found in _NOQA.finditer(line)
    )


def read_comments(source: Source, prefixes: Collection[str] = OWN) -> Comments:
    """Find the directives of a file; strings that look like one are none."""
    layout = read_layout(source)
    directives = (each for comment in layout.comments for each in _directives(comment, prefixes))
    return Comments(tuple(directives), layout)


def _directives(comment: Comment, prefixes: Collection[str]) -> Iterator[Directive]:
    start = comment.span.start
    for found in _OURS.finditer(comment.text):
        span = Span(start + found.start(), start + found.end())
        rows = None if found["file"] else frozenset((comment.row,))
        yield Directive(span, comment.span, rows, tuple(_names(found, start)))
    for found in _NOQA.finditer(comment.text):
        directive = _noqa(comment, found, prefixes)
        if directive is not None:
            yield directive


def _names(found: re.Match[str], start: int) -> Iterator[Named]:
    if found["names"] is not None:
        offset = start + found.start("names")
        for name in _NAME.finditer(found["names"]):
            yield Named(name[0], Span(offset + name.start(), offset + name.end()))


def _noqa(comment: Comment, found: re.Match[str], prefixes: Collection[str]) -> Directive | None:
    """Read a `noqa`; None where it names rules of other tools only, or what is no rule at all."""
    start, rows = comment.span.start, frozenset((comment.row,))
    if not found["colon"]:
        span = Span(start + found.start(), start + found.end())
        return Directive(span, comment.span, rows, None, noqa=True)
    codes = tuple(_codes(comment.text, found.end()))
    ours = tuple(
        Named(code["code"], Span(start + code.start("code"), start + code.end("code")))
        for code in codes
        if _is_ours(code["code"], prefixes)
    )
    if not ours:
        return None
    span = Span(start + found.start(), start + codes[-1].end())
    return Directive(span, comment.span, rows, ours, noqa=True, others=len(ours) < len(codes))


def _is_ours(code: str, prefixes: Collection[str]) -> bool:
    letters = _LETTERS.match(code)
    return letters is not None and letters[0].upper() in prefixes


def _codes(comment: str, position: int) -> Iterator[re.Match[str]]:
    """Give the codes that follow each other from the position on; what comes after them is prose."""
    found = _CODE.match(comment, position)
    while found:
        yield found
        found = _CODE.match(comment, found.end())


def without(source: Source, directive: Directive, dropped: Iterable[Named]) -> tuple[Span, str]:
    """Give what to replace by what, so that the directive no longer names these; comments besides it stay."""
    gone = frozenset(dropped)
    kept = [each for each in directive.names or () if each not in gone]
    text = source.text
    before = text[directive.comment.start : directive.span.start]
    after = text[directive.span.end : directive.comment.end]
    if kept or directive.others:
        return directive.comment, f"{before}{_trimmed(text, directive, gone)}{after}"
    rest = _rest(before, after)
    return (directive.comment, rest) if rest else (_whole(source, directive.comment), "")


def _trimmed(text: str, directive: Directive, gone: frozenset[Named]) -> str:
    """Give the directive without some names, each of which takes the comma before or after it along."""
    content = text[directive.span.start : directive.span.end]
    for each in sorted(gone, key=lambda name: name.span, reverse=True):
        start, end = each.span.start - directive.span.start, each.span.end - directive.span.start
        head, tail = content[:start], content[end:]
        shorter = re.sub(r"[\s,]+$", "", head)
        is_first = shorter.endswith(("[", ":"))  # then what separates it from the next one goes
        content = head + re.sub(r"^[\s,]+", "", tail) if is_first else shorter + tail
    return content


def _rest(before: str, after: str) -> str:
    """Give what else the comment says, as a comment of its own."""
    said = after.strip()
    if not said or said.startswith("#"):
        return f"{before}{said}".rstrip()
    prose = re.sub(r"^[-\N{EN DASH}\N{EM DASH}:;,.\s]+", "", said)
    return f"{before}# {prose}" if prose else before.rstrip()


def _whole(source: Source, comment: Span) -> Span:
    """Give the span of a comment with the blanks before it; where it stands alone, of its line."""
    row = source.lines.position(comment.start).row
    line = source.lines.line_span(row)
    code = source.text[line.start : comment.start].rstrip()
    if code:
        return Span(line.start + len(code), comment.end)
    last = row == source.rows_around(comment.start)[1]
    return Span(line.start, line.end if last else source.lines.line_start(row + 1))
