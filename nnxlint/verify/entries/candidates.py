"""The entries by which a fix can be run, the smallest first: the function around it, then who calls that."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from nnxlint.cases import NO_CASES, DeclaredCases
from nnxlint.knowledge import Project
from nnxlint.verify.contracts import edited_rows
from nnxlint.verify.entries.around import Around, around
from nnxlint.verify.entries.asking import Made, Order, forward_order, ordered
from nnxlint.verify.entries.declaring import Declared, declared_entries, declared_order, functions_of, reaches
from nnxlint.verify.entries.driver import Driver, driver_of, forward_of
from nnxlint.verify.entries.exercises import FORWARD, Subject
from nnxlint.verify.entries.known import Known
from nnxlint.verify.entries.layout import Layout, LayoutError, lay_out
from nnxlint.verify.entries.overlay import FixUnit
from nnxlint.verify.entries.quoting import Quoter
from nnxlint.verify.entries.references import CannotMakeError, References
from nnxlint.verify.protocol import ArraySpec, Program

MAX_CANDIDATES = 4

Texts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry that can be asked for: the files that it needs, and the driver that calls it.

    `subject`: the module that it is about; `unsolved`: the arrays that this takes, where it can be called.
    """

    entry: Around
    layout: Layout
    driver: Driver
    subject: Subject | None = None
    unsolved: Mapping[str, str] = field(default_factory=dict)

    def programs(self, before: Texts, after: Texts, path: str, more: str = "") -> tuple[Program, Program]:
        """The program before and after a fix of the file at `path`, which is the main module of both.

        `more`: further Python that is appended to both.
        """
        rows = edited_rows(before[path], after[path])
        return self._program(before, rows[0], more), self._program(after, rows[1], more)

    def _program(self, texts: Texts, rows: tuple[int, ...], more: str) -> Program:
        origins = self.layout.origins
        files = {place: texts.get(origins[place], text) for place, text in self.layout.files.items()}
        files[self.layout.main] += self.driver.code + more
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
    declared: DeclaredCases = NO_CASES
    _layouts: dict[tuple[str, tuple[str, ...]], Layout] = field(default_factory=dict, repr=False)

    def candidates(self, unit: FixUnit) -> Iterator[Candidate | Refused]:
        """The entries that reach a fix, with those that might but cannot be made."""
        facts = self.known.facts.get(unit.path)
        start = None if facts is None else around(facts, unit.diagnostic.span)
        if start is None:
            yield Refused("", _at_top(unit, self.project))
            return
        for case in declared_entries(self.known, self.declared, unit.path):
            if reaches(self.known, start.decl, case.runs(self.known)):
                yield self._attempted(case.entry, unit.path, case)
        for entry in (*self._of_file(start), *self._reaching(start)):
            yield self._attempted(entry, unit.path)

    def is_at_top(self, unit: FixUnit) -> bool:
        """Whether no function is around the finding."""
        facts = self.known.facts.get(unit.path)
        return facts is None or around(facts, unit.diagnostic.span) is None

    def layout(self, main: str, also: Sequence[str] = ()) -> Layout:
        """A file and all that it needs, made once."""
        key = (main, tuple(also))
        if key not in self._layouts:
            self._layouts[key] = lay_out(main, self.project, also)
        return self._layouts[key]

    def _of_file(self, start: Around) -> Iterator[Around]:
        """The functions of the file that the settings name which reach a function."""
        for entry in functions_of(self.known, self.declared):
            if reaches(self.known, start.decl, [entry.decl]):
                yield entry

    def _attempted(self, entry: Around, main: str, declared: Declared | None = None) -> Candidate | Refused:
        try:
            return self._candidate(entry, main, declared)
        except (CannotMakeError, LayoutError) as error:
            return Refused(entry.name, str(error))

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

    def _candidate(self, entry: Around, main: str, declared: Declared | None) -> Candidate:
        references = References()
        quoter = Quoter(self.known, references, {})
        specs: dict[str, ArraySpec] = {}
        if declared is None:
            order = ordered(self.known, quoter, entry)
        else:
            order, specs = declared_order(self.known, quoter, declared)
        driver = driver_of(order, entry.name, references.of_project, specs)
        subject, unsolved = self._subject(quoter, order, driver)
        layout = self.layout(main, references.paths)
        code = references.resolved(driver.code, layout)
        if subject is not None:
            forward, inside = (references.resolved(each, layout) for each in (subject.forward, subject.inside))
            subject = replace(subject, forward=forward, inside=inside)
        return Candidate(entry, layout, replace(driver, code=code), subject, unsolved)

    def _subject(self, quoter: Quoter, order: Order, driver: Driver) -> tuple[Subject | None, dict[str, str]]:
        """The module that an entry is about, and the arrays that its own call takes, as far as it can be called."""
        objects = [each for each in (order.receiver, *order.ingredients) if isinstance(each, Made)]
        made = [each for each in objects if each.cls is not None]
        inside = "" if made else self._class_inside(quoter, order)
        if not made and not inside:
            return None, {}
        module = made[0] if made else Made("made", "", self.known.built_in(order.entry.decl))
        try:
            call = forward_order(self.known, quoter, module)
            code, unsolved = forward_of(call, FORWARD)
        except CannotMakeError:
            return Subject(module.name, inside=inside), {}
        if order.receiver is module and call.entry == order.entry:
            return Subject(module.name, code, tuple(driver.unsolved)), {}
        named = {f"forward_{name}": hint for name, hint in unsolved.items()}
        return Subject(module.name, code, tuple(named), inside), named

    def _class_inside(self, quoter: Quoter, order: Order) -> str:
        """The class of the first module that the entry itself makes, as an expression; empty where it makes none."""
        cls = self.known.built_in(order.entry.decl)
        try:
            return "" if cls is None else quoter.quoted(cls)
        except CannotMakeError:
            return ""


def _at_top(unit: FixUnit, project: Project) -> str:
    row = project.sources[unit.path].lines.position(unit.diagnostic.span.start).row
    return (
        f"row {row} stands at the top level of the module, which is loaded but not run:"
        " move it into a function, or declare a case that calls it"
    )
