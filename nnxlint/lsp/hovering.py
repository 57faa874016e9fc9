"""What is shown where the pointer rests: the state of what is there, and the page of the rule of a finding."""

from collections.abc import Sequence

from lsprotocol import types

from nnxlint.directives import may_have_directives, read_comments
from nnxlint.lsp.analysis import Analysis, FileFindings, Page
from nnxlint.lsp.session import Session
from nnxlint.spans import Span

_RULE = "\n\n---\n\n"


class Hovering:
    """Answers what is to be shown."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def hover(self, params: types.HoverParams) -> types.Hover | None:
        """Give what is known of the place."""
        uri, session = params.text_document.uri, self._session
        record = await session.current(uri)
        layout = session.showing.layout(record.shown) if record else None
        if record is None or layout is None or not session.preferences.enable:
            return None
        place = layout.span(uri, types.Range(params.position, params.position))
        if place is None:
            return None
        path, findings, offset = record.path, record.shown, place.start
        found = await session.ask(lambda analysis: _found(analysis, path, findings, offset))
        if not found:
            return None
        kind = types.MarkupKind.Markdown if session.client.reads_markdown else types.MarkupKind.PlainText
        spans = [span for span, _ in found if span is not None]
        covered = Span(max(each.start for each in spans), min(each.end for each in spans)) if spans else None
        text = _RULE.join(dict.fromkeys(text for _, text in found))
        return types.Hover(types.MarkupContent(kind, text), layout.location(covered).range if covered else None)


def _found(analysis: Analysis, path: str, findings: FileFindings, offset: int) -> list[tuple[Span | None, str]]:
    """Give texts with the spans that they are about, as far as those are known."""
    state = analysis.hover(path, offset) if findings.parsed else None
    about_state: list[tuple[Span | None, str]] = [(None, state)] if state else []
    return [*about_state, *_of_rules(analysis.pages(), findings, offset)]


def _of_rules(pages: Sequence[Page], findings: FileFindings, offset: int) -> list[tuple[Span, str]]:
    """Give the pages of the rules whose findings are there, or that a comment names there."""
    texts = {key: page.text for page in pages for key in (page.code.lower(), page.name.lower())}
    named = [*((each.span, each.code) for each in findings.shown), *_in_comments(pages, findings)]
    here = [(span, name.lower()) for span, name in named if span.start <= offset <= span.end]
    return [(span, texts[name]) for span, name in here if name in texts]


def _in_comments(pages: Sequence[Page], findings: FileFindings) -> list[tuple[Span, str]]:
    source = findings.source
    prefixes = frozenset(page.code.rstrip("0123456789") for page in pages)
    if source is None or not may_have_directives(source, prefixes):
        return []
    return [(name.span, name.text) for each in read_comments(source, prefixes).directives for name in each.names or ()]
