"""Which rules run: selectors (codes, prefixes, names, `ALL`) resolved as ruff resolves them."""

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence

from nnxlint.configured import configured
from nnxlint.errors import NnxlintError
from nnxlint.rule import Rule
from nnxlint.settings import Settings

ALL = "ALL"
_PREFIX = re.compile(r"(?P<letters>[A-Z]+)(?P<digits>\d*)")


def select_rules(
    rules: Sequence[Rule],
    *,
    select: Sequence[str] | None = None,
    extend_select: Sequence[str] = (),
    ignore: Sequence[str] = (),
) -> tuple[Rule, ...]:
    """Choose the rules that run; without `select`, those that speak unasked.

    The most specific selector that names a rule decides (a code or name before a long prefix before a short
    one before `ALL`), and of two as specific the one that ignores. `NnxlintError` for one that names none.
    """
    for selector in (*(select or ()), *extend_select, *ignore):
        _must_name_a_rule(selector, rules)
    return tuple(rule for rule in rules if _runs(rule, select, extend_select, ignore))


def rules_of(settings: Settings, rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """Choose the rules that run under the settings, with the values of their options.

    `NnxlintError`, with its place, for a name of no rule, and for a value of no option.
    """
    _must_name_rules(settings, rules)
    known = configured(rules, settings)
    return select_rules(known, select=settings.select, extend_select=settings.extend_select, ignore=settings.ignore)


def rules_in(path: str, settings: Settings, rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """Choose the rules that run on a file: those that the settings choose, less what they leave out in it."""
    return tuple(rule for rule in rules_of(settings, rules) if not left_out(rule, path, settings))


def left_out(rule: Rule, path: str, settings: Settings) -> bool:
    """Whether the settings leave the rule out in the file, by whatever key."""
    named = any(_names(name, rule) for each in settings.per_file_ignores if each.hold_for(path) for name in each.rules)
    return named or ignored(rule, settings.select, settings.extend_select, settings.ignore)


def unfixable_codes(settings: Settings, rules: Sequence[Rule]) -> frozenset[str]:
    """Give the codes of the rules whose fixes are only shown."""
    return frozenset(rule.code for rule in rules if not _is_fixable(rule, settings))


def ignored(rule: Rule, select: Sequence[str] | None, extend_select: Sequence[str], ignore: Sequence[str]) -> bool:
    """Whether a selector of `ignore` names the rule and no selection is more specific."""
    refused = max(_strengths(rule, ignore), default=-1)
    wanted = max(_strengths(rule, (*(select or ()), *extend_select)), default=-1)
    return refused >= 0 and refused >= wanted


def _runs(rule: Rule, select: Sequence[str] | None, extend_select: Sequence[str], ignore: Sequence[str]) -> bool:
    if ignored(rule, select, extend_select, ignore):
        return False
    asked = (*(select or ()), *extend_select)
    if rule.selected and (select is None or any(_strengths(rule, asked))):
        return True
    return any(_names(selector, rule) and _wakes(selector, rule) for selector in asked)


def _strengths(rule: Rule, selectors: Iterable[str]) -> Iterator[int]:
    return (_strength(selector, rule) for selector in selectors if _names(selector, rule))


def _strength(selector: str, rule: Rule) -> int:
    """How specific a selector that names the rule is: `ALL` least, then prefixes by length, codes and names most."""
    if selector == ALL:
        return 1
    return len(selector) if _PREFIX.fullmatch(selector) else len(rule.code)


def _names(selector: str, rule: Rule) -> bool:
    if selector in (ALL, rule.name):
        return True
    prefix, code = _PREFIX.fullmatch(selector), _PREFIX.fullmatch(rule.code)
    if prefix is None or code is None:
        return False
    return prefix["letters"] == code["letters"] and code["digits"].startswith(prefix["digits"])


def _wakes(selector: str, rule: Rule) -> bool:
    # A prefix of a whole family does not wake a rule that is silent by default; a narrower one (NNX10) means it.
    return selector in (ALL, rule.name) or len(selector) >= len(rule.code) - 1 or rule.selected


def _is_fixable(rule: Rule, settings: Settings) -> bool:
    allowed = max(_strengths(rule, settings.fixable), default=-1)
    return allowed > max(_strengths(rule, settings.unfixable), default=-1)


def _must_name_rules(settings: Settings, rules: Sequence[Rule]) -> None:
    by_key = {
        "select": settings.select or (),
        "extend-select": settings.extend_select,
        "ignore": settings.ignore,
        "fixable": settings.fixable,
        "unfixable": settings.unfixable,
        "per-file-ignores": [name for ignores in settings.per_file_ignores for name in ignores.rules],
    }
    for key, selectors in by_key.items():
        for selector in selectors:
            try:
                _must_name_a_rule(selector, rules)
            except NnxlintError as error:
                place = settings.origins.get(key, "").split(", --", maxsplit=1)[0]
                if not place or place.startswith("--"):
                    raise
                message = f"{place}: {error}"
                raise NnxlintError(message) from error


def _must_name_a_rule(selector: str, rules: Sequence[Rule]) -> None:
    if any(_names(selector, rule) for rule in rules) or selector == ALL:
        return
    known = {ALL: ALL}
    for rule in rules:
        known |= {rule.code.lower(): rule.code, rule.name: rule.name}
    near = difflib.get_close_matches(selector.lower().replace("_", "-"), (*known, "all"), n=1, cutoff=0.6)
    guess = f"; did you mean `{known.get(near[0], ALL)}`?" if near else ": see `nnxlint rule --all`"
    message = f"unknown rule selector `{selector}`{guess}"
    raise NnxlintError(message)
