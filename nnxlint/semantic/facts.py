"""What one module declares: its classes and functions with their syntax, found without running anything."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from nnxlint.syntax.tree import Tree

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@dataclass(frozen=True, slots=True, eq=False)
class FunctionDecl:
    """A function, method or lambda of a file. `owner`: the class that a method stands in."""

    path: str
    name: str
    node: FunctionNode
    owner: "ClassDecl | None" = None
    is_generator: bool = False

    @property
    def parameters(self) -> tuple[ast.arg, ...]:
        """Every parameter by order, `*args` and `**kwargs` left out."""
        arguments = self.node.args
        return (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)

    @property
    def decorators(self) -> tuple[ast.expr, ...]:
        """The decorators, outermost first."""
        return () if isinstance(self.node, ast.Lambda) else tuple(self.node.decorator_list)


@dataclass(frozen=True, slots=True, eq=False)
class ClassDecl:
    """A class of a file, with the methods and the class-level statements of its body."""

    path: str
    name: str
    node: ast.ClassDef
    methods: Mapping[str, FunctionDecl] = field(default_factory=dict)
    fields: Mapping[str, ast.AnnAssign] = field(default_factory=dict)
    assignments: Mapping[str, ast.Assign] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class ModuleFacts:
    """One parsed file: its tree, its declarations (nested ones too) and the words that it uses."""

    path: str
    tree: Tree
    classes: Mapping[ast.ClassDef, ClassDecl]
    functions: Mapping[FunctionNode, FunctionDecl]
    top_level: Mapping[str, ast.stmt]
    mentioned: frozenset[str]
    keywords: frozenset[str]
    imports: tuple[ast.Import | ast.ImportFrom, ...]


def extract(tree: Tree) -> ModuleFacts:
    """The facts of a parsed file."""
    path = tree.source.path
    classes: dict[ast.ClassDef, ClassDecl] = {}
    functions: dict[FunctionNode, FunctionDecl] = {}
    mentioned: set[str] = set()
    _collect(path, tree.module, None, classes, functions, mentioned)
    keywords = frozenset(node.arg for node in ast.walk(tree.module) if isinstance(node, ast.keyword) and node.arg)
    top_level = {name: statement for statement in _flat(tree.module.body) for name in _bound_names(statement)}
    imports = tuple(node for node in ast.walk(tree.module) if isinstance(node, ast.Import | ast.ImportFrom))
    return ModuleFacts(path, tree, classes, functions, top_level, frozenset(mentioned), keywords, imports)


def _collect(
    path: str,
    node: ast.AST,
    owner: ClassDecl | None,
    classes: dict[ast.ClassDef, ClassDecl],
    functions: dict[FunctionNode, FunctionDecl],
    mentioned: set[str],
) -> None:
    for child in ast.iter_child_nodes(node):
        inner: ClassDecl | None = None
        if isinstance(child, ast.ClassDef):
            inner = classes[child] = _class_decl(path, child)
        elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            decl = owner.methods.get(child.name) if owner else None
            functions[child] = decl if decl and decl.node is child else _function_decl(path, child, owner)
        elif isinstance(child, ast.Lambda):
            functions[child] = FunctionDecl(path, "<lambda>", child)
        elif isinstance(child, ast.Attribute):
            mentioned.add(child.attr)
        elif isinstance(child, ast.Name) and isinstance(child.ctx, ast.Load):
            mentioned.add(child.id)
        _collect(path, child, inner if isinstance(child, ast.ClassDef) else None, classes, functions, mentioned)


def _class_decl(path: str, node: ast.ClassDef) -> ClassDecl:
    decl = ClassDecl(path, node.name, node, {}, {}, {})
    methods, fields, assignments = {}, {}, {}
    for statement in _flat(node.body):
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            methods[statement.name] = _function_decl(path, statement, decl)
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            fields[statement.target.id] = statement
        elif isinstance(statement, ast.Assign):
            assignments.update(dict.fromkeys(_bound_names(statement), statement))
    # The methods name their class, so the maps are filled after the declaration exists.
    object.__setattr__(decl, "methods", methods)
    object.__setattr__(decl, "fields", fields)
    object.__setattr__(decl, "assignments", assignments)
    return decl


def _function_decl(path: str, node: ast.FunctionDef | ast.AsyncFunctionDef, owner: ClassDecl | None) -> FunctionDecl:
    return FunctionDecl(path, node.name, node, owner, any(_yields(child) for child in node.body))


def _yields(node: ast.AST) -> bool:
    if isinstance(node, ast.Yield | ast.YieldFrom):
        return True
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
        return False
    return any(_yields(child) for child in ast.iter_child_nodes(node))


def _flat(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a block and of the conditional blocks in it."""
    for statement in body:
        yield statement
        if isinstance(statement, ast.If | ast.For | ast.While | ast.With):
            yield from _flat(statement.body)
            yield from _flat(getattr(statement, "orelse", []))
        elif isinstance(statement, ast.Try):
            for block in (statement.body, statement.orelse, statement.finalbody):
                yield from _flat(block)
            for handler in statement.handlers:
                yield from _flat(handler.body)


def _bound_names(statement: ast.stmt) -> Iterator[str]:
    match statement:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield statement.name
        case ast.Import():
            yield from (alias.asname or alias.name.partition(".")[0] for alias in statement.names)
        case ast.ImportFrom():
            yield from (alias.asname or alias.name for alias in statement.names)
        case ast.Assign():
            yield from (
                node.id for target in statement.targets for node in ast.walk(target) if isinstance(node, ast.Name)
            )
        case ast.AnnAssign(target=ast.Name()):
            yield statement.target.id  # type: ignore[union-attr]
