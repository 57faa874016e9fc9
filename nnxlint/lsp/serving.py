"""The server run: it reads until the editor leaves, however it does that."""

import asyncio
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from typing import BinaryIO

from nnxlint.lsp.analysis import Analysis
from nnxlint.lsp.protocol import Conversation
from nnxlint.lsp.server import make_server
from nnxlint.lsp.session import Session
from nnxlint.lsp.stdio import Reader, Writer, own_streams

_WATCH = 2.0  # seconds between two looks at whether the editor still lives


def serve(make_analysis: Callable[[], Analysis]) -> int:
    """Serve the editor at standard input and output until it leaves; the exit status."""
    incoming, outgoing = own_streams()
    return asyncio.run(_serve(make_analysis, incoming, outgoing))


async def _serve(make_analysis: Callable[[], Analysis], incoming: BinaryIO, outgoing: BinaryIO) -> int:
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[int] = loop.create_future()

    def end(status: int) -> None:
        if not ended.done():
            ended.set_result(status)

    def end_from_thread() -> None:
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(end, 1)

    session = make_server(make_analysis, loop)
    conversation = session.server.protocol
    conversation.end = end
    writer = Writer(outgoing, end_from_thread)
    conversation.set_writer(writer)
    _end_on_signals(loop, end)
    writer.start()
    session.worker.start()
    Reader(incoming, lambda body: _hand(loop, conversation, body), end_from_thread).start()
    watching = asyncio.ensure_future(_watch_editor(session, end))
    status = await ended
    watching.cancel()
    session.end()
    writer.close()
    return status


def _hand(loop: asyncio.AbstractEventLoop, conversation: Conversation, body: bytes) -> None:
    loop.call_soon_threadsafe(conversation.receive, body)


def _end_on_signals(loop: asyncio.AbstractEventLoop, end: Callable[[int], None]) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError, RuntimeError):  # not on Windows, where a signal ends the process as it is
            loop.add_signal_handler(number, end, 128 + number)


async def _watch_editor(session: Session, end: Callable[[int], None]) -> None:
    """End when the process is gone that the editor said it is: its end of the pipe may be held open by others."""
    while True:
        await asyncio.sleep(_WATCH)
        pid = session.server.process_id
        if pid and not _lives(pid):
            end(1)


def _lives(pid: int) -> bool:
    if os.name == "nt":  # there a signal would end it
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
