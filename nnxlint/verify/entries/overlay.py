"""Fixes made in a copy: the texts of a project's files with some of its fixes applied."""

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from nnxlint.diagnostic import Diagnostic
from nnxlint.edits import Edit, conflicts
from nnxlint.errors import EditConflictError, NnxlintError
from nnxlint.rule import Contract
from nnxlint.source import Source, edit_source


@dataclass(frozen=True, slots=True)
class FixUnit:
    """A finding whose fix is judged, and what its rule promises of fixes."""

    diagnostic: Diagnostic
    contract: Contract | None

    @property
    def path(self) -> str:
        """The file that the fix edits."""
        return self.diagnostic.path

    @property
    def edits(self) -> tuple[Edit, ...]:
        """The edits, which count in the file as it was linted."""
        return self.diagnostic.fix.edits if self.diagnostic.fix is not None else ()


def compatible(units: Iterable[FixUnit], sources: Mapping[str, Source]) -> tuple[FixUnit, ...]:
    """The fixes that can be made together, in the order given: each touches no text that an earlier one does."""
    chosen: list[FixUnit] = []
    for unit in units:
        others = [edit for each in chosen if each.path == unit.path for edit in each.edits]
        if not conflicts((*others, *unit.edits)) and fixed(sources[unit.path], (*chosen, unit)) is not None:
            chosen.append(unit)
    return tuple(chosen)


def fixed(source: Source, units: Iterable[FixUnit]) -> Source | None:
    """The file with those of the fixes that are its own; None where the result is no file of Python."""
    edits = [edit for each in units if each.path == source.path for edit in each.edits]
    try:
        made = edit_source(source, edits)
        ast.parse(made.text)
    except (EditConflictError, NnxlintError, SyntaxError, ValueError, RecursionError):
        return None
    return made


def same_program(before: str, after: str) -> bool:
    """Whether two texts are the same program: they differ in comments and layout at most."""
    return ast.dump(ast.parse(before)) == ast.dump(ast.parse(after))
