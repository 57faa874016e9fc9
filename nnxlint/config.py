"""Settings as written, in a file or on the command line: found, read, and checked key by key."""

import difflib
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, get_args

import msgspec

from nnxlint.cases import NESTED, VerifyConfig
from nnxlint.errors import NnxlintError
from nnxlint.presence import is_file
from nnxlint.toml_places import row_of

_FIELD = re.compile(r" - at `\$\.([\w-]+).*`")
# Editors that check settings against a schema may be told of it in the file.
_SCHEMA = "$schema"

Strings = tuple[str, ...]
OptionValue = bool | int | float | str | Strings


class ModeFlagsConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Names of flags that choose a module's mode."""

    train: Annotated[Strings, msgspec.Meta(description="flags that mean training when they are true")] = ()
    eval: Annotated[Strings, msgspec.Meta(description="flags that mean evaluation when they are true")] = ()


class Config(msgspec.Struct, frozen=True, rename="kebab", forbid_unknown_fields=True):
    """What a settings file may say; None where it is silent."""

    flax_version: Annotated[
        str | None, msgspec.Meta(description='the Flax that the code is written for, such as `"0.12.0"`')
    ] = None
    select: Annotated[
        Strings | None, msgspec.Meta(description="run these rules only: codes, prefixes, names, `ALL`")
    ] = None
    extend_select: Annotated[Strings | None, msgspec.Meta(description="run these rules too")] = None
    ignore: Annotated[Strings | None, msgspec.Meta(description="leave these rules out")] = None
    fixable: Annotated[Strings | None, msgspec.Meta(description="rules whose fixes may be applied")] = None
    unfixable: Annotated[
        Strings | None, msgspec.Meta(description="rules whose fixes are only shown, never applied")
    ] = None
    per_file_ignores: Annotated[
        dict[str, Strings] | None,
        msgspec.Meta(description="rules to leave out in files that a pattern matches (or, after `!`, does not match)"),
    ] = None
    exclude: Annotated[
        Strings | None,
        msgspec.Meta(description="leave these paths unreported, in the manner of `.gitignore`"),
    ] = None
    extend_exclude: Annotated[Strings | None, msgspec.Meta(description="and these paths")] = None
    force_exclude: Annotated[
        bool | None,
        msgspec.Meta(description="leave out excluded files even if they are named on the command line"),
    ] = None
    src: Annotated[
        Strings | None, msgspec.Meta(description="the folders that the project's own imports start from")
    ] = None
    mode_flags: Annotated[
        ModeFlagsConfig | None,
        msgspec.Meta(description="names of flags that, when true, mean training (`train`) or evaluation (`eval`)"),
    ] = None
    baseline: Annotated[str | None, msgspec.Meta(description="the file of known findings, which are not reported")] = (
        None
    )
    cache_dir: Annotated[str | None, msgspec.Meta(description="the folder where results are kept")] = None
    rules: Annotated[
        dict[str, dict[str, OptionValue]] | None,
        msgspec.Meta(description="options of single rules, by code or name: the rule's page tells which it has"),
    ] = None
    rules_path: Annotated[
        Strings | None,
        msgspec.Meta(description="files and folders with rules of your own; linting runs these, and only these"),
    ] = None
    verify: Annotated[
        VerifyConfig | None,
        msgspec.Meta(
            description="how `nnxlint verify` runs the code: `case` tables, or `entries`, a file of functions"
        ),
    ] = None


FIELDS = {field.encode_name: field for field in msgspec.structs.fields(Config)}
"""The keys by their names as written."""


def describe(key: str) -> str:
    """Tell in a few words what a key means."""
    found = next(each for each in get_args(FIELDS[key].type) if isinstance(each, msgspec.Meta))
    return found.description or ""


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """Settings that were read: from the file at `path`, or typed on the command line."""

    path: Path
    config: Config
    text: str
    typed: bool = False

    def origin(self, *keys: str) -> str:
        """Tell where the value of a key, or of one below it, stands."""
        return f"{self._name}{'' if self.typed else _place(self.text, self.path, keys)}"

    def error(self, key: str, message: str) -> NnxlintError:
        """Make the error of a key, with its line."""
        return NnxlintError(f"{self.origin(key)}: {message}")

    @property
    def _name(self) -> str:
        return "--config" if self.typed else str(self.path)


@dataclass(frozen=True, slots=True)
class WrittenOption:
    """What is written for an option of a rule; `rule` is what that is called there."""

    rule: str
    name: str
    value: OptionValue
    place: str = field(default="", repr=False, compare=False)


def read_config(directory: Path) -> ConfigFile | None:
    """Read the settings that stand in this very directory: `nnxlint.toml`, else `[tool.nnxlint]`."""
    own = directory / "nnxlint.toml"
    if is_file(own):
        return read_config_file(own)
    shared = directory / "pyproject.toml"
    if not is_file(shared):
        return None
    text = _read(shared)
    if "nnxlint" not in text:  # then even a broken file is none of our business
        return None
    tool = _parse(str(shared), text).get("tool", {})
    table = tool.get("nnxlint") if isinstance(tool, dict) else None
    return None if table is None else _checked(ConfigFile(shared, Config(), text), table)


def read_config_file(path: Path) -> ConfigFile:
    """Read the settings file at the path: a `pyproject.toml`, or one that holds nothing else."""
    text = _read(path)
    table: object = _parse(str(path), text)
    if path.name == "pyproject.toml" and isinstance(table, dict):
        tool = table.get("tool", {})
        table = tool.get("nnxlint", {}) if isinstance(tool, dict) else {}
    return _checked(ConfigFile(path, Config(), text), table)


def parse_typed(assignments: Sequence[str]) -> ConfigFile | None:
    """Read settings typed as `key = value`, in TOML; None where there are none."""
    if not assignments:
        return None
    text = "\n".join(assignments)
    return _checked(ConfigFile(Path(), Config(), text, typed=True), _parse("--config", text))


def written_options(file: ConfigFile) -> Iterator[WrittenOption]:
    """Give what the file says of the options of rules, one by one."""
    for rule, values in (file.config.rules or {}).items():
        for name, value in values.items():
            yield WrittenOption(rule, name, value, file.origin("rules", rule, name))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"{path}: is not encoded as UTF-8"
        raise NnxlintError(message) from error
    except OSError as error:
        message = f"{path}: cannot be read: {error.strerror or error}"
        raise NnxlintError(message) from error


def _parse(name: str, text: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = f"{name}: invalid TOML: {str(error).splitlines()[0]}"
        raise NnxlintError(message) from error


def _checked(file: ConfigFile, table: object) -> ConfigFile:
    if not isinstance(table, dict):
        message = f"{file.path}: `tool.nnxlint` must be a table"
        raise NnxlintError(message)
    table = {key: value for key, value in table.items() if key != _SCHEMA}
    if file.typed and "rules-path" in table:
        message = "--config: `rules-path`: only a settings file may name code that linting runs"
        raise NnxlintError(message)
    _check_names(file, table, tuple(FIELDS), "setting")
    modes = table.get("mode-flags")
    if isinstance(modes, dict):
        _check_names(file, modes, ModeFlagsConfig.__struct_fields__, "setting of `mode-flags`", "mode-flags")
    _check_nested(file, "verify", table.get("verify"))
    try:
        return ConfigFile(file.path, msgspec.convert(table, Config), file.text, file.typed)
    except msgspec.ValidationError as error:
        raise _wrong_type(file, str(error)) from error


def _check_nested(file: ConfigFile, place: str, written: object) -> None:
    """Check the names in a table of tables: those of `verify`, of its cases, and of their inputs."""
    if place not in NESTED or not isinstance(written, dict):
        return
    _check_names(file, written, NESTED[place], f"setting of `{place}`", "verify")
    for key, inner in written.items():
        below = f"{place}.{key}"
        by_name = key == "inputs" and isinstance(inner, dict)
        for each in inner.values() if by_name else inner if isinstance(inner, list) else [inner]:
            _check_nested(file, below, each)


def _check_names(file: ConfigFile, table: dict[str, object], names: Sequence[str], what: str, place: str = "") -> None:
    for key in table:
        if key not in names:
            close = difflib.get_close_matches(key.replace("_", "-").lower(), names, n=1)
            hint = f", did you mean `{close[0]}`?" if close else f" (known: {', '.join(names)})"
            raise file.error(place or key, f"unknown {what} `{key}`{hint}")


def _wrong_type(file: ConfigFile, complaint: str) -> NnxlintError:
    found = _FIELD.search(complaint)
    key = found.group(1) if found else ""
    plain = _FIELD.sub("", complaint)
    for foreign, own in ((" | null", ""), ("array", "list"), ("object", "table")):
        plain = plain.replace(foreign, own)
    reason = f"{plain[:1].lower()}{plain[1:]}"
    return file.error(key, f"`{key}`: {reason}")


def _place(text: str, path: Path, keys: Sequence[str]) -> str:
    """Give `:LINE` of the key in the settings' own section; nothing where it is written in some other way."""
    own = ("tool", "nnxlint") if path.name == "pyproject.toml" else ()
    row = row_of(text, (*own, *keys), least=len(own) + 1)
    return "" if row is None else f":{row}"
