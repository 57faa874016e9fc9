"""The settings of the server, as an editor sends them; those of a project stand in its own files."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from nnxlint.discovery import absolute
from nnxlint.errors import NnxlintError
from nnxlint.settings import Overrides, parse_flax_version


class Preferences(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """How the server behaves."""

    enable: Annotated[bool, msgspec.Meta(description="Whether anything is reported.")] = True
    diagnostic_mode: Annotated[
        Literal["workspace", "openFilesOnly"],
        msgspec.Meta(description="Whether files that are not open are reported too."),
    ] = "workspace"
    unsafe_fixes: Annotated[bool, msgspec.Meta(description="Whether fixing all makes the unsafe fixes too.")] = False
    inlay_hints: Annotated[
        bool, msgspec.Meta(description="Whether modes and kinds of state are shown in the code.")
    ] = False
    verify_timeout: Annotated[
        float, msgspec.Meta(description="How many seconds one program may run that verifies a fix.", gt=0)
    ] = 60.0
    config: Annotated[
        str | None, msgspec.Meta(description="A settings file that is read instead of every other one.")
    ] = None
    flax_version: Annotated[str | None, msgspec.Meta(description="The Flax that the code targets.")] = None
    select: Annotated[tuple[str, ...] | None, msgspec.Meta(description="Run these rules only.")] = None
    extend_select: Annotated[tuple[str, ...], msgspec.Meta(description="Run these rules too.")] = ()
    ignore: Annotated[tuple[str, ...], msgspec.Meta(description="Leave these rules out.")] = ()

    @property
    def overrides(self) -> Overrides:
        """What they say about the settings of all projects."""
        return Overrides(
            flax_version=self.flax_version,
            select=self.select or None,
            extend_select=self.extend_select,
            ignore=self.ignore,
            config_file=absolute(Path(self.config).expanduser()) if self.config else None,
        )


# What the extensions of editors keep in the same place for themselves.
_OF_EXTENSIONS = frozenset({"trace", "path", "interpreter", "args", "server", "env"})
_WRAPPERS = ("nnxlint", "settings")


@dataclass(frozen=True, slots=True)
class Read:
    """Preferences, and a line for each that is wrong: it counts as not written."""

    preferences: Preferences
    mistakes: tuple[str, ...] = ()


def read_preferences(given: object) -> Read:
    """Read what an editor sent: the settings themselves, or an object that holds them under `nnxlint`."""
    fields = {each.encode_name: each for each in msgspec.structs.fields(Preferences)}
    values: dict[str, object] = {}
    mistakes: list[str] = []
    for key, value in _unwrapped(given).items():
        if value is None or key in _OF_EXTENSIONS:
            continue
        try:
            values[fields[key].name] = _value(key, value, fields[key].type)
        except KeyError:
            mistakes.append(_unknown(key, fields))
        except (msgspec.ValidationError, NnxlintError) as error:
            mistakes.append(f"setting `{key}`: {str(error)[:1].lower()}{str(error)[1:]}")
    return Read(msgspec.structs.replace(Preferences(), **values), tuple(mistakes))


def _value(key: str, value: object, kind: object) -> object:
    """Give a value that may be one; `ValidationError` or `NnxlintError` for one that may not."""
    read: object = msgspec.convert(value, kind)
    if key == "flaxVersion":
        parse_flax_version(str(read), "the version")
    return read


def _unwrapped(given: object) -> Mapping[str, object]:
    """Find the settings in what was sent."""
    while isinstance(given, Mapping):
        inner = next((given[key] for key in _WRAPPERS if isinstance(given.get(key), Mapping)), None)
        if inner is None:
            return {str(key): value for key, value in given.items()}
        given = inner
    return {}


def _unknown(key: str, known: Mapping[str, object]) -> str:
    near = difflib.get_close_matches(key, known, n=1)
    hint = f", did you mean `{near[0]}`?" if near else f" (known: {', '.join(known)})"
    return f"unknown setting `{key}`{hint}"
