"""Rules that settings leave out in the files which a pattern matches."""

from dataclasses import dataclass, field
from pathlib import Path

from nnxlint.discovery import Patterns, compile_patterns
from nnxlint.errors import NnxlintError


@dataclass(frozen=True, slots=True)
class FileIgnores:
    """Rules that are left out in the files which a pattern matches; after `!`, in all others."""

    pattern: str
    rules: tuple[str, ...]
    directory: Path
    _patterns: Patterns = field(repr=False, compare=False)

    def hold_for(self, path: str) -> bool:
        """Whether the rules are left out in the file. Where its folder is none of ours, its name decides."""
        inside = path.startswith(f"{self._patterns.directory.rstrip('/')}/")
        counted = path if inside else (self.directory / Path(path).name).as_posix()
        return bool(self._patterns.verdict(counted)) is not self.pattern.startswith("!")


def file_ignores(pattern: str, rules: tuple[str, ...], directory: Path) -> FileIgnores:
    """Make the ignores of a pattern that counts from the directory; `NnxlintError` for one that is none."""
    plain = pattern.removeprefix("!")
    if not plain.strip():
        message = f"invalid pattern {pattern!r}"
        raise NnxlintError(message)
    return FileIgnores(pattern, rules, directory, compile_patterns(directory, (plain,)))
