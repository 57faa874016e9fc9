"""The command line: arguments in, an exit status out. What a command needs is imported when it runs."""

import gc
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from nnxlint import __version__, completion, options, pages
from nnxlint.errors import NnxlintError
from nnxlint.manual import ManualGroup, documented

COULD_NOT_DO_IT = 2
INTERRUPTED = 130

_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(cls=ManualGroup, context_settings=_CONTEXT)
@click.version_option(__version__, prog_name="nnxlint", message="%(prog)s %(version)s")
def cli() -> None:
    """Find the places where Flax NNX code mishandles model state.

    `nnxlint PATH` is short for `nnxlint check PATH`.
    """


cli.page = pages.CLI


@documented(options.CHECK, pages.CHECK)
@cli.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
def check(**given: object) -> int:
    """Lint files and directories (by default the current one); `-` is standard input."""
    from nnxlint.commands.check import run_check  # noqa: PLC0415 - only this command needs it
    from nnxlint.commands.check_options import make_options  # noqa: PLC0415

    return run_check(make_options(given))


@documented(options.VERIFY, pages.VERIFY)
@cli.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
def verify(**given: object) -> int:
    """Run the code, and say which fixes hold: PATHS are your own, `--rules` are those of nnxlint itself.

    The code is RUN, in processes without network, with limits on time, memory and files.
    """
    from nnxlint.commands.verify import make_options, run_verify  # noqa: PLC0415 - only this command needs it

    return run_verify(make_options(given))


@documented(options.RULE, pages.RULE)
@cli.command()
@click.argument("code", required=False, shell_complete=completion.complete_rule)
def rule(code: str | None, output_format: str, *, every: bool) -> int:
    """Explain a rule, named by its code or its name."""
    from nnxlint.commands.rule import run_rule, run_rules  # noqa: PLC0415 - only this command needs it

    if every == (code is not None):
        message = "name one rule, or ask for `--all`"
        raise click.UsageError(message)
    as_json = output_format == "json"
    return run_rules(as_json=as_json) if code is None else run_rule(code, as_json=as_json)


@documented(options.WHY, pages.WHY)
@cli.command()
@click.argument("place", metavar="FILE:LINE", shell_complete=completion.complete_path)
def why(place: str, flax_version: str | None, config: tuple[str, ...], *, isolated: bool) -> int:
    """Show what is known about the objects on a line, and why rules report it or not."""
    from nnxlint.commands.overrides import SettingsOptions  # noqa: PLC0415 - only this command needs it
    from nnxlint.commands.why import run_why  # noqa: PLC0415

    return run_why(place, SettingsOptions(flax_version=flax_version, config=config, isolated=isolated))


@documented(options.STATE, pages.STATE)
@cli.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
def state(**given: object) -> int:
    """Show which state the module classes hold, which streams they draw, what steers them, and who changes them.

    Nothing is run. What is not known is said to be unknown.
    """
    from nnxlint.commands.state import run_state  # noqa: PLC0415 - only this command needs it

    return run_state(given)


@documented(options.CONFIG, pages.CONFIG)
@cli.command()
@click.argument("key", required=False, shell_complete=completion.complete_key)
def config(key: str | None, output_format: str, config: tuple[str, ...], *, isolated: bool, schema: bool) -> int:
    """Explain the settings: what each means, its value here, and where that was set."""
    from nnxlint.commands.config import run_config, run_schema  # noqa: PLC0415 - only this command needs it
    from nnxlint.commands.overrides import SettingsOptions  # noqa: PLC0415

    settings = SettingsOptions(config=config, isolated=isolated)
    if schema and key is not None:
        message = "`--schema` is of all settings: name no key"
        raise click.UsageError(message)
    return run_schema(settings) if schema else run_config(key, settings, as_json=output_format == "json")


@documented(options.SERVER, pages.SERVER)
@cli.command()
def server(*, stdio: bool, verbose: bool) -> int:
    """Serve an editor: the Language Server Protocol over standard input and output."""
    del stdio  # there is no other way, and editors that know of others say which one they want
    from nnxlint.commands.server import run_server  # noqa: PLC0415 - only this command needs it

    return run_server(verbose=verbose)


@documented(options.COMPLETION, pages.COMPLETION)
@cli.command("completion")
@click.argument("shell", type=click.Choice(completion.SHELLS))
def print_completion(shell: str) -> int:
    """Print the script that completes commands, options, rules and settings in a shell."""
    click.echo(completion.script(shell, cli))
    return 0


def run() -> int:
    """Be a program: `main`, after which the process ends."""
    status = main()
    if sys.stdout is not None:
        try:
            sys.stdout.flush()
        except OSError:
            # What is left cannot be written either; Python would try again, and complain, at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            status = status or COULD_NOT_DO_IT
    # All memory is given back at once; to take millions of syntax nodes apart first takes a tenth of the time.
    gc.freeze()
    return status


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; every outcome is an exit status, and every mistake one line on standard error."""
    given = tuple(sys.argv[1:] if arguments is None else arguments)
    if sys.stdout is None:
        return _failed("error: standard output is closed", COULD_NOT_DO_IT)
    if completion.VARIABLE in os.environ:
        completion.register()
    try:
        status: object = cli.main(args=_with_command(given), prog_name="nnxlint", standalone_mode=False)
    except (click.Abort, KeyboardInterrupt):
        return _failed("interrupted", INTERRUPTED)
    except click.ClickException as error:
        return _failed(f"error: {_one_line(error.format_message())}", COULD_NOT_DO_IT)
    except NnxlintError as error:
        return _failed(f"error: {_one_line(str(error))}", error.exit_code)
    except OSError as error:
        return _failed(f"error: {_one_line(str(error))}", COULD_NOT_DO_IT)
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
