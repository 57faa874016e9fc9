"""Settings shown: each key with its meaning, its value here, and where that was set."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
from rich.console import Console
from rich.text import Text

from nnxlint.config import FIELDS, OptionValue, describe
from nnxlint.settings import Settings
from nnxlint.target import Target

TomlTable = Mapping[str, OptionValue]
TomlValue = OptionValue | TomlTable | Mapping[str, TomlTable] | None

_BARE_KEY = re.compile(r"[\w-]+", re.ASCII)


class SettingDocument(msgspec.Struct, frozen=True):
    """One key: null as a value means that it is not set and has no default."""

    key: str
    value: TomlValue
    origin: str
    meaning: str


def setting_documents(settings: Settings, target: Target, directory: Path) -> tuple[SettingDocument, ...]:
    """Describe the settings that hold in a directory; its Flax is told even where no setting names it."""
    values = _values(settings, target, directory)
    return tuple(SettingDocument(key, values[key], _origin(key, settings, target), describe(key)) for key in FIELDS)


def render_settings(documents: Iterable[SettingDocument], console: Console) -> None:
    """Write each key with its meaning, its value and its origin."""
    for number, each in enumerate(documents):
        if number:
            console.print()
        console.print(Text(f"{each.key}: {each.meaning}"))
        value = "not set" if each.value is None else toml_text(each.value)
        console.print(Text.assemble("  ", (value, "bold"), (f"  ({each.origin})", "dim")))


def render_toml(documents: Iterable[SettingDocument], console: Console) -> None:
    """Write the settings as a settings file would hold them."""
    for each in documents:
        line = f"# {each.key} is not set" if each.value is None else f"{each.key} = {toml_text(each.value)}"
        console.print(Text(f"{line}  # {each.origin}"))


def toml_text(value: TomlValue) -> str:
    """Give a value in TOML; nothing for one that is not set."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return msgspec.json.encode(value).decode()
        case tuple():
            return f"[{', '.join(map(toml_text, value))}]"
        case int() | float():
            return str(value)
        case Mapping():
            return f"{{{', '.join(_pairs(value))}}}"
        case None:
            return ""


def settings_document(documents: Sequence[SettingDocument]) -> str:
    """Give the settings as a JSON list."""
    return msgspec.json.format(msgspec.json.encode(documents), indent=2).decode() + "\n"


def _values(settings: Settings, target: Target, directory: Path) -> dict[str, TomlValue]:
    here = settings.root or directory
    typed = replace(settings, exclude=(), extend_exclude=()).excluded_from(here)
    replaced = settings.origins.get("exclude", "").startswith("--e")
    flags = settings.mode_flags
    return {
        "flax-version": str(target.version),
        "select": settings.select,
        "extend-select": settings.extend_select,
        "ignore": settings.ignore,
        "fixable": settings.fixable,
        "unfixable": settings.unfixable,
        "per-file-ignores": {each.pattern: each.rules for each in settings.per_file_ignores},
        "exclude": typed if replaced else settings.exclude,
        "extend-exclude": settings.extend_exclude if replaced else (*settings.extend_exclude, *typed),
        "force-exclude": settings.force_exclude,
        "src": settings.src,
        "baseline": str(settings.baseline) if settings.baseline else None,
        "cache-dir": str(settings.cache_dir) if settings.cache_dir else None,
        "mode-flags": {"train": tuple(sorted(flags.train)), "eval": tuple(sorted(flags.evaluation))},
        "rules": _options(settings),
        "rules-path": tuple(each.path.as_posix() for each in settings.rules_path),
        "verify": _verify(settings),
    }


def _options(settings: Settings) -> dict[str, dict[str, OptionValue]]:
    tables: dict[str, dict[str, OptionValue]] = {}
    for each in settings.rules:
        tables.setdefault(each.rule, {})[each.name] = each.value
    return tables


def _verify(settings: Settings) -> dict[str, tuple[str, ...]]:
    """The file of entries where there is one, and the targets of the cases."""
    declared = settings.verify
    entries = {} if declared.entries is None else {"entries": (declared.entries.as_posix(),)}
    cases = {"case": tuple(str(each.target) for each in declared.cases)} if declared.cases else {}
    return {**entries, **cases}


def _origin(key: str, settings: Settings, target: Target) -> str:
    if key == "flax-version" and settings.flax_version is None:
        return target.origin
    return settings.origins.get(key, "default")


def _pairs(table: Mapping[str, TomlTable] | TomlTable) -> Iterator[str]:
    for key, value in table.items():
        name = key if _BARE_KEY.fullmatch(key) else toml_text(key)
        yield f"{name} = {toml_text(value)}"
