"""The conversation: messages taken apart, and mistakes of the other side answered instead of suffered.

pygls dispatches. What differs from it: bytes come from our own reader; a message that is wrong gets the error that the
protocol has for it; and documents are kept by `files`, because pygls ends lines where the protocol does not.
"""

import inspect
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
from lsprotocol import types
from pygls.exceptions import (
    JsonRpcException,
    JsonRpcInternalError,
    JsonRpcInvalidParams,
    JsonRpcInvalidRequest,
    JsonRpcMethodNotFound,
    JsonRpcParseError,
    JsonRpcServerNotInitialized,
)
from pygls.protocol import LanguageServerProtocol, lsp_method

_LOG = logging.getLogger("nnxlint")
_MOST_LOGGED = 300  # of a message that nobody understands
_ALWAYS_HEARD = frozenset({types.INITIALIZE, types.EXIT})
_BUILT_IN = frozenset({types.CANCEL_REQUEST})


@dataclass(frozen=True, slots=True)
class _Call:
    """A request or, without a number, a notification."""

    method: str
    number: int | str | None


class Conversation(LanguageServerProtocol):
    """Takes bytes from the editor, and hands what they say to the features."""

    end: Callable[[int], None] = staticmethod(lambda _: None)
    _greeted = False

    def receive(self, body: bytes) -> None:
        """Take one message; whatever it holds, the next one is taken too."""
        try:
            self._take(body)
        except Exception as error:  # noqa: BLE001 - the next message may be right
            _LOG.exception("a message could not be handled: %r", body[:_MOST_LOGGED])
            self._server.report_server_error(error, JsonRpcInternalError)

    def _take(self, body: bytes) -> None:
        try:
            data: object = json.loads(body)
        except (ValueError, RecursionError) as error:
            self._refuse(None, JsonRpcParseError(f"the message is no JSON: {error}"))
            return
        if not isinstance(data, dict) or data.get("jsonrpc") != self.VERSION:
            self._refuse(None, JsonRpcInvalidRequest("the message is no object of JSON-RPC 2.0"))
        elif "method" not in data:
            self._take_answer(data)
        elif not isinstance(data["method"], str) or not isinstance(data.get("id", 0), int | str):
            self._refuse(None, JsonRpcInvalidRequest("the method must be text, and the id text or a number"))
        else:
            self._take_call(_Call(data["method"], data.get("id")), data)

    def _take_answer(self, data: dict[str, object]) -> None:
        """Take the answer to a request of ours; one to none of ours is nothing to answer to."""
        if data.get("id") not in self._request_futures:
            _LOG.warning("an answer to no question: %r", data.get("id"))
            return
        self.handle_message(self.structure_message(data))

    def _take_call(self, call: _Call, data: dict[str, object]) -> None:
        refusal = self._refusal(call)
        if refusal is not None:
            self._refuse(call, refusal)
            return
        try:
            kind = self.get_message_type(call.method)
            message = self._converter.structure(data, kind) if kind else self.structure_message(data)
        except Exception as error:  # noqa: BLE001 - cattrs raises groups of whatever went wrong inside
            self._refuse(call, JsonRpcInvalidParams(f"the parameters of `{call.method}` are wrong: {error!r}"))
            return
        self._greeted = self._greeted or call.method == types.INITIALIZE
        self.handle_message(message)

    def _refusal(self, call: _Call) -> JsonRpcException | None:
        """Tell why a call is not answered, where it is not."""
        if not self._greeted and call.method not in _ALWAYS_HEARD:
            return JsonRpcServerNotInitialized("the first request must be `initialize`")
        if self._greeted and call.method == types.INITIALIZE:
            return JsonRpcInvalidRequest("the server is initialized already")
        if self._shutdown and call.method != types.EXIT:
            return JsonRpcInvalidRequest("the server is shutting down")
        if call.method not in {*self.fm.features, *self.fm.builtin_features, *_BUILT_IN}:
            return JsonRpcMethodNotFound(f"there is no method `{call.method}`")
        return None

    def _refuse(self, call: _Call | None, error: JsonRpcException) -> None:
        """Answer with an error; a notification has no answer."""
        _LOG.debug("refused: %s", error)
        if call is None or call.number is not None:
            number = call.number if call else None
            self._send_data(types.ResponseErrorMessage(id=number, error=error.to_response_error()))

    @lsp_method(types.EXIT)
    def lsp_exit(self, *_: object) -> None:  # type: ignore[override]
        """End, and tell whether the editor had announced it."""
        self.end(0 if self._shutdown else 1)

    @lsp_method(types.WORKSPACE_EXECUTE_COMMAND)
    async def lsp_workspace__execute_command(self, params: types.ExecuteCommandParams) -> object:  # type: ignore[override]
        """Run a command, which is given all of the request, and is cancelled with it."""
        command: Callable[[types.ExecuteCommandParams], object] | None = self.fm.commands.get(params.command)
        if command is None:
            message = f"there is no command `{params.command}`"
            raise JsonRpcInvalidParams(message)
        try:
            result = command(params)
            return await result if inspect.isawaitable(result) else result
        except msgspec.ValidationError as error:
            message = f"the arguments of `{params.command}` are wrong: {error}"
            raise JsonRpcInvalidParams(message) from error

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(self, params: types.DidOpenTextDocumentParams) -> None:
        """Leave the document to the feature."""
        self.fm.features[types.TEXT_DOCUMENT_DID_OPEN](params)

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: types.DidChangeTextDocumentParams) -> None:
        """Leave the document to the feature."""
        self.fm.features[types.TEXT_DOCUMENT_DID_CHANGE](params)

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(self, params: types.DidCloseTextDocumentParams) -> None:
        """Leave the document to the feature."""
        self.fm.features[types.TEXT_DOCUMENT_DID_CLOSE](params)

    @lsp_method(types.NOTEBOOK_DOCUMENT_DID_OPEN)
    def lsp_notebook_document__did_open(self, params: types.DidOpenNotebookDocumentParams) -> None:
        """Leave the notebook to the feature."""
        self.fm.features[types.NOTEBOOK_DOCUMENT_DID_OPEN](params)

    @lsp_method(types.NOTEBOOK_DOCUMENT_DID_CHANGE)
    def lsp_notebook_document__did_change(self, params: types.DidChangeNotebookDocumentParams) -> None:
        """Leave the notebook to the feature."""
        self.fm.features[types.NOTEBOOK_DOCUMENT_DID_CHANGE](params)

    @lsp_method(types.NOTEBOOK_DOCUMENT_DID_CLOSE)
    def lsp_notebook_document__did_close(self, params: types.DidCloseNotebookDocumentParams) -> None:
        """Leave the notebook to the feature."""
        self.fm.features[types.NOTEBOOK_DOCUMENT_DID_CLOSE](params)
