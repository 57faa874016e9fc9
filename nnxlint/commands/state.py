"""`nnxlint state`: what the module classes of a project hold, draw and go by, and who changes it."""

import difflib
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import msgspec

from nnxlint.commands.output import rendered, write_document, write_notes, write_text
from nnxlint.commands.overrides import SettingsOptions, overrides_of
from nnxlint.errors import NnxlintError
from nnxlint.project import Advance
from nnxlint.render.state import render_state
from nnxlint.render.state_json import state_document
from nnxlint.semantic.statemap import ClassState
from nnxlint.settings import settings_loader
from nnxlint.surveying import survey
from nnxlint.workers import available_jobs

TOLD, COULD_NOT_DO_IT = 0, 2
_DEPTH = 1


class StateOptions(SettingsOptions, frozen=True, kw_only=True):
    """The options of the command, as click gives them."""

    paths: tuple[Path, ...]
    classes: tuple[str, ...]
    depth: int | None
    output_format: str


def run_state(given: Mapping[str, object]) -> int:
    """Write the state map of the paths, and give the exit status."""
    options = msgspec.convert(given, StateOptions)
    with _progress() as advance:
        found = survey(options.paths or (Path(),), settings_loader(overrides_of(options)), available_jobs(), advance)
    classes = _chosen(found.classes, options.classes)
    here = Path.cwd()
    if options.output_format == "json":
        write_document(state_document(classes, found.sources, here, options.depth))
    else:
        depth = _DEPTH if options.depth is None else options.depth
        write_text(rendered(lambda console: render_state(classes, found.sources, console, here, depth)))
    write_notes(f"error: {line}" for line in found.failures)
    write_notes(f"warning: {line}" for line in (*found.notices, *_left_out(found.unsure)))
    return COULD_NOT_DO_IT if found.failures else TOLD


def _left_out(unsure: int) -> tuple[str, ...]:
    if not unsure:
        return ()
    what = "1 class is" if unsure == 1 else f"{unsure} classes are"
    return (f"{what} left out that may be modules: a base class is not known, maybe outside of the paths",)


def _progress() -> AbstractContextManager[Advance | None]:
    if not sys.stderr.isatty():
        return nullcontext()
    from nnxlint.render.progress import progress_bar  # noqa: PLC0415 - takes time, and only a terminal shows it

    return progress_bar(sys.stderr)


def _chosen(classes: Sequence[ClassState], names: Sequence[str]) -> Sequence[ClassState]:
    """The classes of these names, plain, qualified or the end of a qualified one; all where none are named."""
    for name in names:
        if not any(_is_named(state, name) for state in classes):
            known = {state.name for state in classes} | {state.qualified for state in classes}
            near = difflib.get_close_matches(name, known, 1)
            hint = f": did you mean `{near[0]}`?" if near else ""
            message = f"no module class under the paths is named `{name}`{hint}"
            raise NnxlintError(message)
    return [state for state in classes if not names or any(_is_named(state, name) for name in names)]


def _is_named(state: ClassState, name: str) -> bool:
    return state.qualified == name or state.qualified.endswith(f".{name}")
