"""`nnxlint check`: lint, fix, and say so."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TextIO

import msgspec
from rich.console import Console

from nnxlint.commands.output import rendered, write_aside, write_bytes, write_document, write_notes, write_text
from nnxlint.commands.overrides import SettingsOptions, overrides_of
from nnxlint.commands.verified import check_verified
from nnxlint.diagnostic import Level
from nnxlint.discovery import absolute
from nnxlint.errors import NnxlintError
from nnxlint.fixer import allowed_applicabilities
from nnxlint.project import Advance, CheckRequest, changed_bytes, check, write_changes
from nnxlint.render.concise import render_concise
from nnxlint.render.console import wants_colour
from nnxlint.render.diff import render_diff
from nnxlint.render.json import render_json
from nnxlint.render.statistics import render_statistics, statistics_document
from nnxlint.render.summary import fix_summary
from nnxlint.render.text import render_text
from nnxlint.report import Report
from nnxlint.settings import settings_loader
from nnxlint.workers import available_jobs

CLEAN, FOUND, COULD_NOT_DO_IT = 0, 1, 2

STDIN = Path("-")
UNNAMED = "stdin.py"


class CheckOptions(SettingsOptions, frozen=True, kw_only=True):
    """The options of the command, as click gives them."""

    paths: tuple[Path, ...]
    stdin_filename: Path | None
    fix: bool
    unsafe_fixes: bool
    diff: bool
    verify: bool
    output_format: str
    statistics: bool
    fail_level: Level
    exit_zero: bool
    no_cache: bool
    show_settings: bool
    quiet: bool
    verbose: bool

    @property
    def reads_stdin(self) -> bool:
        """Whether standard input is linted."""
        return STDIN in self.paths


def make_options(options: Mapping[str, object]) -> CheckOptions:
    """Read the options by name; `NnxlintError` for two that contradict each other."""
    made = msgspec.convert(options, CheckOptions)
    if made.diff and made.output_format == "json":
        message = "--diff writes a diff and --output-format json a list: choose one of them"
        raise NnxlintError(message)
    if made.verify and not (made.fix or made.diff):
        message = "--verify judges fixes: it goes with --fix or --diff"
        raise NnxlintError(message)
    if made.quiet and made.verbose:
        message = "--quiet and --verbose contradict each other"
        raise NnxlintError(message)
    if made.reads_stdin and len(made.paths) > 1:
        message = "`-` is standard input, and is linted alone"
        raise NnxlintError(message)
    if made.no_cache and made.cache_dir is not None:
        message = "--no-cache and --cache-dir contradict each other"
        raise NnxlintError(message)
    if made.stdin_filename is not None and not made.reads_stdin:
        message = "--stdin-filename names standard input: write `-` for the path"
        raise NnxlintError(message)
    return made


def run_check(options: CheckOptions) -> int:
    """Check the paths, write the report, and give the exit status."""
    if options.show_settings:
        from nnxlint.commands.config import run_show_settings  # noqa: PLC0415 - imports rules, unlike other runs

        return run_show_settings(options.paths, options)
    request = _request(options)
    with _progress(options) as advance:
        report = check_verified(request, advance) if options.verify else check(request, advance)
    writes = options.fix and not options.diff
    if writes and not options.reads_stdin:
        report = write_changes(report)
    if writes and options.reads_stdin:
        [(path, before)] = request.contents.items()
        write_bytes(changed_bytes(report, path.as_posix(), before))
    _write(report, options, sys.stderr if writes and options.reads_stdin else sys.stdout)
    write_notes(_notes(report, options))
    for crash in report.crashes if options.verbose else ():
        write_aside(crash.traceback)
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
    )
    if not (options.fix or options.diff):
        return request
    return replace(request, fixes=allowed_applicabilities(unsafe=options.unsafe_fixes))


def _progress(options: CheckOptions) -> AbstractContextManager[Advance | None]:
    if options.quiet or not sys.stderr.isatty():
        return nullcontext()
    from nnxlint.render.progress import progress_bar  # noqa: PLC0415 - takes time, and only a terminal shows it

    return progress_bar(sys.stderr)


def _write(report: Report, options: CheckOptions, stream: TextIO) -> None:
    here = Path.cwd()
    if options.diff:
        write_text(render_diff(report, here, coloured=wants_colour(sys.stdout)))
        return
    if options.output_format == "json":
        write_document(render_json(report, here), stream)
        if options.statistics:
            write_aside(statistics_document(report) + "\n")
        return

    def write(console: Console) -> None:
        render = render_concise if options.output_format == "concise" else render_text
        render(report, console, here, quiet=options.quiet)
        if options.statistics:
            render_statistics(report, console)

    write_text(rendered(write, stream), stream)


def _notes(report: Report, options: CheckOptions) -> Iterator[str]:
    yield from (f"error: {failure}" for failure in report.failures)
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
    found = bool(report.changes) if options.diff else any(grave)
    return FOUND if found and not options.exit_zero else CLEAN
