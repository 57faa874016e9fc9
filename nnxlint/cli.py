"""The command line: arguments in, an exit status out. What a command needs is imported when it runs."""

import gc
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from nnxlint import __version__
from nnxlint.errors import NnxlintError

COULD_NOT_DO_IT = 2
INTERRUPTED = 130

_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(context_settings=_CONTEXT)
@click.version_option(__version__, prog_name="nnxlint", message="%(prog)s %(version)s")
def cli() -> None:
    """Find the places where Flax NNX code mishandles model state.

    `nnxlint PATH` is short for `nnxlint check PATH`.
    """


_FLAX = click.option("--flax-version", metavar="VERSION", help="The Flax that the code targets.")
_CONFIG = click.option(
    "--config",
    multiple=True,
    metavar="FILE|KEY=VALUE",
    help="Read this settings file and no other; or one setting, in TOML. May be repeated.",
)
_ISOLATED = click.option("--isolated", is_flag=True, help="Read no settings file.")


@cli.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--select", multiple=True, metavar="RULES", help="Run these rules only: codes, prefixes, names, ALL.")
@click.option("--extend-select", multiple=True, metavar="RULES", help="Run these rules too.")
@click.option("--ignore", multiple=True, metavar="RULES", help="Leave these rules out.")
@click.option("--fixable", multiple=True, metavar="RULES", help="Apply the fixes of these rules only.")
@click.option("--unfixable", multiple=True, metavar="RULES", help="Show the fixes of these rules, never apply them.")
@click.option(
    "--per-file-ignores",
    multiple=True,
    metavar="PATTERN:RULES",
    help="Leave rules out in the files that match, such as `tests/*:NNX101`.",
)
@click.option("--exclude", multiple=True, metavar="PATTERNS", help="Leave these paths out, instead of the usual ones.")
@click.option("--extend-exclude", multiple=True, metavar="PATTERNS", help="Leave these paths out too.")
@click.option("--force-exclude", is_flag=True, help="Leave excluded files out even if they are named.")
@_FLAX
@_CONFIG
@_ISOLATED
@click.option(
    "--stdin-filename",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="With `-` for the path: lint standard input as if it were this file.",
)
@click.option("--fix", is_flag=True, help="Apply the safe fixes.")
@click.option("--unsafe-fixes", is_flag=True, help="With --fix or --diff: the unsafe ones too.")
@click.option("--verify", is_flag=True, help="With --fix or --diff: run the code, and keep only the fixes that hold.")
@click.option("--diff", is_flag=True, help="Show what fixing would change, and write nothing.")
@click.option(
    "--output-format",
    type=click.Choice(["text", "concise", "json"]),
    default="text",
    show_default=True,
    help="How findings are written.",
)
@click.option("--statistics", is_flag=True, help="Count findings by rule, and how much of the code was understood.")
@click.option(
    "--fail-level",
    type=click.Choice(["warning", "error"]),
    default="warning",
    show_default=True,
    help="The least level of a finding that makes the exit status 1.",
)
@click.option("--exit-zero", is_flag=True, help="Exit with status 0 even when something is found.")
@click.option("--no-cache", is_flag=True, help="Neither use results that were kept nor keep any.")
@click.option("--cache-dir", type=click.Path(path_type=Path), metavar="DIR", help="Keep results in this folder.")
@click.option("--show-settings", is_flag=True, help="Show the settings that hold for the paths, and lint nothing.")
@click.option("-q", "--quiet", is_flag=True, help="Write findings and errors only.")
@click.option("-v", "--verbose", is_flag=True, help="Also tell what was read, and how rules crashed.")
def check(**options: object) -> int:
    """Lint files and directories (by default the current one); `-` is standard input.

    Exit status: 0 nothing found, 1 something found, 2 the job could not be done.
    """
    from nnxlint.commands.check import make_options, run_check  # noqa: PLC0415 - only this command needs it

    return run_check(make_options(options))


@cli.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--rules",
    is_flag=False,
    flag_value="ALL",
    metavar="[CODES]",
    help="Verify the rules themselves, on the reference models; all of them, or those with these codes.",
)
@click.option("--replay", type=click.Path(path_type=Path), metavar="FILE", help="Repeat the verdict of a certificate.")
@click.option("--select", multiple=True, metavar="RULES", help="With paths: verify the fixes of these rules only.")
@click.option("--ignore", multiple=True, metavar="RULES", help="With paths: leave these rules out.")
@_FLAX
@_CONFIG
@_ISOLATED
@click.option(
    "--device",
    type=click.Choice(["cpu", "gpu", "tpu", "all"]),
    help="Where to run; by default where JAX would.",
)
@click.option("--seeds", type=click.IntRange(1), metavar="N", help="For how many seeds numbers are compared.")
@click.option(
    "--timeout",
    type=click.FloatRange(0, min_open=True),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="How long one program may run.",
)
@click.option("--jobs", type=click.IntRange(1), metavar="N", help="How many processes run programs; one a core.")
@click.option("--no-cache", "cache", flag_value=False, default=True, help="Run everything, and keep no answers.")
@click.option(
    "--certificates",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Where to write the certificates; by default beside the cache.",
)
@click.option("--report", type=click.Path(path_type=Path), metavar="FILE", help="Write a page with tables and plots.")
@click.option(
    "--output-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How verdicts are written.",
)
def verify(**options: object) -> int:
    """Run the code, and say which fixes hold: PATHS are your own, `--rules` are those of nnxlint itself.

    The code is RUN, in processes without network, with limits on time, memory and files.

    Exit status: 0 all that was run holds, 1 something does not, 2 the job could not be done.
    """
    from nnxlint.commands.verify import make_options, run_verify  # noqa: PLC0415 - only this command needs it

    return run_verify(make_options(options))


@cli.command()
@click.argument("code", required=False)
@click.option("--all", "every", is_flag=True, help="List every rule.")
@click.option(
    "--output-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How it is written.",
)
def rule(code: str | None, output_format: str, *, every: bool) -> int:
    """Explain a rule, named by its code or its name."""
    from nnxlint.commands.rule import run_rule, run_rules  # noqa: PLC0415 - only this command needs it

    if every == (code is not None):
        message = "name one rule, or ask for `--all`"
        raise click.UsageError(message)
    as_json = output_format == "json"
    return run_rules(as_json=as_json) if code is None else run_rule(code, as_json=as_json)


@cli.command()
@click.argument("place", metavar="FILE:LINE")
@_FLAX
@_CONFIG
@_ISOLATED
def why(place: str, flax_version: str | None, config: tuple[str, ...], *, isolated: bool) -> int:
    """Show what is known about the objects on a line, and why rules report it or not."""
    from nnxlint.commands.overrides import SettingsOptions  # noqa: PLC0415 - only this command needs it
    from nnxlint.commands.why import run_why  # noqa: PLC0415

    return run_why(place, SettingsOptions(flax_version=flax_version, config=config, isolated=isolated))


@cli.command()
@click.argument("key", required=False)
@click.option(
    "--output-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How it is written.",
)
@_CONFIG
@_ISOLATED
def config(key: str | None, output_format: str, config: tuple[str, ...], *, isolated: bool) -> int:
    """Explain the settings: what each means, its value here, and where that was set."""
    from nnxlint.commands.config import run_config  # noqa: PLC0415 - only this command needs it
    from nnxlint.commands.overrides import SettingsOptions  # noqa: PLC0415

    return run_config(key, SettingsOptions(config=config, isolated=isolated), as_json=output_format == "json")


def run() -> int:
    """Be a program: `main`, after which the process ends."""
    status = main()
    # All memory is given back at once; to take millions of syntax nodes apart first takes a tenth of the time.
    gc.freeze()
    return status


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; every outcome is an exit status, and every mistake one line on standard error."""
    given = tuple(sys.argv[1:] if arguments is None else arguments)
    try:
        status: object = cli.main(args=_with_command(given), prog_name="nnxlint", standalone_mode=False)
    except (click.Abort, KeyboardInterrupt):
        return _failed("interrupted", INTERRUPTED)
    except click.ClickException as error:
        return _failed(f"error: {_one_line(error.format_message())}", COULD_NOT_DO_IT)
    except NnxlintError as error:
        return _failed(f"error: {_one_line(str(error))}", error.exit_code)
    except Exception as error:  # noqa: BLE001 - the last place that can tell the user in one line
        return _defect(error, verbose=not {"-v", "--verbose"}.isdisjoint(given))
    return status if isinstance(status, int) else 0


def _with_command(arguments: Sequence[str]) -> list[str]:
    """`nnxlint path/` means `nnxlint check path/`; without any argument, help."""
    if not arguments:
        return ["--help"]
    if arguments[0] in (*cli.commands, "-h", "--help", "--version"):
        return list(arguments)
    return ["check", *arguments]


def _one_line(message: str) -> str:
    return " ".join(message.split())


def _failed(message: str, status: int) -> int:
    click.echo(f"nnxlint: {message}", err=True)
    return status


def _defect(error: Exception, *, verbose: bool) -> int:
    if verbose:
        import traceback  # noqa: PLC0415 - start-up does without

        click.echo("".join(traceback.format_exception(error)), err=True, nl=False)
    hint = "" if verbose else "; `--verbose` shows where"
    what = _one_line(f"{type(error).__name__}: {error}")
    return _failed(f"error: a defect of nnxlint: {what}{hint}", COULD_NOT_DO_IT)
