"""The analysis kept by the engine of the command line, which is asked anew whenever a text has changed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from nnxlint.baseline import Baselines
from nnxlint.diagnostic import Diagnostic
from nnxlint.errors import NnxlintError
from nnxlint.knowledge import load_projects
from nnxlint.lsp.analysis import NOTHING, FileFindings, Hint, Page, Tell
from nnxlint.lsp.keeping import Keeper
from nnxlint.project import CheckRequest, check
from nnxlint.report import Report
from nnxlint.scope import Scope
from nnxlint.settings import NO_OVERRIDES, Overrides, SettingsOf, settings_loader
from nnxlint.source import NOTEBOOK_SUFFIX, Source, make_source, mentions_nnx

if TYPE_CHECKING:  # they bring the whole semantic layer along, which what is remembered needs not
    from nnxlint.live import LiveProject
    from nnxlint.semantic.model import SemanticModel


@dataclass(frozen=True, slots=True)
class _Broken:
    """A text that does not parse."""

    source: Source
    error: SyntaxError


class CheckAnalysis:
    """Asks the engine; what is asked twice of the same texts is remembered."""

    def __init__(self, folders: Sequence[Path] = (), overrides: Overrides = NO_OVERRIDES) -> None:
        self._contents: dict[Path, bytes] = {}
        self._broken: dict[Path, _Broken] = {}
        self._found: dict[str, FileFindings] = {}
        self._whole: Mapping[str, FileFindings] | None = None
        self._keeper = Keeper(self._contents)
        self._apart: set[str] = set()  # files that have nothing to do with NNX, as long as they stay as they are
        self._folders: tuple[Path, ...] = ()
        self._settings_of: SettingsOf = settings_loader(overrides)
        self._baselines = Baselines(self._settings_of)
        self.reload(folders, overrides)

    def update(self, path: str, content: bytes | None) -> None:
        """Take these bytes for the file; None: what is on disk."""
        place = Path(path)
        self._broken.pop(place, None)
        broken = None if content is None else _broken(path, content)
        if content is None:
            self._contents.pop(place, None)
        elif broken is None:
            self._contents[place] = content
        else:
            self._broken[place] = broken
            if place not in self._contents:
                self._contents[place] = _on_disk(place) or b""
            self._found[path] = self._of_broken(broken)
            return
        self._apart.discard(path)
        self._keeper.change(path, _on_disk(place) if content is None else content)
        self._forget()

    def file_findings(self, path: str) -> FileFindings:
        """What is found in one file: at a glance where its project is kept, else with the other updated ones."""
        live = self._keeper.of(path)
        if path not in self._found and live is not None:
            report = self._request((Path(path),)).scope.applied(live.glance(path))
            self._found |= {path: NOTHING} | _by_file(report, (Path(path),)) | self._troubles()
        if path not in self._found:
            wanted = {*self._contents, Path(path)}
            report = self._checked(wanted, None)
            self._found = {each.as_posix(): NOTHING for each in wanted} | _by_file(report, wanted) | self._troubles()
        return self._found[path]

    def project_findings(self, tell: Tell) -> Mapping[str, FileFindings]:
        """What is found in the folders and in files that were updated, where it is anything."""
        if self._whole is None:
            wanted = {*(folder for folder in self._folders if folder.is_dir()), *self._contents}
            self._whole = _by_file(self._checked(wanted, tell), self._contents) if wanted else {}
        return {**self._whole, **self._troubles()}

    def reload(self, folders: Sequence[Path], overrides: Overrides) -> None:
        """Look at these folders with these settings."""
        self._folders = tuple(folders)
        self._settings_of = settings_loader(overrides)
        self._baselines = Baselines(self._settings_of)
        self._keeper.forget()
        self._apart.clear()
        self._forget()

    def pages(self) -> Sequence[Page]:
        """The pages of the rules that there are."""
        from nnxlint.plugins import known_rules  # noqa: PLC0415 - see above
        from nnxlint.render.rules import rule_page  # noqa: PLC0415

        folders = {*self._folders, *(path.parent for path in self._contents)}
        found = (rule for folder in sorted(folders) for rule in known_rules(self._settings_of(folder).rules_path))
        rules = dict.fromkeys((*found, *known_rules()))
        return tuple(Page(rule.code, rule.name, rule_page(rule)) for rule in rules)

    def hover(self, path: str, offset: int) -> str | None:
        """Markdown on the state of what is at an offset of the file."""
        model = self._model(path)
        return model.hover(offset) if model else None

    def hints(self, path: str) -> Sequence[Hint]:
        """The mode of each model call in the file, and the kind of each state attribute."""
        model = self._model(path)
        found = model.inlay_hints() if model else ()
        return tuple(Hint(each.offset, each.text, each.tooltip) for each in found)

    def prepare(self) -> None:
        """Keep the projects of the updated files from now on, so that the next change of one is quickly looked at."""
        for path in {each.as_posix() for each in self._contents} - self._troubles().keys() - self._apart:
            if self._keeper.of(path) is None and self._keep(path, watched=False) is None:
                self._apart.add(path)

    def _model(self, path: str) -> "SemanticModel | None":
        """Give the watched model of a file; None where it does not parse, or has nothing to do with NNX."""
        if Path(path) in self._broken:
            return None
        live = self._keeper.of(path)
        if live is None or not live.watched:
            live = self._keep(path, watched=True)
        return live.model(path) if live is not None and live.knows(path) else None

    def _keep(self, path: str, *, watched: bool) -> "LiveProject | None":
        """Have the project of a file kept, if it has one."""
        request = self._request((Path(path),))
        loaded = load_projects(request.paths, self._settings_of, request.contents, request.folders)
        project = next((each for each in loaded.projects if path in each.sources), None)
        return self._keeper.keep(project, request, watched=watched) if project else None

    def _forget(self) -> None:
        self._found, self._whole = {}, None

    def _checked(self, paths: Iterable[Path], tell: Tell | None) -> Report:
        return check(self._request(paths), tell)

    def _request(self, paths: Iterable[Path]) -> CheckRequest:
        request = CheckRequest(
            tuple(sorted(paths)),
            self._settings_of,
            contents=self._unsaved(),
            remembers=True,
            scope=Scope(self._baselines),
            folders=self._folders,
        )
        return replace(request, kept=lambda project: self._keeper.report_of(project, request))

    def _unsaved(self) -> dict[Path, bytes]:
        """Give the texts that are not on disk: what is found in the others can be kept for other runs."""
        return {path: content for path, content in self._contents.items() if _on_disk(path) != content}

    def _troubles(self) -> dict[str, FileFindings]:
        """What there is to say of texts that do not parse, or are none."""
        broken = {path.as_posix(): self._of_broken(each) for path, each in self._broken.items()}
        failed = {path.as_posix(): _failure(path.as_posix(), each) for path, each in self._contents.items()}
        return {path: each for path, each in failed.items() if each is not None} | broken

    def _of_broken(self, broken: _Broken) -> FileFindings:
        from nnxlint.plugins import known_rules  # noqa: PLC0415 - while all parses, what is remembered needs no rules
        from nnxlint.syntax_errors import broken_file  # noqa: PLC0415

        path = broken.source.path
        if not mentions_nnx(broken.source.text.encode("utf-8", "replace")):
            return FileFindings(parsed=False)
        settings = self._settings_of(Path(path).parent)
        told = broken_file(broken.source, broken.error, settings, known_rules(settings.rules_path))
        return FileFindings(told.diagnostics, source=broken.source, failures=_own(path, told.notices), parsed=False)


def _by_file(report: Report, wanted: Iterable[Path]) -> dict[str, FileFindings]:
    """Take a report apart: what is said of the files that are wanted, and of those with findings."""
    by_path: dict[str, list[Diagnostic]] = {path.as_posix(): [] for path in wanted if path.as_posix() in report.sources}
    known = frozenset(report.known or ())
    for each in (*report.diagnostics, *known):
        by_path.setdefault(each.path, []).append(each)
    return {
        path: FileFindings(
            diagnostics=tuple(each for each in found if each not in known),
            known=tuple(each for each in found if each in known),
            source=report.sources[path],
            sources={place.path: report.sources[place.path] for each in found for place in each.related},
            failures=_own(path, report.failures),
            crashes=tuple(each for each in report.crashes if each.path == path),
            parsed=_is_whole(report.sources[path]),
        )
        for path, found in by_path.items()
    }


def _is_whole(source: Source) -> bool:
    return source.notebook is None or not source.notebook.broken


def _broken(path: str, content: bytes) -> _Broken | None:
    """Give a text with the error that is in it; None where it parses, or is no text at all."""
    from nnxlint.syntax.tree import parse_tree  # noqa: PLC0415 - a run that changes nothing does without

    if path.endswith(NOTEBOOK_SUFFIX):  # its cells are parsed one by one
        return None
    try:
        source = make_source(path, content)
    except NnxlintError:
        return None
    try:
        parse_tree(source)
    except SyntaxError as error:
        return _Broken(source, error)
    except (ValueError, RecursionError) as error:
        return _Broken(source, SyntaxError(str(error)))
    return None


def _failure(path: str, content: bytes) -> FileFindings | None:
    """Give what there is to say of bytes that are no text."""
    try:
        make_source(path, content)
    except NnxlintError as error:
        return FileFindings(failures=_own(path, (str(error),)), parsed=False)
    return None


def _own(path: str, lines: Sequence[str]) -> tuple[str, ...]:
    """Give the lines that are about the file, without its name."""
    return tuple(each.removeprefix(f"{path}: ") for each in lines if each.startswith(path))


def _on_disk(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
