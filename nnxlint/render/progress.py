"""A progress bar on standard error, for runs so long that someone wonders."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock, Timer
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

DELAY = 1.0


@contextmanager
def progress_bar(
    stream: TextIO, *, delay: float = DELAY, at_first: str = "analysing", doing: str = "linting"
) -> Iterator[Callable[[int, int], None]]:
    """Yield a function that is told how many of how many files are done; the bar shows after the delay.

    `at_first`: what is shown until then, `doing`: what is shown from then on.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    progress = Progress(*columns, console=Console(file=stream), transient=True)
    task = progress.add_task(at_first, total=None)
    closing = Lock()
    timer = Timer(delay, lambda: _start(progress, closing))
    timer.daemon = True
    timer.start()
    try:
        yield lambda done, total: progress.update(task, description=doing, completed=done, total=total)
    finally:
        timer.cancel()
        # Never given back: a timer that fires this late finds it taken and shows nothing.
        closing.acquire()
        progress.stop()


def _start(progress: Progress, closing: Lock) -> None:
    if closing.acquire(blocking=False):
        try:
            progress.start()
        finally:
            closing.release()
