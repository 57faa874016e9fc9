"""The settings file as written: found, read, and checked key by key."""

import difflib
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

import msgspec

from nnxlint.errors import NnxlintError

_FIELD = re.compile(r" - at `\$\.([\w-]+).*`")
_SECTION = re.compile(r"[ \t]*\[[ \t]*tool[ \t]*\.[ \t]*[\"']?nnxlint[\"']?[ \t]*\]")


class Config(msgspec.Struct, frozen=True, rename="kebab", forbid_unknown_fields=True):
    """What a settings file may say; None where it is silent."""

    flax_version: str | None = None
    select: tuple[str, ...] | None = None
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] | None = None
    extend_exclude: tuple[str, ...] = ()
    src: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """A settings file that was read."""

    path: Path
    config: Config
    text: str

    def error(self, key: str, message: str) -> NnxlintError:
        """Make the error of a key, with its line."""
        return NnxlintError(f"{self.path}{_place(self.text, self.path, key)}: {message}")


def read_config(directory: Path) -> ConfigFile | None:
    """Read the settings that stand in this very directory: `nnxlint.toml`, else `[tool.nnxlint]`."""
    own = directory / "nnxlint.toml"
    if own.is_file():
        text = _read(own)
        return _checked(own, text, _parse(own, text))
    shared = directory / "pyproject.toml"
    if not shared.is_file():
        return None
    text = _read(shared)
    if "nnxlint" not in text:  # then even a broken file is none of our business
        return None
    tool = _parse(shared, text).get("tool", {})
    table = tool.get("nnxlint") if isinstance(tool, dict) else None
    return None if table is None else _checked(shared, text, table)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"{path}: is not encoded as UTF-8"
        raise NnxlintError(message) from error
    except OSError as error:
        message = f"{path}: cannot be read: {error.strerror or error}"
        raise NnxlintError(message) from error


def _parse(path: Path, text: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = f"{path}: invalid TOML: {str(error).splitlines()[0]}"
        raise NnxlintError(message) from error


def _checked(path: Path, text: str, table: object) -> ConfigFile:
    if not isinstance(table, dict):
        message = f"{path}: `tool.nnxlint` must be a table"
        raise NnxlintError(message)
    known = msgspec.structs.fields(Config)
    names = [field.encode_name for field in known]
    for key in table:
        if key not in names:
            close = difflib.get_close_matches(key.replace("_", "-").lower(), names, n=1)
            hint = f", did you mean `{close[0]}`?" if close else f" (known: {', '.join(names)})"
            message = f"{path}{_place(text, path, key)}: unknown setting `{key}`{hint}"
            raise NnxlintError(message)
    try:
        return ConfigFile(path, msgspec.convert(table, Config), text)
    except msgspec.ValidationError as error:
        raise _wrong_type(path, text, str(error)) from error


def _wrong_type(path: Path, text: str, complaint: str) -> NnxlintError:
    found = _FIELD.search(complaint)
    key = found.group(1) if found else ""
    plain = _FIELD.sub("", complaint).replace("array", "list")
    reason = f"{plain[:1].lower()}{plain[1:]}"
    return NnxlintError(f"{path}{_place(text, path, key)}: `{key}`: {reason}")


def _place(text: str, path: Path, key: str) -> str:
    """Give `:LINE` of the key in the settings' own section; nothing where it is written in some other way."""
    written = re.compile(rf"[ \t]*[\"']?{re.escape(key)}[\"']?[ \t]*=")
    inside = path.name == "nnxlint.toml"
    for row, line in enumerate(text.splitlines(), start=1):
        if line.lstrip().startswith("["):
            inside = _SECTION.match(line) is not None
        elif inside and written.match(line):
            return f":{row}"
    return ""
