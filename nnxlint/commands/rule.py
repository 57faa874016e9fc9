"""`nnxlint rule`: what rules there are, and what one of them is about."""

import difflib

from nnxlint.commands.output import rendered, write_document, write_text
from nnxlint.errors import NnxlintError
from nnxlint.render.rules import render_rule, render_rules, rule_document, rules_document
from nnxlint.rule import Rule
from nnxlint.rules import all_rules


def run_rule(name: str, *, as_json: bool) -> int:
    """Explain the rule of this code or name."""
    rule = _find(name)
    if as_json:
        write_document(rule_document(rule))
    else:
        write_text(rendered(lambda console: render_rule(rule, console)))
    return 0


def run_rules(*, as_json: bool) -> int:
    """List every rule."""
    if as_json:
        write_document(rules_document(all_rules()))
    else:
        write_text(rendered(lambda console: render_rules(all_rules(), console)))
    return 0


def _find(name: str) -> Rule:
    known = {key: rule for rule in all_rules() for key in (rule.code.lower(), rule.name)}
    if name.lower() in known:
        return known[name.lower()]
    near = difflib.get_close_matches(name.lower(), known, n=1)
    hint = f"; did you mean `{known[near[0]].code}` ({known[near[0]].name})?" if near else ": see `nnxlint rule --all`"
    message = f"unknown rule `{name}`{hint}"
    raise NnxlintError(message)
