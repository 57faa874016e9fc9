"""The console that text is written to: in colour only where someone can see it and wants it."""

import io
import os
from collections.abc import Callable, Mapping
from typing import TextIO

from rich.console import Console


def make_console(stream: TextIO, *, coloured: bool) -> Console:
    """Make a console that writes what it is given: no wrapping, no markup, no guessed colours."""
    return Console(
        file=stream,
        force_terminal=coloured,
        no_color=not coloured,
        color_system="auto" if coloured else None,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=True,
        legacy_windows=False,
    )


def printed(write: Callable[[Console], None], *, coloured: bool) -> str:
    """Give the text that is written to a console."""
    buffer = io.StringIO()
    write(make_console(buffer, coloured=coloured))
    return buffer.getvalue()


def wants_colour(stream: TextIO, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether to write in colour; `NO_COLOR` is asked first, as no-color.org wants it, then `FORCE_COLOR`."""
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR", "0") not in ("", "0", "false"):
        return True
    return stream.isatty() and environment.get("TERM") != "dumb"
