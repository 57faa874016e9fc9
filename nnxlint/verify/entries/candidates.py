"""The entries by which a fix can be run, the smallest first: the function around it, then who calls that."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from nnxlint.knowledge import Project
from nnxlint.verify.entries.around import Around, around
from nnxlint.verify.entries.asking import Order, ordered
from nnxlint.verify.entries.driver import Driver, driver_of
from nnxlint.verify.entries.known import Known
from nnxlint.verify.entries.layout import Layout, LayoutError, lay_out
from nnxlint.verify.entries.overlay import FixUnit, changed_rows
from nnxlint.verify.entries.quoting import Quoter
from nnxlint.verify.entries.references import CannotMakeError, References
from nnxlint.verify.protocol import Program

MAX_CANDIDATES = 4

Texts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry that can be asked for: the files that it needs, and the driver that calls it."""

    entry: Around
    order: Order
    layout: Layout
    driver: Driver

    def programs(self, before: Texts, after: Texts, path: str) -> tuple[Program, Program]:
        """The program before and after a fix of the file at `path`, which is the main module of both."""
        rows = changed_rows(before[path], after[path])
        return self._program(before, rows[0]), self._program(after, rows[1])

    def _program(self, texts: Texts, rows: tuple[int, ...]) -> Program:
        origins = self.layout.origins
        files = {place: texts.get(origins[place], text) for place, text in self.layout.files.items()}
        files[self.layout.main] += self.driver.code
        return Program(files, self.layout.main, rows)


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a function is no entry."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Finder:
    """Finds the entries of a project's fixes."""

    known: Known
    project: Project
    _layouts: dict[tuple[str, tuple[str, ...]], Layout] = field(default_factory=dict, repr=False)

    def candidates(self, unit: FixUnit) -> Iterator[Candidate | Refused]:
        """The entries that reach a fix, with those that might but cannot be made."""
        facts = self.known.facts.get(unit.path)
        start = None if facts is None else around(facts, unit.diagnostic.span)
        if start is None:
            yield Refused("", _at_top(unit, self.project))
            return
        for entry in self._reaching(start):
            try:
                yield self._candidate(entry, unit.path)
            except (CannotMakeError, LayoutError) as error:
                yield Refused(entry.name, str(error))

    def _reaching(self, start: Around) -> Iterator[Around]:
        """A function and those that call it, by how far they are, no more than a few."""
        waiting, seen = [start], {start.decl}
        for _ in range(MAX_CANDIDATES):
            if not waiting:
                return
            entry = waiting.pop(0)
            yield entry
            for caller in self.known.callers(entry.decl):
                if caller.decl not in seen:
                    seen.add(caller.decl)
                    waiting.append(caller)

    def _candidate(self, entry: Around, main: str) -> Candidate:
        references = References()
        order = ordered(self.known, Quoter(self.known, references, {}), entry)
        driver = driver_of(order, entry.name, references.of_project)
        layout = self._layout(main, references.paths)
        resolved = references.resolved(driver.code, layout)
        return Candidate(entry, order, layout, Driver(resolved, driver.case, driver.unsolved))

    def _layout(self, main: str, also: Sequence[str]) -> Layout:
        key = (main, tuple(also))
        if key not in self._layouts:
            self._layouts[key] = lay_out(main, self.project, also)
        return self._layouts[key]


def _at_top(unit: FixUnit, project: Project) -> str:
    row = project.sources[unit.path].lines.position(unit.diagnostic.span.start).row
    return (
        f"row {row} stands at the top level of the module, which is loaded but not run:"
        " move it into a function, or declare a case that calls it"
    )
