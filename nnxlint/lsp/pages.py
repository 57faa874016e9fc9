"""The pages of the rules as files, for editors that open links: they live as long as the server."""

import shutil
import tempfile
import threading
from collections.abc import Iterable
from pathlib import Path

from nnxlint.lsp.analysis import Page

_SUFFIX = ".md"


class Pages:
    """Addresses of pages, given out at once; the files are written when somebody has time."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._lock = threading.Lock()
        self._written: set[str] = set()

    def uri(self, name: str) -> str:
        """Give the address of the page of a rule."""
        return self._path(name).as_uri()

    def path(self, page: Page) -> Path:
        """Give the file of a page, written."""
        self.write([page])
        return self._path(page.name)

    def write(self, pages: Iterable[Page]) -> None:
        """Write pages, each once."""
        for page in pages:
            with self._lock:
                is_new = page.name not in self._written
                self._written.add(page.name)
            if is_new:
                self._path(page.name).write_text(page.text, encoding="utf-8")

    def remove(self) -> None:
        """Remove what was written."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _path(self, name: str) -> Path:
        with self._lock:
            if self._folder is None:
                self._folder = Path(tempfile.mkdtemp(prefix="nnxlint-rules-"))
        return self._folder / f"{name}{_SUFFIX}"
