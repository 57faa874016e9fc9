"""Inlay hints: modes at calls, kinds of state at attributes; only where they are wanted."""

from lsprotocol import types

from nnxlint.lsp.session import Session
from nnxlint.spans import Span


class Hinting:
    """Answers what is to be shown within the code."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def hints(self, params: types.InlayHintParams) -> list[types.InlayHint]:
        """Give the hints of a range."""
        uri, session = params.text_document.uri, self._session
        preferences = session.preferences
        if not (preferences.enable and preferences.inlay_hints):
            return []
        record = await session.current(uri)
        layout = session.showing.layout(record.shown) if record else None
        wanted = layout.span(uri, params.range) if layout else None
        if record is None or layout is None or wanted is None or not record.shown.parsed:
            return []
        path = record.path
        found = await session.ask(lambda analysis: analysis.hints(path))
        kind = types.MarkupKind.Markdown if session.client.reads_markdown else types.MarkupKind.PlainText
        return [
            types.InlayHint(
                position=layout.location(Span(each.offset, each.offset)).range.start,
                label=each.text,
                tooltip=types.MarkupContent(kind, each.tooltip),
                padding_left=True,
            )
            for each in found
            if wanted.start <= each.offset <= wanted.end
        ]
