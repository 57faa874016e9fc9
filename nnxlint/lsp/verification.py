"""`python -m nnxlint.lsp.verification`: the process that verifies one fix for the server.

It is a process of its own because it takes long, may be ended at any time, and must not take the server along. It ends
when the server does: its standard input is open for as long.
"""

import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import msgspec

from nnxlint.commands.verified import demand_jax
from nnxlint.errors import NnxlintError
from nnxlint.knowledge import Project, load_projects
from nnxlint.lsp.orders import Failure, Judgement, Order, Said, Step
from nnxlint.project import CheckRequest, check
from nnxlint.settings import SettingsOf, settings_loader
from nnxlint.spans import Span


def main() -> int:
    """Take the order from standard input, and say what comes of it on standard output."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def say(said: Said) -> None:
        out.write(msgspec.json.encode(said) + b"\n")
        out.flush()

    try:
        order = msgspec.json.decode(sys.stdin.buffer.readline(), type=Order)
        threading.Thread(target=_end_with, args=(sys.stdin.buffer,), daemon=True).start()
        say(_judged(order, say))
    except (NnxlintError, msgspec.MsgspecError) as error:
        say(Failure(str(error)))
    except Exception as error:  # noqa: BLE001 - the server tells of it
        say(Failure(f"{type(error).__name__}: {error}", traceback.format_exc()))
    return 0


def _end_with(stream: BinaryIO) -> None:
    while stream.read(1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _judged(order: Order, say: Callable[[Said], None]) -> Said:
    demand_jax()
    from nnxlint.verify.devices import HOST  # noqa: PLC0415 - in vain where there is no JAX
    from nnxlint.verify.run_paths import ProjectJudge, units_of  # noqa: PLC0415
    from nnxlint.verify.session import SessionOptions, session  # noqa: PLC0415

    settings_of = settings_loader(order.preferences.overrides)
    project = _project(order, settings_of)
    request = CheckRequest((Path(order.path),), settings_of, contents=_contents(order))
    found = check(request).diagnostics
    span = Span(order.start, order.end)
    wanted = [each for each in found if (each.path, each.code, each.span) == (order.path, order.code, span)]
    units = units_of(wanted[:1], request.known_rules_in(project), project)
    if not units:
        return Failure("the finding is gone: the text has changed since")
    options = SessionOptions(seconds=order.preferences.verify_timeout)
    with session(HOST, options, lambda done, total: say(Step(done, total))) as ask:
        judge = ProjectJudge(project, ask, settings_of(project.root).verify)
        [verdict] = judge.all_verdicts(units)
    return Judgement(verdict.judged.verdict.value, verdict.judged.reason)


def _project(order: Order, settings_of: SettingsOf) -> Project:
    loaded = load_projects((Path(order.path),), settings_of, _contents(order))
    for project in loaded.projects:
        if order.path in project.sources:
            return project
    message = next(map(str, loaded.failures), f"{order.path}: cannot be read")
    raise NnxlintError(message)


def _contents(order: Order) -> dict[Path, bytes]:
    return {Path(path): content for path, content in order.contents.items()}


if __name__ == "__main__":
    sys.exit(main())
