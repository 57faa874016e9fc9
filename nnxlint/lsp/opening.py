"""The command that opens the page of a rule in the editor."""

import msgspec
from lsprotocol import types

from nnxlint.lsp.session import Session


class OpeningPages:
    """Opens pages."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def open(self, params: types.ExecuteCommandParams) -> str:
        """Open the page of the rule that the argument names; its address. What cannot be opened is named."""
        [name] = msgspec.convert(params.arguments, tuple[str])
        pages = await self._session.ask(lambda analysis: analysis.pages())
        page = next((page for page in pages if name in (page.name, page.code)), None)
        if page is None:
            message = f"there is no rule `{name}`"
            raise msgspec.ValidationError(message)
        uri = self._session.pages.path(page).as_uri()
        if self._session.client.shows_documents:
            self._session.server.window_show_document(types.ShowDocumentParams(uri, take_focus=True))
        else:
            self._session.show(f"the page of {name} is at {uri}")
        return uri
