"""The help of the commands: every option under a heading, and a page that tells the truth."""

import re
import resource
import shlex
import subprocess
import sys

import click
import pytest

from nnxlint.cli import cli, main
from nnxlint.manual import ManualCommand

COMMANDS = {name: command for name, command in cli.commands.items() if isinstance(command, ManualCommand)}
every_command = pytest.mark.parametrize("name", sorted(cli.commands))


def _help(name: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert main([name, "--help"]) == 0
    return capsys.readouterr().out


@every_command
def test_every_option_stands_once_under_a_heading(name: str) -> None:
    placed = [option for section in COMMANDS[name].sections for option in section.options]
    options = [each for each in COMMANDS[name].params if isinstance(each, click.Option)]

    assert placed == options
    assert len({each.name for each in options}) == len(options)


@every_command
def test_help_shows_all_that_there_is(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    command, shown = COMMANDS[name], _help(name, capsys)

    for section in command.sections:
        assert f"\n{section.heading}:\n" in shown
        for option in section.options:
            assert any(re.search(rf"^  .*{re.escape(each)}\b", shown, re.MULTILINE) for each in option.opts)
            assert (option.help or "").split()[0] in shown
    assert "\nExamples:\n" in shown
    for example, meaning in command.page.examples:
        assert f"\n  {example}\n    {meaning.split()[0]}" in shown
    for heading, rows in (("Exit status", command.page.statuses), ("Environment", command.page.environment)):
        assert (f"\n{heading}:\n" in shown) == bool(rows)
        for key, _ in rows:
            assert f"\n  {key}  " in shown


@pytest.mark.parametrize("example", [each for name in COMMANDS for each, _ in COMMANDS[name].page.examples])
def test_examples_can_be_typed(example: str) -> None:
    [program, *words] = shlex.split(re.split(" [<>] ", example)[0])
    name, arguments = (words[0], words[1:]) if words[0] in cli.commands else ("check", words)

    assert program == "nnxlint"
    COMMANDS[name].make_context(name, arguments)  # a usage error is an exception


def test_the_group_tells_what_commands_are_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    shown = " ".join(capsys.readouterr().out.split())

    for name, command in cli.commands.items():
        first = re.split(r"(?<=\.)\s", command.help or "", maxsplit=1)[0]
        assert f" {name} {' '.join(first.split()).rstrip('.')}" in shown
    assert "Exit status: 0" in shown
    assert "NO_COLOR" in shown


def test_starting_up_is_quick() -> None:
    """Compare the time of the processor, which does not depend on what else the machine does."""
    bare = min(_seconds("-c", "pass") for _ in range(5))
    started = min(_seconds("-m", "nnxlint", "--version") for _ in range(5))

    assert started - bare < 0.15


def _seconds(*arguments: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
