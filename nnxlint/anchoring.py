"""Patterns of paths, as they are written from another folder."""

from pathlib import Path


def rebased(pattern: str, base: Path, root: Path) -> str:
    """Give a pattern that counts from `base` as one that counts from `root`; one without a slash is kept."""
    negation, plain = ("!", pattern[1:]) if pattern.startswith("!") else ("", pattern)
    if base == root or "/" not in plain.rstrip("/") or plain.startswith("**/"):
        return pattern
    anchored = plain.removeprefix("./").lstrip("/")
    if base.is_relative_to(root):
        return f"{negation}/{base.relative_to(root).as_posix()}/{anchored}"
    if root.is_relative_to(base):
        return f"{negation}/{anchored.removeprefix(f'{root.relative_to(base).as_posix()}/')}"
    return pattern
