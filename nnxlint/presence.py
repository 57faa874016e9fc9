"""What lies at a path, as far as it can be looked at: in a folder that may not be entered there is nothing.

`pathlib` raises there, and so a folder that has nothing to do with the matter would end a run.
"""

import os
from pathlib import Path


def is_file(path: Path) -> bool:
    """Whether there is a file."""
    return os.path.isfile(path)  # noqa: PTH113 - see above


def is_folder(path: Path) -> bool:
    """Whether there is a folder."""
    return os.path.isdir(path)  # noqa: PTH112 - see above


def is_there(path: Path) -> bool:
    """Whether there is anything."""
    return os.path.exists(path)  # noqa: PTH110 - see above
