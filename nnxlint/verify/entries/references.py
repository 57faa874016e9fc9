"""Names of the project and of libraries as Python that works in any module of a program.

Which dotted name a file has is known only once all files are laid out; until then its number stands for it.
"""

import ast
import builtins
import re
from dataclasses import dataclass, field

from nnxlint.semantic.facts import ModuleFacts
from nnxlint.verify.entries.layout import Layout

RESOLVE = "_nnxlint.resolve_name"
_REFERENCE = re.compile(rf"{re.escape(RESOLVE)}\([\"']@(\d+):([\w.]+)[\"']\)")


class CannotMakeError(Exception):
    """No expression gives the value; the message says which and why."""


@dataclass(frozen=True, slots=True)
class References:
    """The files that expressions name, in the order in which they did."""

    paths: list[str] = field(default_factory=list)

    def of_project(self, path: str, name: str) -> str:
        """A name at the top level of a file of the project."""
        if path not in self.paths:
            self.paths.append(path)
        return f'{RESOLVE}("@{self.paths.index(path)}:{name}")'

    def resolved(self, code: str, layout: Layout) -> str:
        """The code with every file's dotted name; names of the main module stand for themselves."""

        def name(found: re.Match[str]) -> str:
            path = self.paths[int(found.group(1))]
            if path == layout.origins[layout.main]:
                return found.group(2)
            return f'{RESOLVE}("{layout.module_of(path)}:{found.group(2)}")'

        return _REFERENCE.sub(name, code)

    def relocated(self, facts: ModuleFacts, node: ast.expr, replaced: dict[str, str] | None = None) -> str:
        """An expression of a file for use elsewhere; `CannotMakeError` where it needs more than global names."""
        tree = ast.parse(ast.unparse(node), mode="eval")
        return ast.unparse(_Relocation(self, facts, replaced or {}).visit(tree))


def of_library(name: str) -> str:
    """A library's name by its canonical path."""
    return name.removeprefix("builtins.") if name.startswith("builtins.") else f'{RESOLVE}("{name}")'


class _Relocation(ast.NodeTransformer):
    """Global names become references, what is replaced its code; any other name is no global one."""

    def __init__(self, references: References, facts: ModuleFacts, replaced: dict[str, str]) -> None:
        self.references = references
        self.facts = facts
        self.replaced = replaced

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """Replace a name."""
        if node.id in self.replaced:
            code = self.replaced[node.id]
        elif node.id in self.facts.top_level:
            code = self.references.of_project(self.facts.path, node.id)
        elif hasattr(builtins, node.id):
            return node
        else:
            message = f"`{node.id}` is known only inside a function"
            raise CannotMakeError(message)
        return ast.parse(code, mode="eval").body
