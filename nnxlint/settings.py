"""The settings that hold for a directory: the nearest settings file, overlaid by the command line."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from packaging.version import InvalidVersion, Version

from nnxlint.config import ConfigFile, read_config
from nnxlint.discovery import DEFAULT_EXCLUDE, absolute, compile_patterns
from nnxlint.errors import NnxlintError

DEFAULT_SRC = (".", "src")


@dataclass(frozen=True, slots=True)
class Settings:
    """Resolved settings; `root` is the directory of the file they come from, where its paths count from.

    `select` is None where nobody chose: then the rules that are selected by themselves speak.
    """

    flax_version: Version | None = None
    flax_origin: str = ""
    select: tuple[str, ...] | None = None
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] = DEFAULT_EXCLUDE
    extend_exclude: tuple[str, ...] = ()
    src: tuple[str, ...] = DEFAULT_SRC
    root: Path | None = None


@dataclass(frozen=True, slots=True)
class Overrides:
    """What the command line says about settings; None where it is silent."""

    flax_version: str | None = None
    select: tuple[str, ...] | None = None
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] | None = None
    extend_exclude: tuple[str, ...] = ()


NO_OVERRIDES = Overrides()


def load_settings(directory: Path, overrides: Overrides = NO_OVERRIDES) -> Settings:
    """Load the settings that hold in the directory; `NnxlintError` when they are wrong."""
    return settings_loader(overrides)(directory)


def settings_loader(overrides: Overrides = NO_OVERRIDES) -> Callable[[Path], Settings]:
    """Make a `load_settings` that reads every settings file once."""
    loaded: dict[Path, Settings] = {}

    def load(directory: Path) -> Settings:
        path = absolute(directory)
        if path not in loaded:
            file = read_config(path)
            if file is None and path != path.parent:
                loaded[path] = load(path.parent)
            else:
                loaded[path] = overlay(_resolve(file) if file else Settings(), overrides)
        return loaded[path]

    return load


def overlay(settings: Settings, overrides: Overrides) -> Settings:
    """Lay the command line over the settings: its `--select` starts afresh, its other lists add."""
    afresh = overrides.select is not None
    version, origin = settings.flax_version, settings.flax_origin
    if overrides.flax_version is not None:
        version = parse_flax_version(overrides.flax_version, "--flax-version")
        origin = "`--flax-version`"
    return Settings(
        flax_version=version,
        flax_origin=origin,
        select=overrides.select if afresh else settings.select,
        extend_select=(*(() if afresh else settings.extend_select), *overrides.extend_select),
        ignore=(*(() if afresh else settings.ignore), *overrides.ignore),
        exclude=settings.exclude if overrides.exclude is None else _patterns(overrides.exclude),
        extend_exclude=(*settings.extend_exclude, *_patterns(overrides.extend_exclude)),
        src=settings.src,
        root=settings.root,
    )


def parse_flax_version(text: str, place: str) -> Version:
    """Parse the version that a user wrote; `NnxlintError` naming the place when it is none."""
    try:
        return Version(text)
    except InvalidVersion as error:
        message = f"{place}: {text!r} is no version of Flax; write one such as 0.12.0"
        raise NnxlintError(message) from error


def _resolve(file: ConfigFile) -> Settings:
    config = file.config
    for key, patterns in (("exclude", config.exclude), ("extend-exclude", config.extend_exclude)):
        try:
            _patterns(patterns or ())
        except NnxlintError as error:
            raise file.error(key, str(error)) from error
    version = None
    if config.flax_version is not None:
        try:
            version = parse_flax_version(config.flax_version, "`flax-version`")
        except NnxlintError as error:
            failure = file.error("flax-version", str(error))
            raise failure from error
    return Settings(
        flax_version=version,
        flax_origin=f"`flax-version` in {file.path}" if version else "",
        select=config.select,
        extend_select=config.extend_select,
        ignore=config.ignore,
        exclude=DEFAULT_EXCLUDE if config.exclude is None else config.exclude,
        extend_exclude=config.extend_exclude,
        src=DEFAULT_SRC if config.src is None else config.src,
        root=file.path.parent,
    )


def _patterns(patterns: tuple[str, ...]) -> tuple[str, ...]:
    """Give the patterns back once they are known to be readable."""
    compile_patterns(Path(), patterns)
    return patterns
