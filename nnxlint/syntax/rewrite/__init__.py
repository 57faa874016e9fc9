"""Nodes to the least edits of their file; every function gives None where it knows no safe edit."""

from nnxlint.syntax.rewrite.arguments import (
    add_argument_to_call,
    add_keyword,
    insert_first_argument,
    remove_argument,
    replace_argument,
)
from nnxlint.syntax.rewrite.declarations import default_to_none, replace_declared_class
from nnxlint.syntax.rewrite.expressions import replace_callee, replace_expression, replace_name
from nnxlint.syntax.rewrite.imports import ensure_import
from nnxlint.syntax.rewrite.statements import (
    delete_statement,
    insert_statement_after,
    insert_statement_before,
    replace_head,
    replace_statement,
)

__all__ = [
    "add_argument_to_call",
    "add_keyword",
    "default_to_none",
    "delete_statement",
    "ensure_import",
    "insert_first_argument",
    "insert_statement_after",
    "insert_statement_before",
    "remove_argument",
    "replace_argument",
    "replace_callee",
    "replace_declared_class",
    "replace_expression",
    "replace_head",
    "replace_name",
    "replace_statement",
]
