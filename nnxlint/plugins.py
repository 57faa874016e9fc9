"""All rules that there are: nnxlint's own, those of installed packages, and those that a project's settings name.

Loading the latter two runs their code, the only code of others that linting ever runs.
"""

import difflib
import functools
import importlib
import importlib.util
import pkgutil
import re
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

from nnxlint.errors import NnxlintError
from nnxlint.extensions import GROUP, Installed, LocalRules, installed
from nnxlint.rule import Rule
from nnxlint.rules import all_rules

OWN_PREFIX = "NNX"
_CODE = re.compile(r"(?P<prefix>[A-Z]{2,})\d{3,4}")
_NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)+")


@functools.cache
def known_rules(local: tuple[LocalRules, ...] = ()) -> tuple[Rule, ...]:
    """Every rule, sorted by code; `NnxlintError` where code of others cannot be loaded, or rules clash."""
    foreign = (*_of_packages(), *(rule for each in local for rule in _of_path(each)))
    rules = (*all_rules(), *foreign)
    _refuse_clashes(rules)
    return tuple(sorted(rules, key=lambda rule: rule.code))


def find_rule(name: str, rules: Iterable[Rule]) -> Rule:
    """Find the rule of a code or a name; `NnxlintError` with the nearest where there is none."""
    known = {key: rule for rule in rules for key in (rule.code.lower(), rule.name)}
    if name.lower() in known:
        return known[name.lower()]
    near = difflib.get_close_matches(name.lower(), known, n=1)
    hint = f"; did you mean `{known[near[0]].code}` ({known[near[0]].name})?" if near else ": see `nnxlint rule --all`"
    message = f"unknown rule `{name}`{hint}"
    raise NnxlintError(message)


@dataclass(frozen=True, slots=True)
class _Origin:
    """Who defines rules: as it is shown with them, and as it is named where they cannot be loaded."""

    shown: str
    named: str

    def error(self, problem: str) -> NnxlintError:
        """Make the error that names them."""
        return NnxlintError(f"{self.named}: {problem}")


@functools.cache
def _of_packages() -> tuple[Rule, ...]:
    return tuple(rule for each in installed() for rule in _of_package(each))


def _of_package(entry: Installed) -> tuple[Rule, ...]:
    shown = f"{entry.package} {entry.version}".strip()
    origin = _Origin(shown, f"the rules `{entry.name}` of the installed package {shown}")
    module, _, attribute = entry.value.replace(" ", "").partition(":")
    loaded = _loaded(lambda: importlib.import_module(module), origin)
    if not attribute:
        return _checked(_rules_in(_modules_of(loaded, origin)), origin)
    given: object = getattr(loaded, attribute, None)
    rules = (given,) if isinstance(given, Rule) else given
    if not isinstance(rules, list | tuple) or not all(isinstance(each, Rule) for each in rules):
        problem = f"`{entry.value}` is neither a module, nor a rule, nor a list of rules"
        raise origin.error(problem)
    return _checked(rules, origin)


def _modules_of(module: ModuleType, origin: _Origin) -> Iterator[ModuleType]:
    """Give the module, and if it is a package what is in it, as far as that defines rules."""
    yield module
    for found in pkgutil.iter_modules(getattr(module, "__path__", ())):
        if not found.name.startswith(("_", "test_")) and found.name != "conftest":
            name = f"{module.__name__}.{found.name}"
            yield _loaded(functools.partial(importlib.import_module, name), origin)


def _of_path(local: LocalRules) -> tuple[Rule, ...]:
    package = _package(local)
    rules: list[Rule] = []
    seen: dict[int, Rule] = {}  # one file may import the rules of another
    with _without_bytecode():
        for file in local.files:
            origin = _Origin(file.name, f"`rules-path`: {file}")
            module = _loaded(functools.partial(_module, package, file), origin)
            fresh = [rule for rule in _rules_in((module,)) if id(rule) not in seen]
            seen |= {id(rule): rule for rule in fresh}
            rules += _checked(fresh, origin, may_be_none=True)
    if not rules:
        message = f"`rules-path`: {local.path}: defines no rule: write one with `@rule` of `nnxlint.api`"
        raise NnxlintError(message)
    return tuple(rules)


def _package(local: LocalRules) -> str:
    """Make an empty package of the folder, so that its files may import each other; its name is of this state of it.

    A file that is named alone has no others: what it imported from beside it would be watched by nobody.
    """
    name = f"nnxlint_rules_{local.path.stem}_{local.state}"
    if name not in sys.modules:
        spec = ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations = [str(local.path)] if local.path.is_dir() else []
        sys.modules[name] = importlib.util.module_from_spec(spec)
    return name


def _module(package: str, path: Path) -> ModuleType:
    """Load a file as a module of the package; one that another file imported before is that module."""
    name = f"{package}.{path.stem}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        message = f"{path.name} is no Python file"
        raise ImportError(message)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


@contextmanager
def _without_bytecode() -> Iterator[None]:
    """Leave no compiled code beside local rules: it would be taken for that of the next text written that second."""
    before = sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before


def _loaded(load: Callable[[], ModuleType], origin: _Origin) -> ModuleType:
    try:
        return load()
    except (Exception, SystemExit) as error:
        what = " ".join(f"{type(error).__name__}: {error}".split())
        problem = f"cannot be loaded: {what}{_place(error)}"
        raise origin.error(problem) from error


def _place(error: BaseException) -> str:
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).is_file()]
    own = [frame for frame in frames if not _is_loading(Path(frame.filename))]
    return f" ({Path(own[-1].filename).name}, line {own[-1].lineno})" if own else ""


def _is_loading(path: Path) -> bool:
    return path == Path(__file__) or path.parent.name == "importlib"


def _rules_in(modules: Iterable[ModuleType]) -> list[Rule]:
    """Give the rules that modules define or import, each once, and none of nnxlint's own."""
    found = [value for module in modules for value in vars(module).values() if isinstance(value, Rule)]
    own = {id(rule) for rule in all_rules()}
    return list({id(rule): rule for rule in found if id(rule) not in own}.values())


def _checked(rules: Iterable[Rule], origin: _Origin, *, may_be_none: bool = False) -> tuple[Rule, ...]:
    checked = tuple(rules)
    if not checked and not may_be_none:
        problem = f"defines no rule: write one with `@rule` of `nnxlint.api`, in the module that `{GROUP}` names"
        raise origin.error(problem)
    for rule in checked:
        if problem := _problem(rule):
            raise origin.error(problem)
    return tuple(replace(rule, origin=origin.shown) for rule in checked)


def _problem(rule: Rule) -> str:
    code = _CODE.fullmatch(rule.code)
    if code is None:
        return f"`{rule.code}` is no code: write capital letters and three or four digits, such as ACME101"
    if code["prefix"] == OWN_PREFIX:
        return f"`{rule.code}`: the prefix {OWN_PREFIX} is kept for nnxlint's own rules: choose another, such as ACME"
    if code["prefix"] == "ALL":
        return f"`{rule.code}`: ALL names all rules: choose another prefix"
    if _NAME.fullmatch(rule.name) is None:
        return f"`{rule.name}` is no name of a rule: write words with hyphens, such as batch-axis-hidden"
    return "" if rule.documentation else f"`{rule.code}` has no documentation: give it the docstring of its module"


def _refuse_clashes(rules: Iterable[Rule]) -> None:
    seen: dict[str, Rule] = {}
    for rule in rules:
        for key in (rule.code, rule.name):
            other = seen.setdefault(key, rule)
            if other is not rule:
                message = f"two rules are called `{key}`: {_told(other)} and {_told(rule)}"
                raise NnxlintError(message)


def _told(rule: Rule) -> str:
    return f"{rule.code} ({rule.name}) of {rule.origin or 'nnxlint itself'}"
