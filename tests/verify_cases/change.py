"""Changes of the programs, as data: fixes that are wrong, and rewrites that are harmless."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from nnxlint.verify.protocol import CompareJob, Program
from tests.verify_cases.programs import CASES


class Change(NamedTuple):
    """Replacements of text, each of which occurs exactly once in the program."""

    program: str
    name: str
    pairs: tuple[tuple[str, str], ...]

    @property
    def job(self) -> CompareJob:
        """The comparison of the program without and with the change."""
        text, case = CASES[self.program]
        file = f"{self.program}.py"
        changed = self.made_to(text)
        before, after = Program({file: text}, file), Program({file: changed}, file)
        return CompareJob(f"{self.program}: {self.name}", before, after, case)

    def made_to(self, text: str) -> str:
        """The text with the change."""
        for old, new in self.pairs:
            if text.count(old) != 1:
                message = f"{self.name}: {old!r} occurs {text.count(old)} times"
                raise ValueError(message)
            text = text.replace(old, new)
        return text


def wrong() -> tuple[Change, ...]:
    """Fixes that are wrong: the verifier must see through all of them."""
    return tuple(_read("wrong.toml"))


def harmless() -> tuple[Change, ...]:
    """Rewrites that change nothing: none may be called different, and most must be proved equal."""
    return tuple(_read("harmless.toml"))


def _read(file: str) -> Iterator[Change]:
    table = tomllib.loads((Path(__file__).parent / file).read_text("utf-8"))
    for program, entries in table.items():
        for entry in entries:
            further = (tuple(pair) for pair in entry.get("then", ()))
            yield Change(program, entry["name"], ((entry["old"], entry["new"]), *further))
