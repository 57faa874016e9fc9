"""`nnxlint check`: lint, fix, and say so."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path

import msgspec
from rich.console import Console

from nnxlint.commands.output import rendered, write_aside, write_document, write_notes, write_text
from nnxlint.errors import NnxlintError
from nnxlint.fixer import allowed_applicabilities
from nnxlint.project import Advance, CheckRequest, check, write_changes
from nnxlint.render.concise import render_concise
from nnxlint.render.console import wants_colour
from nnxlint.render.diff import render_diff
from nnxlint.render.json import render_json
from nnxlint.render.progress import progress_bar
from nnxlint.render.statistics import render_statistics, statistics_document
from nnxlint.render.summary import fix_summary
from nnxlint.render.text import render_text
from nnxlint.report import Report
from nnxlint.rules import all_rules
from nnxlint.selection import split_selectors
from nnxlint.settings import Overrides, settings_loader

CLEAN, FOUND, COULD_NOT_DO_IT = 0, 1, 2


class CheckOptions(msgspec.Struct, frozen=True):
    """The options of the command, as click gives them."""

    paths: tuple[Path, ...]
    select: tuple[str, ...]
    extend_select: tuple[str, ...]
    ignore: tuple[str, ...]
    flax_version: str | None
    fix: bool
    unsafe_fixes: bool
    diff: bool
    output_format: str
    statistics: bool
    exit_zero: bool
    quiet: bool
    verbose: bool


def make_options(options: Mapping[str, object]) -> CheckOptions:
    """Read the options by name; `NnxlintError` for two that contradict each other."""
    made = msgspec.convert(options, CheckOptions)
    if made.diff and made.output_format == "json":
        message = "--diff writes a diff and --output-format json a list: choose one of them"
        raise NnxlintError(message)
    if made.quiet and made.verbose:
        message = "--quiet and --verbose contradict each other"
        raise NnxlintError(message)
    return made


def run_check(options: CheckOptions) -> int:
    """Check the paths, write the report, and give the exit status."""
    with _progress(options) as advance:
        report = check(_request(options), advance)
    if options.fix and not options.diff:
        report = write_changes(report)
    _write(report, options)
    write_notes(_notes(report, options))
    for crash in report.crashes if options.verbose else ():
        write_aside(crash.traceback)
    return _status(report, options)


def _request(options: CheckOptions) -> CheckRequest:
    overrides = Overrides(
        flax_version=options.flax_version,
        select=split_selectors(options.select) or None,
        extend_select=split_selectors(options.extend_select),
        ignore=split_selectors(options.ignore),
    )
    settings_of = settings_loader(overrides)
    paths = options.paths or (Path(),)
    request = CheckRequest(paths, settings_of, all_rules(), statistics=options.statistics)
    if not (options.fix or options.diff):
        return request
    return replace(request, fixes=allowed_applicabilities(unsafe=options.unsafe_fixes))


def _progress(options: CheckOptions) -> AbstractContextManager[Advance | None]:
    if options.quiet or not sys.stderr.isatty():
        return nullcontext()
    return progress_bar(sys.stderr)


def _write(report: Report, options: CheckOptions) -> None:
    here = Path.cwd()
    if options.diff:
        write_text(render_diff(report, here, coloured=wants_colour(sys.stdout)))
        return
    if options.output_format == "json":
        write_document(render_json(report, here))
        if options.statistics:
            write_aside(statistics_document(report) + "\n")
        return

    def write(console: Console) -> None:
        render = render_concise if options.output_format == "concise" else render_text
        render(report, console, here, quiet=options.quiet)
        if options.statistics:
            render_statistics(report, console)

    write_text(rendered(write))


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
    found = bool(report.changes) if options.diff else bool(report.diagnostics)
    return FOUND if found and not options.exit_zero else CLEAN
