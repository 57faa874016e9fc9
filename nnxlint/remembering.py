"""What earlier runs found, and what this one leaves for later ones."""

from dataclasses import dataclass
from pathlib import Path

from nnxlint.cache import Cache, Entry, FileResults, cache_folder, file_key, project_key
from nnxlint.diagnostic import Crash
from nnxlint.knowledge import Project
from nnxlint.report import Report
from nnxlint.request import CheckRequest
from nnxlint.semantic.statistics import Statistics


@dataclass(frozen=True, slots=True)
class Found:
    """What was found in the files of a project, in the order in which they are reported."""

    files: tuple[FileResults, ...]
    statistics: Statistics | None = None
    crashes: tuple[Crash, ...] = ()


def recalled(project: Project, request: CheckRequest) -> Found | None:
    """Give what is known of the project without work; `None` where that is not everything that is asked."""
    if not project.reported:
        return Found(())
    if not _remembers(request):
        return None
    entry = _cache(project, request).read(project_key(project))
    keys = _keys(project, request)
    if any(key not in entry.files for key in keys) or (request.statistics and entry.statistics is None):
        return None
    return Found(tuple(entry.files[key] for key in keys), entry.statistics if request.statistics else None)


def remember(project: Project, request: CheckRequest, found: Found) -> None:
    """Keep what was found, unless it is of no file on disk, or the result of a defect of ours."""
    if not _remembers(request) or request.contents or found.crashes:
        return
    cache, key = _cache(project, request), project_key(project)
    files = dict(zip(_keys(project, request), found.files, strict=True))
    cache.write(key, Entry(files, found.statistics).joined(cache.read(key)))


def report_of(project: Project, found: Found) -> Report:
    """Make the report of what was found in a project."""
    return Report(
        diagnostics=tuple(each for file in found.files for each in file.diagnostics),
        sources=project.sources,
        file_count=len(project.reported) + len(project.unrelated),
        failures=tuple(each for file in found.files for each in file.failures),
        crashes=found.crashes,
        statistics=found.statistics or Statistics(),
        checked=(*project.reported, *project.unrelated),
    )


def _remembers(request: CheckRequest) -> bool:
    return request.remembers and request.rules is None


def _cache(project: Project, request: CheckRequest) -> Cache:
    return Cache(cache_folder(project.root, request.settings_of(project.root)))


def _keys(project: Project, request: CheckRequest) -> list[str]:
    asked = {folder: request.settings_of(folder).asked for folder in {Path(path).parent for path in project.reported}}
    return [file_key(path, asked[Path(path).parent]) for path in project.reported]
