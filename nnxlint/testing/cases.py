"""Fixtures as data: which cases there are, what their markers promise, and how one is linted."""

import json
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nnxlint.diagnostic import Diagnostic
from nnxlint.fixer import allowed_applicabilities
from nnxlint.knowledge import load_projects
from nnxlint.linter import lint_path
from nnxlint.project import CheckRequest, check
from nnxlint.report import Report
from nnxlint.rule import Rule
from nnxlint.semantic.analysis import Analysis, analyse
from nnxlint.semantic.flax_api import TABLE_VERSIONS
from nnxlint.settings import Overrides, settings_loader
from nnxlint.source import Source, read_source
from nnxlint.statements import read_layout

NOT_LINTED = ("bad.fixed.py", "bad.out", "bad.diff", "expect.txt")

_CODE = r"[A-Z]+\d{3,4}"
_MARKER = re.compile(rf"#\s*expect:\s*(?P<codes>{_CODE}(?:\s*,\s*{_CODE})*)")

Transform = Callable[[bytes], bytes]
Place = tuple[str, int, str]


@dataclass(frozen=True, slots=True)
class Case:
    """Files that are linted together: one program of a rule, or the tree of a whole project."""

    name: str
    folder: Path
    files: tuple[str, ...]

    @property
    def is_good(self) -> bool:
        """Whether nothing may be reported: the case is the file of a rule's near misses."""
        return self.files == ("good.py",)

    @property
    def modules(self) -> tuple[str, ...]:
        """The Python files."""
        return tuple(file for file in self.files if file.endswith(".py"))

    @property
    def notebooks(self) -> tuple[str, ...]:
        """The notebooks."""
        return tuple(file for file in self.files if file.endswith(".ipynb"))

    @property
    def is_project(self) -> bool:
        """Whether the case says itself which Flax it targets."""
        return "pyproject.toml" in self.files


@dataclass(frozen=True, slots=True)
class Linted:
    """A case on disk, and what came of linting it."""

    folder: Path
    report: Report

    @property
    def places(self) -> list[Place]:
        """Where which code was reported."""
        return sorted(place(self.folder, self.report.sources[each.path], each) for each in self.report.diagnostics)

    @property
    def texts(self) -> dict[str, str]:
        """What every file holds that the fixes changed, by its path in the case."""
        return {_inside(self.folder, change.after.path): change.after.content for change in self.report.changes}

    @property
    def codes(self) -> dict[str, tuple[str, str]]:
        """The Python of every file that the fixes changed, before and after."""
        changes = self.report.changes
        return {_inside(self.folder, each.after.path): (each.before.text, each.after.text) for each in changes}


def place(folder: Path, source: Source, diagnostic: Diagnostic) -> Place:
    """Give the file (and the cell), the row and the code of a finding."""
    cell, position = source.place(diagnostic.span.start)
    file = _inside(folder, diagnostic.path)
    return file if cell is None else cell_name(file, cell), position.row, diagnostic.code


def cell_name(file: str, number: int) -> str:
    """Give what a cell of a notebook is called."""
    return f"{file}:cell {number}"


def rule_cases(folder: Path) -> tuple[Case, ...]:
    """Every rule's `bad.py` and `good.py` below the folder, each a case of its own."""
    return tuple(
        Case(f"{own.name}/{name}", own, (f"{name}.py",))
        for own in _folders(folder)
        for name in ("bad", "good")
        if (own / f"{name}.py").is_file()
    )


def project_cases(folder: Path) -> tuple[Case, ...]:
    """Every tree of files in the folder, each linted as one project."""
    return tuple(Case(f"{folder.name}/{own.name}", own, files_below(own)) for own in _folders(folder) if _has_code(own))


def fixture_cases(folder: Path) -> tuple[Case, ...]:
    """Every case of the folder: rules by their names, trees in `_project`, notebooks in `_notebook`."""
    inside = (folder / "_project", folder / "_notebook")
    return (*rule_cases(folder), *(case for each in inside for case in project_cases(each)))


def fixture_name(rule: Rule) -> str:
    """Give the name of the folder with a rule's own fixtures."""
    return f"{rule.code.lower()}_{rule.name.replace('-', '_')}"


def expected_places(case: Case) -> list[Place]:
    """Give what the markers of a case promise; a code that is named twice is reported twice.

    The demonstration project is shown to users, so its promises stand beside it in `expect.txt`.
    """
    listed = case.folder / "expect.txt"
    if listed.is_file():
        found = re.findall(rf"^(.+):(\d+) ({_CODE})$", listed.read_text(encoding="utf-8"), re.MULTILINE)
        return sorted((file, int(row), code) for file, row, code in found)
    return sorted(
        (name, row, code) for name, text in _marked_texts(case) for row, codes in markers(text) for code in codes
    )


def _marked_texts(case: Case) -> Iterator[tuple[str, str]]:
    """Give the text of every module and of every code cell, with what it is called."""
    for file in case.modules:
        yield file, (case.folder / file).read_text(encoding="utf-8")
    for file in case.notebooks:
        cells = json.loads((case.folder / file).read_text(encoding="utf-8"))["cells"]
        for number, cell in enumerate(cells, start=1):
            if cell["cell_type"] == "code":
                yield cell_name(file, number), "".join(cell["source"])


def markers(text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Give the rows that have a marker, and the codes that each names."""
    for row, line in enumerate(text.split("\n"), start=1):
        found = _MARKER.search(line)
        if found:
            yield row, tuple(code.strip() for code in found["codes"].split(","))


def codes_on(places: Iterable[Place], file: str, row: int) -> tuple[str, ...]:
    """Give the codes that are reported on a row, each once."""
    return tuple(dict.fromkeys(code for name, at, code in places if (name, at) == (file, row)))


def with_comments(text: str, rows: Mapping[int, Sequence[str]]) -> str:
    """Write on each row, instead of its marker or at its end, the comment that silences the codes."""
    lines = text.split("\n")
    for row, codes in rows.items():
        code = _MARKER.sub("", lines[row - 1]).rstrip()
        lines[row - 1] = f"{code}  # nnxlint: ignore[{', '.join(codes)}]"
    return "\n".join(lines)


def statements_with(case: Case, places: Iterable[tuple[str, int]]) -> set[tuple[str, int]]:
    """Give all rows of the statements, or heads of compound ones, that stand on the places."""
    found: set[tuple[str, int]] = set()
    for file in case.modules:
        source = read_source(case.folder / file)
        for first, last in read_layout(source).statements:
            rows = {(file, row) for row in range(first, last + 1)}
            found |= rows if rows & set(places) else set()
    return found


def copied(case: Case, folder: Path, transform: Transform = bytes) -> Path:
    """Copy the case's files into the folder, its Python files and notebooks transformed."""
    for file in case.files:
        target = folder / file
        target.parent.mkdir(parents=True, exist_ok=True)
        data = (case.folder / file).read_bytes()
        target.write_bytes(transform(data) if file.endswith((".py", ".ipynb")) else data)
    return folder


def overrides_for(case: Case) -> Overrides:
    """Give the options of the run: the newest known Flax, unless the case is a project that names one."""
    return Overrides(flax_version=None if case.is_project else TABLE_VERSIONS[-1], extend_select=("ALL",))


def lint(
    case: Case, folder: Path, rules: tuple[Rule, ...], transform: Transform = bytes, *, fix: bool = False
) -> Linted:
    """Lint a copy of the case; with `fix`, make the safe and the unsafe fixes until settled."""
    return lint_copy(case, copied(case, folder, transform), rules, fix=fix)


def lint_copy(case: Case, folder: Path, rules: tuple[Rule, ...], *, fix: bool = False) -> Linted:
    """Lint what lies in the folder as the case is linted."""
    fixes = allowed_applicabilities(unsafe=True) if fix else frozenset()
    request = CheckRequest((folder,), settings_loader(overrides_for(case)), rules, fixes=fixes)
    return Linted(folder, check(request))


def write_changes(linted: Linted, folder: Path) -> Path:
    """Copy the linted tree to the folder, with its changes made."""
    shutil.copytree(linted.folder, folder, dirs_exist_ok=True)
    for file, text in linted.texts.items():
        (folder / file).write_bytes(text.encode())
    return folder


@dataclass(frozen=True, slots=True)
class Analysed:
    """A case whose files were understood once, for rules that look at them again and again."""

    folder: Path
    analyses: tuple[tuple[Analysis, tuple[str, ...]], ...]

    def places(self, rules: Sequence[Rule]) -> list[Place]:
        """Give where the rules report something."""
        found: list[Place] = []
        for analysis, paths in self.analyses:
            for path in paths:
                source = analysis.model(path).source
                diagnostics = lint_path(path, analysis.model, rules).diagnostics
                found += (place(self.folder, source, each) for each in diagnostics)
        return sorted(found)


def analysed(case: Case, folder: Path) -> Analysed:
    """Understand a copy of the case."""
    loaded = load_projects((copied(case, folder),), settings_loader(overrides_for(case)))
    return Analysed(folder, tuple((analyse(project), project.reported) for project in loaded.projects))


def files_below(folder: Path) -> tuple[str, ...]:
    """Give the files of a tree, without the goldens."""
    return tuple(
        sorted(
            path.relative_to(folder).as_posix()
            for path in folder.rglob("*")
            if path.is_file() and path.name not in NOT_LINTED and "__pycache__" not in path.parts
        )
    )


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*") if path.is_dir())


def _has_code(folder: Path) -> bool:
    return any(path.suffix in {".py", ".ipynb"} for path in folder.rglob("*"))


def _inside(folder: Path, path: str) -> str:
    return Path(path).relative_to(folder).as_posix()
