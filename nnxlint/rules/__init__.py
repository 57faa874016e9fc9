"""The registry of rules: one module a rule, listed from the package itself."""

import functools
import importlib
import pkgutil

from nnxlint.rule import Rule


@functools.cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule of the package, sorted by code."""
    modules = (importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__))
    rules = (value for module in modules for value in vars(module).values() if isinstance(value, Rule))
    return tuple(sorted(rules, key=lambda rule: rule.code))
