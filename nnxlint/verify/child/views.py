"""One program seen in one case: its construction and its probes as traces and forms, or why there are none."""

import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nnxlint.verify.child.canonical import Form, canonical
from nnxlint.verify.child.loading import LoadedProgram
from nnxlint.verify.child.reach import Entry
from nnxlint.verify.child.trace import CONSTRUCTION, Construction, Trace, trace_construction, trace_probe
from nnxlint.verify.protocol import Case, Probe


@dataclass(frozen=True, slots=True)
class Failure:
    """What a program raised: the type's name, the first line of its message, and the row of the main module."""

    error: str
    message: str
    row: int | None

    def __str__(self) -> str:
        """As it is told in a reason."""
        place = f" at row {self.row}" if self.row else ""
        return f"{self.error}{place}: {self.message}"


@dataclass(frozen=True, slots=True)
class Stage:
    """One observation: the name that answers use for it, its trace, its canonical form, and what the makers gave."""

    name: str
    trace: Trace
    form: Form
    construction: Construction

    @property
    def problems(self) -> tuple[str, ...]:
        """Why equal forms would prove nothing."""
        notes = self.trace.notes
        printing = ("the call prints",) if notes.printed else ()
        return (*self.form.problems, *printing, *(f"the call changes `{name}`" for name in notes.changed_globals))


def failure_of(error: BaseException, program: LoadedProgram | None) -> Failure:
    """Describe what was raised."""
    rows = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if program is not None and frame.filename == program.file
    ]
    text = str(error).strip() or "no message"
    if isinstance(error, NameError) and program is not None and error.name:
        text = program.why_missing(error.name) or text
    return Failure(type(error).__name__, text.splitlines()[0][:300], rows[-1] if rows else None)


def stages(program: LoadedProgram, case: Case, probes: Sequence[Probe]) -> Iterator[Stage]:
    """The stages one by one: construction first, then each probe; whatever the program raises is raised."""
    first = construction_stage(program, case)
    yield first
    for name, probe in zip(probe_names(probes), probes, strict=True):
        yield probe_stage(program, case, name, probe, first.construction)


def construction_stage(program: LoadedProgram, case: Case) -> Stage:
    """The making of the case's objects."""
    made = trace_construction(program, case)
    return Stage(CONSTRUCTION, made.trace, canonical(made.trace), made)


def probe_stage(program: LoadedProgram, case: Case, name: str, probe: Probe, made: Construction) -> Stage:
    """One probe, on objects of which the construction says what state they have."""
    trace = trace_probe(program, case, probe, made)
    return Stage(name, trace, canonical(trace), made)


def probe_names(probes: Sequence[Probe]) -> list[str]:
    """A name for each probe by what it calls, numbered where several call the same."""
    names = [f"{probe.call} gradient" if probe.differentiate else probe.call for probe in probes]
    return [
        name if names.count(name) == 1 else f"{name} #{names[: at + 1].count(name)}" for at, name in enumerate(names)
    ]


def data_difference(before: dict[str, Entry], after: dict[str, Entry]) -> str | None:
    """The first path at which something visible differs, in words; None where all data are equal."""
    for path in sorted({*before, *after}, key=lambda each: (each.count("."), each)):
        one, other = before.get(path), after.get(path)
        if one is None or other is None:
            kind = one or other
            if kind is not None and kind.kind == "data" and not _inside_code(path, before, after):
                return f"`{path}` is {'gone' if other is None else 'new'}"
        elif one != other and (one.kind, other.kind) != ("code", "code"):
            return f"`{path}` was {_short(one.text)} and is {_short(other.text)}"
    return None


def code_difference(before: dict[str, Entry], after: dict[str, Entry]) -> str | None:
    """The first path at which code differs."""
    return next((path for path in sorted({*before, *after}) if before.get(path) != after.get(path)), None)


def _inside_code(path: str, before: dict[str, Entry], after: dict[str, Entry]) -> bool:
    """Whether the path leads through a function, whose closure may be spelled otherwise."""
    if "<" in path:
        return True
    parts = path.split(".")
    parents = [".".join(parts[:length]) for length in range(1, len(parts))]
    return any(entries[each].kind == "code" for each in parents for entries in (before, after) if each in entries)


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:77]}…"  # noqa: PLR2004 - what fits in a line
