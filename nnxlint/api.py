"""What authors of rules import: all that is promised to stay, and nothing else is.

`docs/plugins.md` tells how to write a rule with it, `docs/versioning.md` what the promise is.
"""

from nnxlint.diagnostic import Diagnostic, Level, Related
from nnxlint.edits import Applicability, Edit, Fix
from nnxlint.rule import Context, Contract, Option, Preserves, Repairs, Revives, Rule, rule
from nnxlint.semantic.model import ABSENT, MAYBE, PRESENT, CallSite, Given, SemanticModel, Site
from nnxlint.spans import Span
from nnxlint.syntax.rewrite import (
    add_keyword,
    delete_statement,
    ensure_import,
    remove_argument,
    replace_argument,
    replace_callee,
    replace_expression,
    replace_name,
    replace_statement,
)

__all__ = [
    "ABSENT",
    "MAYBE",
    "PRESENT",
    "Applicability",
    "CallSite",
    "Context",
    "Contract",
    "Diagnostic",
    "Edit",
    "Fix",
    "Given",
    "Level",
    "Option",
    "Preserves",
    "Related",
    "Repairs",
    "Revives",
    "Rule",
    "SemanticModel",
    "Site",
    "Span",
    "add_keyword",
    "delete_statement",
    "ensure_import",
    "remove_argument",
    "replace_argument",
    "replace_callee",
    "replace_expression",
    "replace_name",
    "replace_statement",
    "rule",
]
