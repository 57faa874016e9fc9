"""By what a finding is known again: its rule, its file and its statement, wherever the lines have moved to."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from nnxlint.diagnostic import Diagnostic
from nnxlint.naming import relative_name
from nnxlint.source import Source
from nnxlint.statements import Layout, read_layout

DIGITS = 16

# What formatters add and take away: blanks, line ends and what joins lines, the comma before a closing bracket.
_LAYOUT = re.compile(r"\\[\r\n]|\s|,(?=\s*[)\]}])")


def fingerprints(
    diagnostics: Iterable[Diagnostic], sources: Mapping[str, Source], root: Path
) -> Mapping[Diagnostic, str]:
    """Give the fingerprint of each diagnostic; files are named as they are seen from `root`.

    Moved lines, comments and layout do not change it, an edit of the statement does. Equal findings in equal
    statements of one file are counted, so all findings of a file must be given together, those that are not shown too.
    """
    layouts: dict[str, Layout] = {}
    seen: Counter[tuple[str, str, str]] = Counter()
    found: dict[Diagnostic, str] = {}
    for each in sorted(diagnostics, key=lambda one: (one.path, one.span, one.code, one.message)):
        source = sources.get(each.path)
        if source is not None and each.path not in layouts:
            layouts[each.path] = read_layout(source)
        text = _statement(source, layouts[each.path], each.span.start) if source else ""
        key = (each.code, relative_name(each.path, root), text)
        seen[key] += 1
        found[each] = digest(*key, str(seen[key]))[:DIGITS]
    return found


def digest(*parts: str) -> str:
    """Give the hash of the parts, in hexadecimal digits."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _statement(source: Source, layout: Layout, offset: int) -> str:
    """Give the statement around the offset without its comments and its layout.

    Text is cut, not tokens joined: what a token is depends on the Python that runs, and a fingerprint must not.
    """
    first, last = layout.statement_at(source.lines.position(offset).row)
    start, end = source.lines.line_start(first), source.lines.line_span(last).end
    pieces: list[str] = []
    for comment in layout.comments_on(first, last):
        pieces.append(source.shown[start : comment.span.start])
        start = comment.span.end
    return _LAYOUT.sub("", "".join((*pieces, source.shown[start:end])))
