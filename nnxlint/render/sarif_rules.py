"""Rules as SARIF tells of them."""

import re

from nnxlint.diagnostic import Level
from nnxlint.render.pages import page_address
from nnxlint.render.rules import contract_text, fix_of, rule_page
from nnxlint.render.sarif_schema import Configuration, Message, Properties, ReportingDescriptor
from nnxlint.rule import Rule

_TAGS = {
    "NNX1": "modes",
    "NNX2": "optimization",
    "NNX3": "checkpoints",
    "NNX4": "random-numbers",
    "NNX5": "state",
    "NNX6": "transforms",
    "NNX7": "api",
    "NNX9": "nnxlint",
}

# Of a hundred findings on this level, so many are promised to be right: the words are those of code scanning.
_PRECISIONS = {Level.ERROR: "very-high", Level.WARNING: "high"}

_WHAT_IT_DOES = re.compile(r"^## What it does\n(.+?)(?=\n\n|\n## |\Z)", re.MULTILINE | re.DOTALL)


def rule_descriptor(rule: Rule) -> ReportingDescriptor:
    """Tell of a rule; its page is the help."""
    title, page = _one_line(rule.documentation.split("\n\n")[0]), rule_page(rule)
    what = _WHAT_IT_DOES.search(rule.documentation)
    return ReportingDescriptor(
        id=rule.code,
        name=rule.name,
        short_description=Message(text=title or rule.name),
        full_description=Message(text=_one_line(what[1]) if what else title or rule.name),
        help_uri=page_address(rule.code, rule.name),
        help=Message(text=page, markdown=page),
        default_configuration=Configuration(enabled=rule.selected, level=rule.level.value),
        properties=_properties(rule),
    )


def _properties(rule: Rule) -> Properties:
    known: Properties = {
        "tags": ["flax-nnx", *(tag for prefix, tag in _TAGS.items() if rule.code.startswith(prefix))],
        "precision": _PRECISIONS[rule.level],
        "problem.severity": rule.level.value,
        "fix": fix_of(rule.contract),
        "contract": contract_text(rule.contract),
        "flax": str(rule.flax),
        "origin": rule.origin,
    }
    return {key: value for key, value in known.items() if value}


def _one_line(text: str) -> str:
    return " ".join(text.split())
