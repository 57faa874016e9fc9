"""Edits that bring a module or a name of it within reach, in the spelling that the file has already."""

import ast
import functools
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from nnxlint.edits import Edit
from nnxlint.spans import Span
from nnxlint.syntax.rewrite.difference import Edits
from nnxlint.syntax.rewrite.statements import insert_statement_after, insert_statement_before
from nnxlint.syntax.tree import Tree

Import = ast.Import | ast.ImportFrom

_CUSTOMARY = MappingProxyType({"jax.numpy": "jnp", "numpy": "np"})
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def ensure_import(tree: Tree, module: str, name: str | None = None) -> tuple[str, Edits] | None:
    """Return how the file spells the module (or its name), and the edits that import it if nothing does.

    Only imports at the top level count, of names that the file gives to nothing else. None where the name
    that would be imported is taken.
    """
    target = module if name is None else f"{module}.{name}"
    imported, taken = _names(tree.module)
    spelling = _spelling(tree, module, name, taken)
    if spelling is not None:
        return spelling, ()
    local, statement = _import_of(target, is_module=name is None)
    if local in taken or imported.get(local, target) != target:
        return None
    edits = _added(tree, statement, target.partition(".")[0])
    return None if edits is None else (local, edits)


def _spelling(tree: Tree, module: str, name: str | None, taken: frozenset[str]) -> str | None:
    target = module if name is None else f"{module}.{name}"
    found: dict[str, str] = {}
    for local, spelling, dotted in _bindings(tree):
        if local in taken:
            continue
        if dotted == target:
            found.setdefault("exact", spelling)
        elif name is not None and dotted == module:
            found.setdefault("attribute", f"{spelling}.{name}")
    return found.get("exact", found.get("attribute"))


def _bindings(tree: Tree) -> Iterator[tuple[str, str, str]]:
    """Yield the name bound, the spelling and the full name of what the top level's imports bring."""
    for statement in _top_imports(tree):
        for alias in statement.names:
            if isinstance(statement, ast.ImportFrom):
                if statement.module and not statement.level and alias.name != "*":
                    local = alias.asname or alias.name
                    yield local, local, f"{statement.module}.{alias.name}"
            elif alias.asname:
                yield alias.asname, alias.asname, alias.name
            else:
                parts = alias.name.split(".")
                dotted = [".".join(parts[:length]) for length in range(1, len(parts) + 1)]
                yield from ((parts[0], path, path) for path in dotted)


def _top_imports(tree: Tree) -> Iterator[Import]:
    for statement in tree.module.body:
        inner = statement.body if isinstance(statement, ast.Try) else (statement,)
        yield from (part for part in inner if isinstance(part, (ast.Import, ast.ImportFrom)))


@functools.lru_cache(maxsize=16)
def _names(module: ast.Module) -> tuple[Mapping[str, str], frozenset[str]]:
    """Collect what is imported anywhere in the file, and the names that have another meaning too."""
    imported: dict[str, str] = {}
    taken: set[str] = set()
    for node in ast.walk(module):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            for local, meaning in _meanings(node):
                if imported.setdefault(local, meaning) != meaning:
                    taken.add(local)
        else:
            taken.update(_names_bound(node))
    return imported, frozenset(taken)


def _meanings(node: Import) -> Iterator[tuple[str, str]]:
    origin = f"{'.' * node.level}{node.module or ''}." if isinstance(node, ast.ImportFrom) else ""
    for alias in node.names:
        if alias.asname or origin:
            yield alias.asname or alias.name, f"{origin}{alias.name}"
        else:
            root = alias.name.partition(".")[0]
            yield root, root


def _names_bound(node: ast.AST) -> tuple[str, ...]:
    if isinstance(node, ast.Name):
        return () if isinstance(node.ctx, ast.Load) else (node.id,)
    if isinstance(node, ast.arg):
        return (node.arg,)
    if isinstance(node, (ast.Global, ast.Nonlocal)):
        return tuple(node.names)
    bound = getattr(node, "name", getattr(node, "rest", None))
    return (bound,) if isinstance(bound, str) and not isinstance(node, ast.alias) else ()


def _import_of(target: str, *, is_module: bool) -> tuple[str, str]:
    """Return the name that an import of the target would bind, and the statement."""
    parent, _, leaf = target.rpartition(".")
    if is_module and target in _CUSTOMARY:
        return _CUSTOMARY[target], f"import {target} as {_CUSTOMARY[target]}"
    return (leaf, f"from {parent} import {leaf}") if parent else (leaf, f"import {leaf}")


def _added(tree: Tree, statement: str, root: str) -> Edits | None:
    """After an import of the same package, else after the last import that stands before all definitions."""
    body, newline = tree.module.body, tree.source.newline
    if not body:
        return _at_end(tree, statement)
    leading: list[ast.stmt] = []
    for part in body:
        if isinstance(part, _DEFINITIONS):
            break
        leading.append(part)
    imports = [part for part in leading if isinstance(part, (ast.Import, ast.ImportFrom))]
    related = [part for part in imports if _root(part) == root]
    if imports:
        return insert_statement_after(tree, (related or imports)[-1], statement)
    if ast.get_docstring(tree.module, clean=False) is not None:
        edits = insert_statement_after(tree, body[0], statement)
        return edits and tuple(Edit(edit.span, f"{newline}{edit.content}") for edit in edits)
    edits = insert_statement_before(tree, body[0], statement)
    return edits and tuple(Edit(edit.span, f"{edit.content}{newline}") for edit in edits)


def _at_end(tree: Tree, statement: str) -> Edits:
    text, newline = tree.source.text, tree.source.newline
    gap = "" if not text or text.endswith(("\n", "\r")) else newline
    return (Edit(Span(len(text), len(text)), f"{gap}{statement}{newline}"),)


def _root(statement: Import) -> str | None:
    if isinstance(statement, ast.Import):
        return statement.names[0].name.partition(".")[0]
    return None if statement.level else (statement.module or "").partition(".")[0]
