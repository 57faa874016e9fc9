"""`nnxlint check`: lint, fix, and say so."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import TextIO

from nnxlint.baseline import Baselines
from nnxlint.commands.check_options import CheckOptions
from nnxlint.commands.destinations import printed_format, root_of, rules_of_report, write_reports
from nnxlint.commands.known import judge, record
from nnxlint.commands.output import rendered, write_aside, write_bytes, write_notes, write_text
from nnxlint.commands.overrides import overrides_of
from nnxlint.commands.verified import check_verified
from nnxlint.diagnostic import Level
from nnxlint.discovery import absolute
from nnxlint.fixer import allowed_applicabilities
from nnxlint.project import Advance, CheckRequest, changed_bytes, check, write_changes
from nnxlint.render.console import wants_colour
from nnxlint.render.summary import fix_summary
from nnxlint.render.view import View
from nnxlint.report import Report
from nnxlint.revision import Revision
from nnxlint.scope import Scope
from nnxlint.settings import SettingsOf, settings_loader
from nnxlint.timing import Stopwatch, Timings, phase
from nnxlint.workers import available_jobs

CLEAN, FOUND, COULD_NOT_DO_IT = 0, 1, 2

UNNAMED = "stdin.py"


def run_check(options: CheckOptions) -> int:
    """Check the paths, write the report, and give the exit status."""
    if options.show_settings:
        from nnxlint.commands.config import run_show_settings  # noqa: PLC0415 - imports rules, unlike other runs

        return run_show_settings(options.paths, options)
    if options.watch:
        from nnxlint.commands.watch import run_watch, watched_by  # noqa: PLC0415 - only who watches needs it

        watched = watched_by(options.paths or (Path(),), settings_loader(overrides_of(options)))
        return run_watch(lambda: _run_once(options), watched, quiet=options.quiet)
    return _run_once(options)


def _run_once(options: CheckOptions) -> int:
    started = perf_counter()
    clock = Stopwatch() if options.timings else None
    request = replace(_request(options), clock=clock)
    with _progress(options) as advance:
        report = check_verified(request, advance) if options.verify else check(request, advance)
    report, told = _with_comments_and_baseline(report, request, options)
    writes = options.fix and not options.diff
    if writes and not options.reads_stdin:
        report = write_changes(report, request.scope)
    if writes and options.reads_stdin:
        [(path, before)] = request.contents.items()
        write_bytes(changed_bytes(report, path.as_posix(), before))
    with phase(clock, "write the report"):
        _write(report, request, options, sys.stderr if writes and options.reads_stdin else sys.stdout)
    write_notes(_notes(report, options))
    write_notes(() if options.quiet else told)
    for crash in report.crashes if options.verbose else ():
        write_aside(crash.traceback)
    if clock is not None:
        _write_timings(clock.timings, perf_counter() - started, options)
    return _status(report, options)


def _request(options: CheckOptions) -> CheckRequest:
    settings_of = settings_loader(overrides_of(options))
    paths = options.paths or (Path(),)
    contents: dict[Path, bytes] = {}
    if options.reads_stdin:
        paths = (absolute(options.stdin_filename or Path(UNNAMED)),)
        contents = {paths[0]: sys.stdin.buffer.read()}
    request = CheckRequest(
        paths,
        settings_of,
        statistics=options.statistics,
        contents=contents,
        remembers=not options.no_cache,
        jobs=available_jobs(),
        scope=_scope(options, settings_of, paths),
    )
    if not (options.fix or options.diff):
        return request
    return replace(request, fixes=allowed_applicabilities(unsafe=options.unsafe_fixes))


def _scope(options: CheckOptions, settings_of: SettingsOf, paths: Sequence[Path]) -> Scope:
    baselines = None if options.writes_baseline else Baselines(settings_of)
    if options.diff_base is None:
        return Scope(baselines)
    since = Revision(options.diff_base)
    since.demand(paths)
    return Scope(baselines, since)


def _with_comments_and_baseline(
    report: Report, request: CheckRequest, options: CheckOptions
) -> tuple[Report, list[str]]:
    if options.diff:  # what is gone is so only in the diff
        return report, []
    if options.add_ignore is not None:
        from nnxlint.commands.ignores import add_ignores  # noqa: PLC0415 - imports rules, unlike other runs

        report, silenced = add_ignores(report, request, options.add_ignore, check)
        report, told = judge(report, request, prune=options.prune_baseline)
        return report, [*silenced, *told]
    if options.write_baseline is not None:
        return record(report, request, Path(options.write_baseline) if options.write_baseline else None)
    return judge(report, request, prune=options.prune_baseline)


def _progress(options: CheckOptions) -> AbstractContextManager[Advance | None]:
    if options.quiet or not sys.stderr.isatty():
        return nullcontext()
    from nnxlint.render.progress import progress_bar  # noqa: PLC0415 - takes time, and only a terminal shows it

    return progress_bar(sys.stderr)


def _write(report: Report, request: CheckRequest, options: CheckOptions, stream: TextIO) -> None:
    here = Path.cwd()
    if options.diff:
        from nnxlint.render.diff import render_diff  # noqa: PLC0415 - few ask for it

        write_text(render_diff(report, here, coloured=wants_colour(sys.stdout)))
        return
    view = View(report, here, root_of(here), lambda: rules_of_report(report, request), quiet=options.quiet)
    write_reports(view, options.destinations, stream)
    if options.statistics:
        _write_statistics(report, options, stream)


def _write_statistics(report: Report, options: CheckOptions, stream: TextIO) -> None:
    """Write them where they are in nobody's way: below a text, else to standard error."""
    from nnxlint.render.statistics import render_statistics, statistics_document  # noqa: PLC0415 - few ask for them

    shown = printed_format(options.destinations)
    if shown is not None and shown.json:
        write_aside(statistics_document(report, Path.cwd()) + "\n")
        return
    to = stream if shown is not None and shown.for_people else sys.stderr
    write_text(rendered(lambda console: render_statistics(report, console, Path.cwd()), to), to)


def _write_timings(timings: Timings, seconds: float, options: CheckOptions) -> None:
    from nnxlint.render.timings import render_timings, timings_document  # noqa: PLC0415 - few ask for them

    shown = printed_format(options.destinations)
    if shown is not None and shown.json:
        write_aside(timings_document(timings, seconds) + "\n")
        return
    write_text(rendered(lambda console: render_timings(timings, seconds, console), sys.stderr), sys.stderr)


def _notes(report: Report, options: CheckOptions) -> Iterator[str]:
    yield from (f"error: {failure}" for failure in report.failures)
    yield from (f"warning: {line}" for line in report.stale)
    if options.quiet:
        return
    yield from (f"warning: {notice}" for notice in report.notices)
    if options.verbose:
        yield from report.details
    if options.diff and report.changes:
        yield fix_summary(report)


def _status(report: Report, options: CheckOptions) -> int:
    if report.failures or report.crashes:
        return COULD_NOT_DO_IT
    grave = (each for each in report.diagnostics if each.level is Level.ERROR or options.fail_level is Level.WARNING)
    stale = bool(report.stale) and not options.allow_stale
    found = bool(report.changes) if options.diff else any(grave) or stale
    return FOUND if found and not options.exit_zero else CLEAN
