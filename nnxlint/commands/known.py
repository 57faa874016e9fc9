"""`--write-baseline`, `--prune-baseline`, and what a baseline holds in vain."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from nnxlint.baseline import DEFAULT_NAME, NEVER_KNOWN, Baseline, Entry, read_baseline, write_baseline
from nnxlint.diagnostic import Diagnostic
from nnxlint.discovery import absolute
from nnxlint.errors import NnxlintError
from nnxlint.report import Report
from nnxlint.request import CheckRequest

_SHOWN = 3


def record(report: Report, request: CheckRequest, file: Path | None) -> tuple[Report, list[str]]:
    """Make all findings of the report known, in the file or where settings want it; the lines say so.

    What is known of files that were not checked, and of rules that did not run, stays.
    """
    told: list[str] = []
    known: frozenset[Diagnostic] = frozenset()
    for path, checked in _by_file(report, request, file).items():
        before = read_baseline(path) if path.exists() else Baseline(path)
        found = before.of((each for each in report.diagnostics if each.path in checked), report.sources)
        kept = before.entries - {*_judged(before, before.entries, report, request)}
        write_baseline(Baseline(path, kept | {*found.values()}))
        known |= found.keys()
        used = any(request.settings_of(Path(each).parent).baseline == path for each in checked)
        hint = "" if used else f'; name it by `baseline = "{_shown(path)}"` in the settings, or by `--baseline`'
        told.append(f"{_shown(path)}: {_counted(len(found))} written{hint}")
    left = tuple(each for each in report.diagnostics if each not in known)
    made_known = tuple(each for each in report.diagnostics if each in known)
    return replace(report, diagnostics=left, known=made_known), told


def judge(report: Report, request: CheckRequest, *, prune: bool) -> tuple[Report, list[str]]:
    """Find what the baselines hold in vain: taken out of them where it is to be pruned, else part of the report.

    The lines tell what was taken out.
    """
    baselines = request.scope.baselines
    if baselines is None:
        return report, []
    used = {each.path: each for path in report.checked if (each := baselines.of(path)) is not None}
    if prune and not used:
        message = "--prune-baseline: there is no baseline: name one by `--baseline FILE` or in the settings"
        raise NnxlintError(message)
    stale: list[str] = []
    told: list[str] = []
    for path, baseline in used.items():
        vain = sorted(_judged(baseline, baseline.entries - report.recognised, report, request))
        if vain and prune:
            write_baseline(replace(baseline, entries=baseline.entries - {*vain}))
            told.append(f"{_shown(path)}: {_counted(len(vain))} pruned ({_listed(vain)})")
        elif vain:
            stale.append(
                f"{_shown(path)}: {_counted(len(vain))} no longer found ({_listed(vain)}):"
                " `--prune-baseline` takes them out"
            )
    return replace(report, stale=tuple(stale)), told


def _judged(baseline: Baseline, entries: Iterable[Entry], report: Report, request: CheckRequest) -> Iterator[Entry]:
    """Give those of the entries about which the report says whether they still hold."""
    unsure = {each.path for each in report.diagnostics if each.code in NEVER_KNOWN}
    unsure |= {path.as_posix() for path in request.contents}
    folders = [path for path in map(absolute, request.paths) if path.is_dir()]
    checked = frozenset(report.checked)
    looked_for: dict[str, frozenset[str]] = {}
    for entry in entries:
        path = absolute(baseline.path.parent / entry.path)
        name = path.as_posix()
        if name not in checked:
            if not path.exists() and any(path.is_relative_to(folder) for folder in folders):
                yield entry
            continue
        if name not in looked_for:
            looked_for[name] = frozenset() if name in unsure else _looked_for(name, request)
        if entry.code in looked_for[name]:
            yield entry


def _looked_for(path: str, request: CheckRequest) -> frozenset[str]:
    """Give the codes of the rules that ran on the file."""
    from nnxlint.selection import rules_in  # noqa: PLC0415 - what is remembered needs no rules

    settings = request.settings_of(Path(path).parent)
    return frozenset(rule.code for rule in rules_in(path, settings, request.known_rules(settings)))


def _by_file(report: Report, request: CheckRequest, file: Path | None) -> dict[Path, set[str]]:
    """Give the checked files by the baseline that they belong to."""
    by_file: dict[Path, set[str]] = {}
    for path in report.checked:
        named = file or request.settings_of(Path(path).parent).baseline
        by_file.setdefault(absolute(named or Path(DEFAULT_NAME)), set()).add(path)
    return by_file


def _shown(path: Path) -> str:
    here = absolute(Path())
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _counted(count: int) -> str:
    return f"{count} known finding{'' if count == 1 else 's'}"


def _listed(entries: Sequence[Entry]) -> str:
    more = len(entries) - _SHOWN
    shown = ", ".join(_distinct(f"{each.code} in {each.path}" for each in entries[:_SHOWN]))
    return f"{shown} and {more} more" if more > 0 else shown


def _distinct(texts: Iterable[str]) -> Iterable[str]:
    return dict.fromkeys(texts)
