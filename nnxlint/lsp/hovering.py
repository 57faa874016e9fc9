"""What is shown where the pointer rests: the page of the rule of a finding, or of the one that a comment names."""

from lsprotocol import types

from nnxlint.directives import may_have_directives, read_comments
from nnxlint.lsp.analysis import FileFindings
from nnxlint.lsp.pages import texts
from nnxlint.lsp.session import Session
from nnxlint.spans import Span


class Hovering:
    """Answers what is to be shown."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def hover(self, params: types.HoverParams) -> types.Hover | None:
        """Give what is known of the place."""
        uri = params.text_document.uri
        record = await self._session.current(uri)
        layout = self._session.showing.layout(record.shown) if record else None
        if record is None or layout is None or not self._session.preferences.enable:
            return None
        place = layout.span(uri, types.Range(params.position, params.position))
        if place is None:
            return None
        parts = self._parts(record.shown, place.start)
        if not parts:
            return None
        kind = types.MarkupKind.Markdown if self._session.client.reads_markdown else types.MarkupKind.PlainText
        spans = [span for span, _ in parts]
        covered = Span(max(span.start for span in spans), min(span.end for span in spans))
        text = "\n\n---\n\n".join(dict.fromkeys(text for _, text in parts))
        return types.Hover(types.MarkupContent(kind, text), layout.location(covered).range)

    def _parts(self, findings: FileFindings, offset: int) -> list[tuple[Span, str]]:
        pages = texts()
        here = [each for each in findings.diagnostics if each.span.start <= offset <= each.span.end]
        parts = [(each.span, pages[each.name]) for each in here if each.name in pages]
        return parts or _named(findings, offset)


def _named(findings: FileFindings, offset: int) -> list[tuple[Span, str]]:
    """Give the page of the rule that a comment names at the place."""
    source = findings.source
    if source is None or not may_have_directives(source):
        return []
    from nnxlint.render.rules import rule_page  # noqa: PLC0415 - few ask
    from nnxlint.rules import all_rules  # noqa: PLC0415

    pages = {key: rule for rule in all_rules() for key in (rule.code.lower(), rule.name.lower())}
    named = (name for each in read_comments(source).directives for name in each.names or ())
    return [
        (each.span, rule_page(pages[each.text.lower()]))
        for each in named
        if each.span.start <= offset <= each.span.end and each.text.lower() in pages
    ]
