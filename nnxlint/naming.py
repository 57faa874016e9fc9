"""What a file is called where people read it."""

import os
from pathlib import Path


def relative_name(path: str, directory: Path) -> str:
    """Give the path as seen from the directory, with `/` on every system; absolute on another drive.

    Bytes that are no text are written as escapes, so that the name can stand in any document.
    """
    try:
        name = Path(os.path.relpath(path, directory)).as_posix()
    except ValueError:
        name = path
    return name.encode("utf-8", "backslashreplace").decode()
