"""What one module declares: its classes and functions with their syntax, found without running anything."""

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from nnxlint.syntax.nodes import push_children
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
    """One parsed file: its tree, its declarations (nested ones too) and the words that it uses.

    `globals`: the module's variables that its functions set.
    """

    path: str
    tree: Tree
    classes: Mapping[ast.ClassDef, ClassDecl]
    functions: Mapping[FunctionNode, FunctionDecl]
    top_level: Mapping[str, ast.stmt]
    mentioned: frozenset[str]
    keywords: frozenset[str]
    globals: frozenset[str]
    imports: tuple[ast.Import | ast.ImportFrom, ...]


def extract(tree: Tree) -> ModuleFacts:
    """The facts of a parsed file."""
    path = tree.source.path
    found = _Found(path)
    _collect(found, tree.module, None, None)
    top_level = {name: statement for statement in _flat(tree.module.body) for name in _bound_names(statement)}
    return ModuleFacts(
        path,
        tree,
        found.classes,
        found.functions,
        top_level,
        frozenset(found.mentioned),
        frozenset(found.keywords),
        frozenset(found.globals),
        tuple(found.imports),
    )


@dataclass(frozen=True, slots=True)
class _Found:
    """What one pass over a file collects."""

    path: str
    classes: dict[ast.ClassDef, ClassDecl] = field(default_factory=dict)
    functions: dict[FunctionNode, FunctionDecl] = field(default_factory=dict)
    mentioned: set[str] = field(default_factory=set)
    keywords: set[str] = field(default_factory=set)
    globals: set[str] = field(default_factory=set)
    imports: list[ast.Import | ast.ImportFrom] = field(default_factory=list)


def _collect(found: _Found, node: ast.AST, owner: ClassDecl | None, inside: FunctionDecl | None) -> None:
    """Collect below a node; `owner`: the class whose body it is in, `inside`: the function around it."""
    pending: list[ast.AST] = []
    push_children(pending, node)
    while pending:
        child = pending.pop()
        kind = type(child)
        if kind is ast.Name:
            if type(child.ctx) is ast.Load:  # type: ignore[attr-defined]
                found.mentioned.add(child.id)  # type: ignore[attr-defined]
            continue
        declare = _DECLARING.get(kind)
        if declare is not None:
            _collect(found, child, *declare(found, child, owner))
            continue
        if kind in _NOTED:
            _note(found, child, inside)
        push_children(pending, child)


_NOTED = frozenset({ast.Attribute, ast.keyword, ast.Import, ast.ImportFrom, ast.Global, ast.Yield, ast.YieldFrom})


def _note(found: _Found, node: ast.AST, inside: FunctionDecl | None) -> None:
    match node:
        case ast.Attribute():
            found.mentioned.add(node.attr)
        case ast.keyword(arg=str(name)):
            found.keywords.add(name)
        case ast.Import() | ast.ImportFrom():
            found.imports.append(node)
        case ast.Global():
            found.globals.update(node.names)
        case ast.Yield() | ast.YieldFrom() if inside is not None:
            # Known only once the body was looked at, which is after the declaration exists.
            object.__setattr__(inside, "is_generator", True)


def _declared_class(found: _Found, node: ast.ClassDef, _: ClassDecl | None) -> tuple[ClassDecl, None]:
    made = found.classes[node] = _class_decl(found.path, node)
    return made, None


def _declared_function(
    found: _Found, node: ast.FunctionDef | ast.AsyncFunctionDef, owner: ClassDecl | None
) -> tuple[None, FunctionDecl]:
    method = owner.methods.get(node.name) if owner is not None else None
    known = method if method is not None and method.node is node else None
    made = found.functions[node] = known or FunctionDecl(found.path, node.name, node, owner)
    return None, made


def _declared_lambda(found: _Found, node: ast.Lambda, _: ClassDecl | None) -> tuple[None, FunctionDecl]:
    made = found.functions[node] = FunctionDecl(found.path, "<lambda>", node)
    return None, made


_DECLARING: Mapping[type[ast.AST], Callable[..., tuple[ClassDecl | None, FunctionDecl | None]]] = {
    ast.ClassDef: _declared_class,
    ast.FunctionDef: _declared_function,
    ast.AsyncFunctionDef: _declared_function,
    ast.Lambda: _declared_lambda,
}


def _class_decl(path: str, node: ast.ClassDef) -> ClassDecl:
    decl = ClassDecl(path, node.name, node, {}, {}, {})
    methods, fields, assignments = {}, {}, {}
    for statement in _flat(node.body):
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            methods[statement.name] = FunctionDecl(path, statement.name, statement, decl)
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            fields[statement.target.id] = statement
        elif isinstance(statement, ast.Assign):
            assignments.update(dict.fromkeys(_bound_names(statement), statement))
    # The methods name their class, so the maps are filled after the declaration exists.
    object.__setattr__(decl, "methods", methods)
    object.__setattr__(decl, "fields", fields)
    object.__setattr__(decl, "assignments", assignments)
    return decl


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


def names_in(node: ast.AST) -> Iterator[str]:
    """The names and attributes that are written below a node."""
    if isinstance(node, ast.Name):
        yield node.id
        return
    for child in ast.walk(node):
        if isinstance(child, ast.Name):
            yield child.id
        elif isinstance(child, ast.Attribute):
            yield child.attr
