"""`nnxlint verify`: run the rules' own programs, or the user's code, and say what of the fixes holds."""

import importlib.metadata
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path

import msgspec

from nnxlint.commands.output import rendered, write_document, write_notes, write_text
from nnxlint.commands.overrides import SettingsOptions, overrides_of, split_selectors
from nnxlint.commands.verified import demand_jax
from nnxlint.errors import NnxlintError
from nnxlint.plugins import known_rules
from nnxlint.project import CheckRequest
from nnxlint.render.progress import progress_bar
from nnxlint.render.verify import render_replay, render_runs, replay_document, runs_document
from nnxlint.rule import Rule
from nnxlint.rules import all_rules
from nnxlint.selection import select_rules
from nnxlint.settings import settings_loader
from nnxlint.verify.cache import Ask, user_cache, write_whole
from nnxlint.verify.certificates import certify, jobs_of_certificate, read_certificate, replayed, write_certificate
from nnxlint.verify.devices import HOST, Device, agreement, choose_devices
from nnxlint.verify.protocol import Answer
from nnxlint.verify.results import Run
from nnxlint.verify.run_paths import result_of, run_paths
from nnxlint.verify.run_rules import run_rules
from nnxlint.verify.session import Advance, SessionOptions, find_environment, seeded, session
from nnxlint.verify.verdicts import Verdict

HOLDS, FAILS, COULD_NOT_DO_IT = 0, 1, 2

_FOLDER = Path("verify")
_NEAR_PROJECT = Path(".nnxlint_cache")

Collect = Callable[[Ask], list[Run]]


class VerifyOptions(SettingsOptions, frozen=True, kw_only=True):
    """The options of the command, as click gives them."""

    paths: tuple[Path, ...]
    rules: str | None
    output_format: str
    device: str | None
    replay: Path | None
    report: Path | None
    seeds: int | None
    timeout: float
    jobs: int | None
    cache: bool
    certificates: Path | None

    @property
    def as_json(self) -> bool:
        """Whether the output is a document."""
        return self.output_format == "json"

    @property
    def session(self) -> SessionOptions:
        """How children are asked."""
        folder = self.folder / "answers" if self.cache else None
        return SessionOptions(self.jobs, self.timeout, self.seeds, folder)

    @property
    def folder(self) -> Path:
        """Where answers and certificates are kept: near the project for its own code, else in the user's cache."""
        near = self.rules is None and self.replay is None
        return (_NEAR_PROJECT if near else user_cache(os.environ)) / _FOLDER


def make_options(options: Mapping[str, object]) -> VerifyOptions:
    """Read the options by name; `NnxlintError` for none or several of what could be verified."""
    made = msgspec.convert(options, VerifyOptions)
    if made.replay is not None and (made.paths or made.rules is not None):
        message = "--replay repeats what its certificate names, and takes no paths or rules"
        raise NnxlintError(message)
    if made.replay is not None and made.report is not None:
        message = "--report shows a run, and --replay repeats one verdict: choose one of them"
        raise NnxlintError(message)
    if made.replay is None and made.rules is None and not made.paths:
        message = "name paths to verify your code, `--rules` to verify the rules, or `--replay FILE`"
        raise NnxlintError(message)
    return made


def run_verify(options: VerifyOptions) -> int:
    """Verify, write what came of it, and give the exit status."""
    if os.name != "posix":
        message = "verifying needs the process groups and limits of Linux or macOS"
        raise NnxlintError(message)
    demand_jax()
    if options.replay is not None:
        return _replay(options.replay, options)
    failures: list[str] = []
    found = _runs(options, lambda ask: _collected(options, ask, failures))
    runs = [_certified(run, device, options) for device, run in found]
    if options.report is not None:
        _write_report(runs, options.report)
    if options.as_json:
        write_document(runs_document(runs))
    else:
        write_text(rendered(lambda console: render_runs(runs, console)))
    write_notes(f"error: {failure}" for failure in dict.fromkeys(failures))
    return COULD_NOT_DO_IT if failures else _status(runs, options)


def _collected(options: VerifyOptions, ask: Ask, failures: list[str]) -> list[Run]:
    if options.rules is not None:
        # What follows `--rules CODE` are further codes, as in `--rules NNX101 NNX102`.
        selectors = split_selectors((options.rules, *map(str, options.paths)))
        return run_rules(select_rules(all_rules(), select=selectors), ask, options.flax_version or _installed_flax())
    here = Path.cwd()
    request = CheckRequest(options.paths, settings_loader(overrides_of(options)))
    found = run_paths(request, ask)
    failures += found.report.failures
    failures += [f"{crash.culprit} crashed in {crash.path}" for crash in found.report.crashes]
    runs = []
    for verdict in found.verdicts:
        diagnostic = verdict.unit.diagnostic
        cell, position = found.report.sources[diagnostic.path].place(diagnostic.span.start)
        path = Path(diagnostic.path)
        name = (path.relative_to(here) if path.is_relative_to(here) else path).as_posix()
        filename = name if cell is None else f"{name}:cell {cell}"
        runs.append(Run(result_of(verdict), verdict.jobs, verdict.answers, filename, position.row))
    return runs


def _installed_flax() -> str:
    """The Flax that children run on: what the rules' programs are linted for."""
    return importlib.metadata.version("flax")


def _runs(options: VerifyOptions, collect: Collect) -> list[tuple[Device, Run]]:
    """Verify on every device that is wanted; what ran on an accelerator is compared with the CPU."""
    devices = choose_devices(options.device, os.environ, find_environment)
    everywhere = devices if HOST in devices or not devices else (HOST, *devices)
    runs: dict[Device, list[Run]] = {}
    # Of a comparison, devices can only be compared by numbers that it would not compute for a proof.
    asked = msgspec.structs.replace(options.session, numbers=len(everywhere) > 1)
    with _progress() as advance:
        for device in everywhere:
            with session(device, asked, advance) as ask:
                runs[device] = collect(ask)
    on_cpu = [answer for run in runs[HOST] for answer in run.answers]
    return [(device, _compared(run, device, on_cpu)) for device in devices for run in runs[device]]


def _compared(run: Run, device: Device, on_cpu: Sequence[Answer]) -> Run:
    """The run, with a word on how its numbers compare with the CPU's."""
    told = "" if device == HOST else str(agreement(run.answers, on_cpu, device.name))
    if not told:
        return run
    return replace(run, result=msgspec.structs.replace(run.result, reason=f"{run.result.reason}; {told}"))


def _certified(run: Run, device: Device, options: VerifyOptions) -> Run:
    """The run with its certificate written: where `--certificates` says, else beside the cache, if there is one."""
    folder = options.certificates or (options.folder / "certificates" if options.cache else None)
    rule = _rule(run.result.code, options)
    if folder is None or rule is None:
        return run
    jobs = [seeded(job, options.session) for job in run.jobs]
    certificate = certify(run.result, rule, jobs, run.answers, device=device.name, place=run.place)
    path = write_certificate(certificate, folder)
    return replace(run, result=msgspec.structs.replace(run.result, certificate=path.as_posix()))


def _replay(path: Path, options: VerifyOptions) -> int:
    certificate = read_certificate(path)
    [device] = choose_devices(certificate.device, os.environ, find_environment)
    # What is repeated must be run, not remembered.
    with _progress() as advance, session(device, msgspec.structs.replace(options.session, cache=None), advance) as ask:
        answers = ask(jobs_of_certificate(certificate))
    replay = replayed(certificate, answers, _rule(certificate.code, options))
    if options.as_json:
        write_document(replay_document(replay))
    else:
        write_text(rendered(lambda console: render_replay(replay, console)))
    return FAILS if replay.broken else HOLDS


def _rule(code: str, options: VerifyOptions) -> Rule | None:
    """The rule of a code: nnxlint's own, or one that the settings here add."""
    own = next((rule for rule in all_rules() if rule.code == code), None)
    if own is not None:
        return own
    settings = settings_loader(overrides_of(options))(Path())
    return next((rule for rule in known_rules(settings.rules_path) if rule.code == code), None)


def _write_report(runs: Sequence[Run], path: Path) -> None:
    from nnxlint.render.verify_report import report_page  # noqa: PLC0415 - it draws, which only a report needs

    try:
        write_whole(path, report_page(runs).encode())
    except OSError as error:
        message = f"{path}: the report cannot be written: {error.strerror or error}"
        raise NnxlintError(message) from error


def _progress() -> AbstractContextManager[Advance]:
    if not sys.stderr.isatty():
        return nullcontext(_unseen)
    return progress_bar(sys.stderr, doing="running", at_first="linting")


def _unseen(done: int, total: int) -> None:
    """Nobody watches."""


def _status(runs: Sequence[Run], options: VerifyOptions) -> int:
    """A rule's contract must be seen to hold; of the user's own code, what could not be run says nothing."""
    grave = {Verdict.DIFFERS, Verdict.UNVERIFIED} if options.rules is not None else {Verdict.DIFFERS}
    return FAILS if any(run.result.verdict in grave for run in runs) else HOLDS
