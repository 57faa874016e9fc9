"""What a file is called where people read it."""

import os
from pathlib import Path


def relative_name(path: str, directory: Path) -> str:
    """Give the path as seen from the directory, with `/` on every system; absolute on another drive."""
    try:
        return Path(os.path.relpath(path, directory)).as_posix()
    except ValueError:
        return path
