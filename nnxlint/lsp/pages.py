"""The pages of the rules as files, for editors that open links: they live as long as the server."""

import shutil
import tempfile
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # rules bring the whole semantic layer along
    from nnxlint.rule import Rule

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

    def path(self, rule: "Rule") -> Path:
        """Give the page of a rule, written."""
        self.write([rule])
        return self._path(rule.name)

    def write(self, rules: "Iterable[Rule]") -> None:
        """Write the pages of rules, each once."""
        from nnxlint.render.rules import rule_page  # noqa: PLC0415 - it brings much along that the first findings need not

        for rule in rules:
            with self._lock:
                is_new = rule.name not in self._written
                self._written.add(rule.name)
            if is_new:
                self._path(rule.name).write_text(rule_page(rule), encoding="utf-8")

    def remove(self) -> None:
        """Remove what was written."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _path(self, name: str) -> Path:
        with self._lock:
            if self._folder is None:
                self._folder = Path(tempfile.mkdtemp(prefix="nnxlint-rules-"))
        return self._folder / f"{name}{_SUFFIX}"
