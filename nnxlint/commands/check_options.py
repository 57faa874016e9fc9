"""The options of `nnxlint check` as data, and which of them contradict each other."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from nnxlint.commands.destinations import Destination, read_destinations
from nnxlint.commands.overrides import SettingsOptions
from nnxlint.diagnostic import Level
from nnxlint.errors import NnxlintError
from nnxlint.ignoring import check_reason

STDIN = Path("-")


class CheckOptions(SettingsOptions, frozen=True, kw_only=True):
    """The options of the command, as click gives them."""

    paths: tuple[Path, ...]
    stdin_filename: Path | None
    diff_base: str | None
    fix: bool
    unsafe_fixes: bool
    diff: bool
    verify: bool
    add_ignore: str | None
    write_baseline: str | None
    prune_baseline: bool
    allow_stale: bool
    output_format: tuple[str, ...]
    output_file: Path | None
    statistics: bool
    timings: bool
    fail_level: Level
    exit_zero: bool
    no_cache: bool
    show_settings: bool
    watch: bool
    quiet: bool
    verbose: bool

    @property
    def reads_stdin(self) -> bool:
        """Whether standard input is linted."""
        return STDIN in self.paths

    @property
    def destinations(self) -> tuple[Destination, ...]:
        """Where the report goes."""
        return read_destinations(self.output_format, self.output_file)

    @property
    def writes_baseline(self) -> bool:
        """Whether findings are made known."""
        return self.write_baseline is not None


def make_options(options: Mapping[str, object]) -> CheckOptions:
    """Read the options by name; `NnxlintError` for two that contradict each other."""
    made = msgspec.convert(options, CheckOptions)
    message = next((message for wrong, message in _contradictions(made) if wrong), None)
    if message is not None:
        raise NnxlintError(message)
    made.destinations  # noqa: B018 - what is wrong with them is told before any work is done
    return made


def _contradictions(made: CheckOptions) -> Iterator[tuple[bool, str]]:
    yield (
        made.diff and any(each.path is not None or not each.format.for_people for each in made.destinations),
        "--diff writes a diff to standard output: leave --output-format and --output-file out",
    )
    yield made.verify and not (made.fix or made.diff), "--verify judges fixes: it goes with --fix or --diff"
    yield made.quiet and made.verbose, "--quiet and --verbose contradict each other"
    yield made.reads_stdin and len(made.paths) > 1, "`-` is standard input, and is linted alone"
    yield made.no_cache and made.cache_dir is not None, "--no-cache and --cache-dir contradict each other"
    yield (
        made.stdin_filename is not None and not made.reads_stdin,
        "--stdin-filename names standard input: write `-` for the path",
    )
    yield from _contradictions_on_baselines(made)
    yield from _values_taken_for_paths(made)
    if made.watch:
        yield made.reads_stdin, "--watch looks at files: standard input is none"
        yield (
            made.writes_baseline or made.prune_baseline or made.add_ignore is not None,
            "--watch runs again and again: it goes with nothing that writes known findings or comments",
        )
    if made.add_ignore is not None:
        yield made.fix, "--add-ignore silences what --fix would mend: choose one of them"
        yield made.diff, "--diff writes nothing, and --add-ignore does: choose one of them"
        yield made.writes_baseline, "--add-ignore and --write-baseline: choose one of them"
        yield made.reads_stdin, "--add-ignore is about files: standard input is none"
        check_reason(made.add_ignore)


def _contradictions_on_baselines(made: CheckOptions) -> Iterator[tuple[bool, str]]:
    writes = made.writes_baseline or made.prune_baseline
    name = "--write-baseline" if made.writes_baseline else "--prune-baseline"
    yield made.no_baseline and made.baseline is not None, "--no-baseline and --baseline contradict each other"
    yield made.no_baseline and writes, f"--no-baseline and {name} contradict each other"
    yield made.writes_baseline and made.prune_baseline, "--write-baseline leaves nothing to prune: choose one of them"
    yield (
        made.writes_baseline and made.diff_base is not None,
        "--write-baseline needs all findings: no --diff-base",
    )
    yield made.diff and writes, f"--diff writes nothing, and {name} does: choose one of them"
    yield made.reads_stdin and writes, f"{name} is about files: standard input is none"


def _values_taken_for_paths(made: CheckOptions) -> Iterator[tuple[bool, str]]:
    """Tell who writes `--add-ignore later` that the value, unlike that of other options, follows a `=`."""
    missing = next((path for path in made.paths if path != STDIN and not path.exists()), None)
    if missing is not None:
        told = f"{missing}: no such file or directory; if it is no path, write"
        yield made.add_ignore == "", f"{told} --add-ignore='{missing}'"
        yield made.write_baseline == "", f"{told} --write-baseline={missing}"
