"""The options of the commands, under the headings of their help."""

from pathlib import Path

import click

from nnxlint.completion import complete_format, complete_rules
from nnxlint.manual import OptionalValue, Section
from nnxlint.render.formats import FORMATS

Option = click.Option


def _flax() -> Option:
    return Option(["--flax-version"], metavar="VERSION", help="The Flax that the code targets.")


def _settings() -> tuple[Option, ...]:
    return (
        Option(
            ["--config"],
            multiple=True,
            metavar="FILE|KEY=VALUE",
            help="Read this settings file and no other; or one setting, in TOML. May be repeated.",
        ),
        Option(["--isolated"], is_flag=True, help="Read no settings file."),
    )


def _format(what: str, *names: str) -> Option:
    choice = click.Choice([*names])
    return Option(["--output-format"], type=choice, default=names[0], show_default=True, help=what)


def _rules(name: str, what: str) -> Option:
    return Option([name], multiple=True, metavar="RULES", help=what, shell_complete=complete_rules)


def _formats() -> str:
    return ", ".join(each.name for each in FORMATS)


CHECK = (
    Section(
        "Rules",
        (
            _rules("--select", "Run these rules only: codes, prefixes, names, ALL."),
            _rules("--extend-select", "Run these rules too."),
            _rules("--ignore", "Leave these rules out."),
            Option(
                ["--per-file-ignores"],
                multiple=True,
                metavar="PATTERN:RULES",
                help="Leave rules out in the files that match, such as `tests/*:NNX101`.",
            ),
            _flax(),
        ),
    ),
    Section(
        "Files",
        (
            Option(
                ["--exclude"],
                multiple=True,
                metavar="PATTERNS",
                help="Leave these paths out, instead of the usual ones.",
            ),
            Option(["--extend-exclude"], multiple=True, metavar="PATTERNS", help="Leave these paths out too."),
            Option(["--force-exclude"], is_flag=True, help="Leave excluded files out even if they are named."),
            Option(
                ["--diff-base"],
                metavar="REVISION",
                help="Report only what touches lines changed since the work parted from this revision of git.",
            ),
            Option(
                ["--stdin-filename"],
                type=click.Path(path_type=Path),
                metavar="FILE",
                help="With `-` for the path: lint standard input as if it were this file.",
            ),
        ),
    ),
    Section(
        "Fixes",
        (
            Option(["--fix"], is_flag=True, help="Apply the safe fixes."),
            Option(["--unsafe-fixes"], is_flag=True, help="With --fix or --diff: the unsafe ones too."),
            Option(
                ["--verify"],
                is_flag=True,
                help="With --fix or --diff: run the code, and keep only the fixes that hold.",
            ),
            Option(["--diff"], is_flag=True, help="Show what fixing would change, and write nothing."),
            _rules("--fixable", "Apply the fixes of these rules only."),
            _rules("--unfixable", "Show the fixes of these rules, never apply them."),
        ),
    ),
    Section(
        "Known findings",
        (
            Option(
                ["--baseline"],
                type=click.Path(path_type=Path),
                metavar="FILE",
                help="Do not report the findings that this file holds; the exit status is 1 if it holds some in vain.",
            ),
            Option(["--no-baseline"], is_flag=True, help="Report known findings too."),
            OptionalValue(
                ["--write-baseline"],
                metavar="[=FILE]",
                endings=(".json",),
                help="Make all findings known: write them to the baseline, by default nnxlint-baseline.json.",
            ),
            Option(["--prune-baseline"], is_flag=True, help="Take out of the baseline what is no longer found."),
            Option(["--allow-stale"], is_flag=True, help="Let pass what a baseline holds in vain."),
            OptionalValue(
                ["--add-ignore"],
                metavar="[=REASON]",
                help="Silence all that is reported, by comments in the code; with this reason behind them.",
            ),
        ),
    ),
    Section(
        "Output",
        (
            Option(
                ["--output-format"],
                multiple=True,
                metavar="FORMAT[:FILE]",
                shell_complete=complete_format,
                help=f"How findings are written, and where to: {_formats()}. May be repeated.  [default: text]",
            ),
            Option(
                ["--output-file"],
                type=click.Path(path_type=Path),
                metavar="FILE",
                help="Write there instead of to standard output.",
            ),
            Option(
                ["--statistics"],
                is_flag=True,
                help="Count findings by rule and by file, and how much of the code was understood.",
            ),
            Option(
                ["--timings"], is_flag=True, help="Tell on standard error where the time went: by phase and by rule."
            ),
            Option(["--watch"], is_flag=True, help="Lint again whenever a file changes, until interrupted."),
            Option(["--quiet", "-q"], is_flag=True, help="Write findings and errors only."),
            Option(["--verbose", "-v"], is_flag=True, help="Also tell what was read, and how rules crashed."),
        ),
    ),
    Section(
        "Outcome",
        (
            Option(
                ["--fail-level"],
                type=click.Choice(["warning", "error"]),
                default="warning",
                show_default=True,
                help="The least level of a finding that makes the exit status 1.",
            ),
            Option(["--exit-zero"], is_flag=True, help="Exit with status 0 even when something is found."),
        ),
    ),
    Section(
        "Settings and cache",
        (
            *_settings(),
            Option(
                ["--show-settings"], is_flag=True, help="Show the settings that hold for the paths, and lint nothing."
            ),
            Option(["--no-cache"], is_flag=True, help="Neither use results that were kept nor keep any."),
            Option(
                ["--cache-dir"], type=click.Path(path_type=Path), metavar="DIR", help="Keep results in this folder."
            ),
        ),
    ),
)

VERIFY = (
    Section(
        "What is verified",
        (
            Option(
                ["--rules"],
                is_flag=False,
                flag_value="ALL",
                metavar="[CODES]",
                help="Verify the rules themselves, on the reference models; all of them, or those with these codes.",
            ),
            Option(
                ["--replay"],
                type=click.Path(path_type=Path),
                metavar="FILE",
                help="Repeat the verdict of a certificate.",
            ),
            _rules("--select", "With paths: verify the fixes of these rules only."),
            _rules("--ignore", "With paths: leave these rules out."),
            _flax(),
        ),
    ),
    Section(
        "How it is run",
        (
            Option(
                ["--device"],
                type=click.Choice(["cpu", "gpu", "tpu", "all"]),
                help="Where to run; by default where JAX would.",
            ),
            Option(["--seeds"], type=click.IntRange(1), metavar="N", help="For how many seeds numbers are compared."),
            Option(
                ["--timeout"],
                type=click.FloatRange(0, min_open=True),
                default=60.0,
                show_default=True,
                metavar="SECONDS",
                help="How long one program may run.",
            ),
            Option(
                ["--jobs"], type=click.IntRange(1), metavar="N", help="How many processes run programs; one a core."
            ),
        ),
    ),
    Section(
        "Output",
        (
            _format("How verdicts are written.", "text", "json"),
            Option(
                ["--certificates"],
                type=click.Path(path_type=Path, file_okay=False),
                metavar="DIR",
                help="Where to write the certificates; by default beside the cache.",
            ),
            Option(
                ["--report"],
                type=click.Path(path_type=Path),
                metavar="FILE",
                help="Write a page with tables and plots.",
            ),
        ),
    ),
    Section(
        "Settings and cache",
        (
            *_settings(),
            Option(
                ["--no-cache", "cache"], flag_value=False, default=True, help="Run everything, and keep no answers."
            ),
        ),
    ),
)

RULE = (
    Section(
        "Options",
        (
            Option(["--all", "every"], is_flag=True, help="List every rule."),
            _format("How it is written.", "text", "json"),
        ),
    ),
)

WHY = (Section("Options", (_flax(), *_settings())),)

STATE = (
    Section(
        "Options",
        (
            Option(
                ["--class", "classes"],
                multiple=True,
                metavar="NAME",
                help="Show this class only, by its name or the end of its dotted name. May be repeated.",
            ),
            Option(
                ["--depth"],
                type=click.IntRange(0),
                metavar="N",
                help="How far into what the classes hold: 0 is one line a class. By default 1; in JSON, all.",
            ),
            _format("How it is written.", "text", "json"),
            _flax(),
            *_settings(),
        ),
    ),
)

_SCHEMA = Option(["--schema"], is_flag=True, help="Write the JSON Schema of all settings, for editors.")
CONFIG = (Section("Options", (_format("How it is written.", "text", "json"), _SCHEMA, *_settings())),)

_STDIO = Option(["--stdio"], is_flag=True, help="Speak over standard input and output, as without it.")
_TALKS = Option(["-v", "--verbose"], is_flag=True, help="Write what is said and done to standard error.")
SERVER = (Section("Options", (_STDIO, _TALKS)),)

COMPLETION: tuple[Section, ...] = ()
