"""`nnxlint config`, and `--show-settings`: what settings mean, what they are here, and who set them."""

import difflib
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from nnxlint.commands.output import rendered, write_document, write_text
from nnxlint.commands.overrides import SettingsOptions, overrides_of
from nnxlint.discovery import absolute, project_root
from nnxlint.errors import NnxlintError
from nnxlint.plugins import known_rules
from nnxlint.render.schema import schema_document
from nnxlint.render.settings import (
    SettingDocument,
    render_settings,
    render_toml,
    setting_documents,
    settings_document,
)
from nnxlint.selection import rules_of
from nnxlint.settings import SettingsOf, settings_loader
from nnxlint.target import TargetFinder


def run_config(key: str | None, options: SettingsOptions, *, as_json: bool) -> int:
    """Explain the settings that hold in the working directory, or one of them."""
    documents = _documents(Path(), settings_loader(overrides_of(options)))
    chosen = documents if key is None else (_named(key, documents),)
    if as_json:
        write_document(settings_document(chosen))
    else:
        write_text(rendered(lambda console: render_settings(chosen, console)))
    return 0


def run_schema(options: SettingsOptions) -> int:
    """Write the JSON Schema of the settings, with the rules that are known in the working directory."""
    settings = settings_loader(overrides_of(options))(absolute(Path()))
    write_document(schema_document(known_rules(settings.rules_path)))
    return 0


def run_show_settings(paths: Sequence[Path], options: SettingsOptions) -> int:
    """Show the settings that hold for each of the paths, as a settings file would hold them."""
    settings_of = settings_loader(overrides_of(options))

    def write(console: Console) -> None:
        for number, path in enumerate(paths or (Path(),)):
            if not path.exists():
                message = f"{path}: no such file or directory"
                raise NnxlintError(message)
            folder = path if path.is_dir() else path.parent
            console.print(Text(f"{'' if number == 0 else chr(10)}# the settings for {path}"))
            render_toml(_documents(folder, settings_of), console)

    write_text(rendered(write))
    return 0


def _documents(directory: Path, settings_of: SettingsOf) -> tuple[SettingDocument, ...]:
    folder = absolute(directory)
    settings = settings_of(folder)
    rules_of(settings, known_rules(settings.rules_path))  # so that a name of no rule is told here too
    target = TargetFinder().target(folder, settings, project_root(folder) or folder)
    return setting_documents(settings, target, folder)


def _named(key: str, documents: Sequence[SettingDocument]) -> SettingDocument:
    known = {each.key: each for each in documents}
    if key in known:
        return known[key]
    near = difflib.get_close_matches(key.replace("_", "-").lower(), known, n=1)
    hint = f", did you mean `{near[0]}`?" if near else f" (known: {', '.join(known)})"
    message = f"unknown setting `{key}`{hint}"
    raise NnxlintError(message)
