"""`nnxlint rule`: what rules there are, and what one of them is about."""

from pathlib import Path

from nnxlint.commands.output import rendered, write_document, write_text
from nnxlint.plugins import find_rule, known_rules
from nnxlint.render.rules import render_rule, render_rules, rule_document, rules_document
from nnxlint.rule import Rule
from nnxlint.settings import load_settings


def run_rule(name: str, *, as_json: bool) -> int:
    """Explain the rule of this code or name."""
    rule = find_rule(name, _known())
    if as_json:
        write_document(rule_document(rule))
    else:
        write_text(rendered(lambda console: render_rule(rule, console)))
    return 0


def run_rules(*, as_json: bool) -> int:
    """List every rule."""
    if as_json:
        write_document(rules_document(_known()))
    else:
        write_text(rendered(lambda console: render_rules(_known(), console)))
    return 0


def _known() -> tuple[Rule, ...]:
    return known_rules(load_settings(Path()).rules_path)
