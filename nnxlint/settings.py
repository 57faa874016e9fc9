"""The settings that hold for a directory: the nearest settings file, overlaid by the command line."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from packaging.version import InvalidVersion, Version

from nnxlint.anchoring import rebased
from nnxlint.cases import NO_CASES, DeclaredCases, VerifyConfig, declared_cases
from nnxlint.config import (
    FIELDS,
    ConfigFile,
    ModeFlagsConfig,
    WrittenOption,
    parse_typed,
    read_config,
    read_config_file,
    written_options,
)
from nnxlint.discovery import DEFAULT_EXCLUDE, absolute, compile_patterns
from nnxlint.errors import NnxlintError
from nnxlint.extensions import LocalRules, local_rules
from nnxlint.file_ignores import FileIgnores, file_ignores

DEFAULT_SRC = (".", "src")

_ADDING = frozenset({"extend-select", "ignore", "unfixable", "per-file-ignores", "extend-exclude"})

Selectors = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ModeFlags:
    """Names of flags that, when true, mean training or evaluation, beside those that every project uses."""

    train: frozenset[str] = frozenset()
    evaluation: frozenset[str] = frozenset()


NO_MODE_FLAGS = ModeFlags()


@dataclass(frozen=True, slots=True)
class Settings:
    """Resolved settings; `root` is the directory of the file they come from, where its paths count from.

    `select` is None where nobody chose: then the rules that are selected by themselves speak. What the
    command line excludes (`typed_exclude`) counts from `typed_from`. `origins` tells where keys were set.
    """

    flax_version: Version | None = None
    flax_origin: str = ""
    select: Selectors | None = None
    extend_select: Selectors = ()
    ignore: Selectors = ()
    fixable: Selectors = ("ALL",)
    unfixable: Selectors = ()
    per_file_ignores: tuple[FileIgnores, ...] = ()
    exclude: tuple[str, ...] = DEFAULT_EXCLUDE
    extend_exclude: tuple[str, ...] = ()
    force_exclude: bool = False
    src: tuple[str, ...] = DEFAULT_SRC
    mode_flags: ModeFlags = NO_MODE_FLAGS
    baseline: Path | None = None
    cache_dir: Path | None = None
    rules: tuple[WrittenOption, ...] = ()
    rules_path: tuple[LocalRules, ...] = ()
    verify: DeclaredCases = NO_CASES
    root: Path | None = None
    typed_exclude: tuple[str, ...] = ()
    typed_from: Path | None = None
    origins: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False, compare=False)

    @property
    def asked(self) -> str:
        """In words, all that decides which rules run on a file and what becomes of their fixes."""
        ignores = [(each.pattern, each.rules, str(each.directory)) for each in self.per_file_ignores]
        chosen = (self.select, self.extend_select, self.ignore, self.fixable, self.unfixable, ignores)
        return repr((*chosen, self.rules, self.rules_path))

    def excluded_from(self, root: Path) -> tuple[str, ...]:
        """Give all patterns of what is excluded, counted from the root."""
        base = self.typed_from or root
        typed = (rebased(pattern, base, root) for pattern in self.typed_exclude)
        return (*self.exclude, *self.extend_exclude, *typed)


@dataclass(frozen=True, slots=True)
class Overrides:
    """What the command line says about settings; None where it is silent.

    `config_file` is read instead of every other file, and `isolated` means that none is; `typed` are
    settings in TOML.
    """

    flax_version: str | None = None
    select: Selectors | None = None
    extend_select: Selectors = ()
    ignore: Selectors = ()
    fixable: Selectors | None = None
    unfixable: Selectors = ()
    per_file_ignores: tuple[tuple[str, Selectors], ...] = ()
    exclude: tuple[str, ...] | None = None
    extend_exclude: tuple[str, ...] = ()
    force_exclude: bool = False
    baseline: Path | None = None
    no_baseline: bool = False
    cache_dir: Path | None = None
    config_file: Path | None = None
    isolated: bool = False
    typed: tuple[str, ...] = ()


NO_OVERRIDES = Overrides()

SettingsOf = Callable[[Path], Settings]


def load_settings(directory: Path, overrides: Overrides = NO_OVERRIDES) -> Settings:
    """Load the settings that hold in the directory; `NnxlintError` when they are wrong."""
    return settings_loader(overrides)(directory)


@dataclass(frozen=True, slots=True)
class SettingsLoader:
    """Loads the settings of directories, reading every file once. A copy in another process reads them itself."""

    overrides: Overrides
    typed: ConfigFile | None
    _loaded: dict[Path, Settings] = field(default_factory=dict, repr=False, compare=False)

    def __call__(self, directory: Path) -> Settings:
        """Load the settings that hold in the directory; `NnxlintError` when they are wrong."""
        everywhere = self.overrides.isolated or self.overrides.config_file is not None
        path = Path() if everywhere else absolute(directory)
        if path not in self._loaded:
            file = _file_of(path, self.overrides)
            if file is None and path != path.parent:
                self._loaded[path] = self(path.parent)
            else:
                # Like those of other tools, the paths of a file that was named count from where we are.
                root = absolute(Path()) if everywhere else path
                files = [each for each in (file, self.typed) if each is not None]
                self._loaded[path] = overlay(_resolve(files, root if file else None), self.overrides)
        return self._loaded[path]

    def __reduce__(self) -> tuple[object, ...]:
        return settings_loader, (self.overrides,)


def settings_loader(overrides: Overrides = NO_OVERRIDES) -> SettingsLoader:
    """Make a `load_settings` that reads every settings file once."""
    return SettingsLoader(overrides, parse_typed(overrides.typed))


def overlay(settings: Settings, overrides: Overrides) -> Settings:
    """Lay the command line over the settings: its `--select` starts afresh, its other lists add."""
    here = absolute(Path())
    afresh = overrides.select is not None
    version, origin = settings.flax_version, settings.flax_origin
    if overrides.flax_version is not None:
        version = parse_flax_version(overrides.flax_version, "--flax-version")
        origin = "`--flax-version`"
    typed = (*(overrides.exclude or ()), *overrides.extend_exclude)
    return replace(
        settings,
        flax_version=version,
        flax_origin=origin,
        select=overrides.select if afresh else settings.select,
        extend_select=(*(() if afresh else settings.extend_select), *overrides.extend_select),
        ignore=(*(() if afresh else settings.ignore), *overrides.ignore),
        fixable=settings.fixable if overrides.fixable is None else overrides.fixable,
        unfixable=(*(() if overrides.fixable is not None else settings.unfixable), *overrides.unfixable),
        per_file_ignores=(
            *settings.per_file_ignores,
            *(file_ignores(pattern, rules, here) for pattern, rules in overrides.per_file_ignores),
        ),
        exclude=settings.exclude if overrides.exclude is None else (),
        force_exclude=settings.force_exclude or overrides.force_exclude,
        baseline=_baseline(settings.baseline, overrides),
        cache_dir=settings.cache_dir if overrides.cache_dir is None else absolute(overrides.cache_dir),
        typed_exclude=_patterns(typed),
        typed_from=here if typed else None,
        origins=MappingProxyType(_origins(settings.origins, overrides)),
    )


def parse_flax_version(text: str, place: str) -> Version:
    """Parse the version that a user wrote; `NnxlintError` naming the place when it is none."""
    try:
        return Version(text)
    except InvalidVersion as error:
        message = f"{place}: {text!r} is no version of Flax; write one such as 0.12.0"
        raise NnxlintError(message) from error


def _file_of(directory: Path, overrides: Overrides) -> ConfigFile | None:
    if overrides.isolated:
        return None
    return read_config_file(overrides.config_file) if overrides.config_file else read_config(directory)


def _resolve(files: Sequence[ConfigFile], root: Path | None) -> Settings:
    """Make settings of what stands in the files, of which the last that has a key decides on it."""
    settings = Settings(root=root)
    origins: dict[str, str] = {}
    for file in files:
        for key, known in FIELDS.items():
            value = getattr(file.config, known.name)
            if value is None:
                continue
            origins[key] = file.origin(key)
            try:
                settings = _with(settings, known.name, value, file)
            except NnxlintError as error:
                raise file.error(key, str(error)) from error
    return replace(settings, origins=MappingProxyType(origins))


def _with(settings: Settings, name: str, value: object, file: ConfigFile) -> Settings:
    """Give the settings with one key as it was written; `NnxlintError` without a place when that is wrong."""
    match name, value:
        case "flax_version", str():
            version = parse_flax_version(value, "`flax-version`")
            origin = "`--config`" if file.typed else f"`flax-version` in {file.path}"
            return replace(settings, flax_version=version, flax_origin=origin)
        case (("baseline" | "cache_dir"), str()):
            path = absolute((settings.root or Path()) / value)
            return replace(settings, **{name: path})  # type: ignore[arg-type]
        case "mode_flags", ModeFlagsConfig():
            return replace(settings, mode_flags=_mode_flags(value))
        case "verify", VerifyConfig():
            return replace(settings, verify=declared_cases(value, settings.root or absolute(Path())))
        case "per_file_ignores", dict():
            here = settings.root or absolute(Path())
            made = (file_ignores(pattern, rules, here) for pattern, rules in value.items())
            return replace(settings, per_file_ignores=tuple(made))
        case "rules_path", tuple():
            return replace(settings, rules_path=local_rules(value, absolute(file.path).parent))
        case "rules", dict():
            return replace(settings, rules=(*settings.rules, *written_options(file)))
        case (("exclude" | "extend_exclude"), tuple()):
            _patterns(value)
    return replace(settings, **{name: value})  # type: ignore[arg-type]


def _baseline(written: Path | None, overrides: Overrides) -> Path | None:
    if overrides.no_baseline:
        return None
    return written if overrides.baseline is None else absolute(overrides.baseline)


def _mode_flags(written: ModeFlagsConfig) -> ModeFlags:
    flags = ModeFlags(frozenset(written.train), frozenset(written.eval))
    for name in sorted(flags.train | flags.evaluation):
        if not name.isidentifier():
            message = f"`mode-flags`: {name!r} is no name of a flag"
            raise NnxlintError(message)
    both = sorted(flags.train & flags.evaluation)
    if both:
        message = f"`mode-flags`: `{both[0]}` cannot mean both training and evaluation"
        raise NnxlintError(message)
    return flags


def _origins(before: Mapping[str, str], overrides: Overrides) -> dict[str, str]:
    """Tell where values come from once the command line has spoken; what adds to a list has two origins."""
    forgotten = {"extend-select", "ignore"} if overrides.select is not None else set()
    forgotten |= {"unfixable"} if overrides.fixable is not None else set()
    origins = {key: place for key, place in before.items() if key not in forgotten}
    for key, known in FIELDS.items():
        if getattr(overrides, known.name, None) not in (None, (), False):
            adds = key in origins and key in _ADDING
            origins[key] = f"{origins[key]}, --{key}" if adds else f"--{key}"
    return origins


def _patterns(patterns: tuple[str, ...]) -> tuple[str, ...]:
    """Give the patterns back once they are known to be readable."""
    compile_patterns(Path(), patterns)
    return patterns
