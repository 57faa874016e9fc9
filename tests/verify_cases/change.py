"""A change of a program, as data."""

from typing import NamedTuple


class Change(NamedTuple):
    """A replacement of text that occurs exactly once; `then` holds further pairs of old and new text."""

    name: str
    old: str
    new: str
    then: tuple[tuple[str, str], ...] = ()

    def made_to(self, text: str) -> str:
        """The text with the change."""
        for old, new in ((self.old, self.new), *self.then):
            if text.count(old) != 1:
                message = f"{self.name}: {old!r} occurs {text.count(old)} times"
                raise ValueError(message)
            text = text.replace(old, new)
        return text
