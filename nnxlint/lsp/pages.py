"""The pages of the rules as files, for editors that open links: they live as long as the server."""

import shutil
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path

_SUFFIX = ".md"


class Pages:
    """Addresses of pages, given out at once; the files are written when somebody has time."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._lock = threading.Lock()
        self._written = False

    def uri(self, name: str) -> str:
        """Give the address of the page of a rule."""
        return self._path(name).as_uri()

    def path(self, name: str) -> Path:
        """Give the page of a rule, written."""
        self.write()
        return self._path(name)

    def write(self) -> None:
        """Write all pages, once."""
        with self._lock:
            if self._written:
                return
            self._written = True
        for name, text in texts().items():
            self._path(name).write_text(text, encoding="utf-8")

    def remove(self) -> None:
        """Remove what was written."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _path(self, name: str) -> Path:
        with self._lock:
            if self._folder is None:
                self._folder = Path(tempfile.mkdtemp(prefix="nnxlint-rules-"))
        return self._folder / f"{name}{_SUFFIX}"


def texts() -> Mapping[str, str]:
    """Give the pages of all rules by their names."""
    from nnxlint.render.rules import rule_page  # noqa: PLC0415 - both bring much along that the first findings need not
    from nnxlint.rules import all_rules  # noqa: PLC0415

    return {rule.name: rule_page(rule) for rule in all_rules()}
