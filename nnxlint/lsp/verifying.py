"""*Verify this fix*: the companion runs the code before and after it, in a process of its own."""

import asyncio
import hashlib
import sys
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import msgspec
from lsprotocol import types

from nnxlint.diagnostic import Crash, Diagnostic
from nnxlint.lsp.analysis import FileFindings
from nnxlint.lsp.orders import Failure, Judgement, Order, Said, Step
from nnxlint.lsp.session import Session
from nnxlint.spans import Span

VERIFY = "nnxlint.verifyFix"
_PATIENCE = 5.0  # seconds that the process has to end those that it started
_LONGEST_LINE = 1 << 24
_SAID: msgspec.json.Decoder[Step | Judgement | Failure] = msgspec.json.Decoder(Step | Judgement | Failure)
_COMMAND = ("-m", "nnxlint.lsp.verification")


@dataclass(slots=True)
class Verdicts:
    """What was found out of fixes. It holds for one text: whoever changes that has to ask again."""

    _known: dict[tuple[str, str, Span, bytes], str] = field(default_factory=dict)

    def of(self, diagnostic: Diagnostic, findings: FileFindings) -> str:
        """Give the verdict of a finding's fix; empty where there is none."""
        return self._known.get(_key(diagnostic.path, diagnostic.code, diagnostic.span, findings), "")

    def take(self, path: str, code: str, span: Span, findings: FileFindings, verdict: str) -> None:
        """Remember a verdict."""
        self._known[_key(path, code, span, findings)] = verdict


class Verifying:
    """Runs the companion."""

    def __init__(self, session: Session, verdicts: Verdicts) -> None:
        self._session = session
        self._verdicts = verdicts
        self._running: set[asyncio.subprocess.Process] = set()

    async def verify(self, params: types.ExecuteCommandParams) -> dict[str, str] | None:
        """Verify the fix of the finding that the arguments name; the verdict, and why. None where it was cancelled."""
        uri, code, start, end = msgspec.convert(params.arguments, tuple[str, str, int, int])
        session = self._session
        record = await session.current(uri)
        if record is None:
            session.say(f"{uri} is not open", types.MessageType.Warning)
            return None
        contents = {each.path: each.content for each in session.files.by_path.values()}
        order = Order(
            path=record.path, code=code, start=start, end=end, contents=contents, preferences=session.preferences
        )
        said = await self._said(order, params.work_done_token)
        if isinstance(said, Judgement):
            self._verdicts.take(record.path, code, Span(start, end), record.shown, said.verdict)
            session.show(f"the fix of {code}: {said.verdict}: {said.reason}")
            return {"verdict": said.verdict, "reason": said.reason}
        if isinstance(said, Failure):
            self._tell(said)
        return None

    def end(self) -> None:
        """End what is running."""
        for process in self._running:
            with suppress(ProcessLookupError):
                process.terminate()

    async def _said(self, order: Order, token: types.ProgressToken | None) -> Said | None:
        async with self._progress(token, f"nnxlint: verifying the fix of {order.code}") as (step, cancelled):
            running = asyncio.ensure_future(self._run(order, step))
            cancelled(running.cancel)
            try:
                return await running
            except asyncio.CancelledError:
                if running.done() and not _is_cancelling():
                    return None
                running.cancel()
                raise

    async def _run(self, order: Order, step: Callable[[Step], None]) -> Said | None:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *_COMMAND,
            cwd=self._session.files.folder,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=_LONGEST_LINE,
        )
        self._running.add(process)
        try:
            return await _conversed(process, order, step)
        finally:
            self._running.discard(process)
            await _ended(process)

    @asynccontextmanager
    async def _progress(
        self, token: types.ProgressToken | None, title: str
    ) -> AsyncIterator[tuple[Callable[[Step], None], Callable[[Callable[[], object]], None]]]:
        """Show how far it is, with a button that ends it, where the editor can."""
        progress = self._session.server.work_done_progress
        if token is None and self._session.client.shows_progress:
            token = str(uuid.uuid4())
            await progress.create_async(token)
        if token is None:
            yield lambda _: None, lambda _: None
            return
        shown = token
        progress.begin(shown, types.WorkDoneProgressBegin(title, cancellable=True, percentage=0))
        try:
            yield (
                lambda step: progress.report(shown, _report(step)),
                lambda action: progress.tokens[shown].add_done_callback(lambda _: action()),
            )
        finally:
            progress.end(shown, types.WorkDoneProgressEnd())
            progress.tokens.pop(shown, None)

    def _tell(self, failure: Failure) -> None:
        if failure.traceback:
            self._session.report_crash(Crash("verifying", "", failure.traceback))
        else:
            self._session.show(f"the fix was not verified: {failure.message}", types.MessageType.Warning)


async def _conversed(process: asyncio.subprocess.Process, order: Order, step: Callable[[Step], None]) -> Said | None:
    """Give the order, and listen to the end."""
    if process.stdin is None or process.stdout is None:
        return None
    process.stdin.write(msgspec.json.encode(order) + b"\n")
    await process.stdin.drain()
    async for line in process.stdout:
        said = _SAID.decode(line)
        if not isinstance(said, Step):
            return said
        step(said)
    return Failure("the process that verifies ended early")


async def _ended(process: asyncio.subprocess.Process) -> None:
    """End the process if it runs: it ends its own ones first."""
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _PATIENCE)
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()


def _is_cancelling() -> bool:
    """Whether it is the request itself that is cancelled."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _report(step: Step) -> types.WorkDoneProgressReport:
    percentage = 100 * step.done // step.total if step.total else 0
    return types.WorkDoneProgressReport(message=f"{step.done} of {step.total} programs run", percentage=percentage)


def _key(path: str, code: str, span: Span, findings: FileFindings) -> tuple[str, str, Span, bytes]:
    text = findings.source.text if findings.source else ""
    return path, code, span, hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).digest()
