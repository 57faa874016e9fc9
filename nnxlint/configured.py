"""The options of rules: what the settings say of them, checked against what the rules declare."""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import replace

from nnxlint.config import OptionValue, WrittenOption
from nnxlint.errors import NnxlintError
from nnxlint.rule import Option, Rule
from nnxlint.settings import Settings


def configured(rules: Sequence[Rule], settings: Settings) -> tuple[Rule, ...]:
    """Give the rules with the values that the settings give their options; of two for one, the later holds.

    `NnxlintError`, with its place, for an option that no rule has, or a value of the wrong type.
    """
    if not settings.rules:
        return tuple(rules)
    values = [_resolved(each, rules) for each in settings.rules]
    return tuple(
        _with_values(rule, ((name, value) for code, name, value in values if code == rule.code)) for rule in rules
    )


def _with_values(rule: Rule, given: Iterable[tuple[str, OptionValue]]) -> Rule:
    values = tuple(dict(given).items())
    return replace(rule, values=values) if values else rule


def _resolved(written: WrittenOption, rules: Sequence[Rule]) -> tuple[str, str, OptionValue]:
    """Give the code of the rule, the name of the option, and the value."""
    rule = next((rule for rule in rules if written.rule in (rule.code, rule.name)), None)
    if rule is None:
        names = [name for rule in rules if rule.options for name in (rule.code, rule.name)]
        raise _error(written, f"unknown rule `{written.rule}`{_guess(written.rule, names)}")
    if not rule.options:
        raise _error(written, f"`{rule.code}` has no options")
    option = next((option for option in rule.options if option.name == written.name), None)
    if option is None:
        guess = _guess(written.name, [option.name for option in rule.options])
        raise _error(written, f"`{rule.code}` has no option `{written.name}`{guess}")
    value = _converted(written.value, option)
    if value is None:
        raise _error(written, f"`{rule.code}`: `{option.name}` must be {kind_of(option)}")
    return rule.code, option.name, value


def kind_of(option: Option[OptionValue]) -> str:
    """Tell in words what the values of an option are."""
    match option.default:
        case bool():
            return "true or false"
        case int():
            return "a whole number"
        case float():
            return "a number"
        case str():
            return "a string"
        case tuple():
            return "a list of strings"


def _converted(value: OptionValue, option: Option[OptionValue]) -> OptionValue | None:
    if isinstance(option.default, float) and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value if type(value) is type(option.default) else None


def _guess(name: str, known: Sequence[str]) -> str:
    spelled = {each.lower(): each for each in known}
    near = difflib.get_close_matches(name.replace("_", "-").lower(), spelled, n=1, cutoff=0.6)
    if near:
        return f", did you mean `{spelled[near[0]]}`?"
    return f" (known: {', '.join(known)})" if known else ""


def _error(written: WrittenOption, message: str) -> NnxlintError:
    return NnxlintError(f"{written.place}: {message}")
