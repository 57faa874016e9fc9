"""`python -m nnxlint.lsp.analyser`: the process that analyses for the server, and ends with it."""

import os
import pickle
import queue
import signal
import sys
import threading
import traceback
from typing import Any, BinaryIO

from nnxlint.errors import NnxlintError
from nnxlint.garbage import resting_collector
from nnxlint.lsp.analysis import Analysis, OutdatedError
from nnxlint.lsp.checking import CheckAnalysis
from nnxlint.lsp.orders import COUNT, CRASH, MISTAKE, OUTDATED, RESULT, STOP

Call = tuple[int, str, tuple[Any, ...]]
_COUNTED = "project_findings"


class Answering:
    """Answers what the server asks, one after the other."""

    def __init__(self, analysis: Analysis, out: BinaryIO) -> None:
        self._analysis = analysis
        self._out = out
        self._calls: queue.SimpleQueue[Call] = queue.SimpleQueue()
        self._stopped = 0

    def listen(self, stream: BinaryIO) -> None:
        """Take calls while others are answered; when the server is gone, so is this process, whatever it does."""
        try:
            while True:
                call: Call = pickle.load(stream)  # noqa: S301 - from our own process
                if call[1] == STOP:
                    self._stopped = call[0]
                else:
                    self._calls.put(call)
        finally:
            os._exit(0)

    def run(self) -> None:
        """Answer for ever."""
        while True:
            number, method, arguments = self._calls.get()
            self._say(*self._answer(number, method, arguments))

    def _answer(self, number: int, method: str, arguments: tuple[Any, ...]) -> tuple[str, object]:
        def tell(done: int, total: int) -> None:
            if self._stopped == number:
                raise OutdatedError
            self._say(COUNT, (done, total))

        given = (*arguments, tell) if method == _COUNTED else arguments
        try:
            return RESULT, getattr(self._analysis, method)(*given)
        except OutdatedError:
            return OUTDATED, ""
        except NnxlintError as error:
            return MISTAKE, str(error)
        except Exception:  # noqa: BLE001 - the server tells of it
            return CRASH, traceback.format_exc()

    def _say(self, kind: str, value: object) -> None:
        try:
            said = pickle.dumps((kind, value))
        except Exception:  # noqa: BLE001 - whoever waits must be answered
            said = pickle.dumps((CRASH, traceback.format_exc()))
        self._out.write(said)
        self._out.flush()


def main() -> None:
    """Answer on standard output; what is printed goes to standard error."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the server decides what an interrupt ends
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    answering = Answering(CheckAnalysis(), out)
    threading.Thread(target=answering.listen, args=(sys.stdin.buffer,), daemon=True).start()
    # Sooner or later all of it is needed, and the server takes its time to start.
    with resting_collector():  # what is imported stays
        import nnxlint.checking  # noqa: F401, PLC0415 - see above

    answering.run()


if __name__ == "__main__":
    main()
