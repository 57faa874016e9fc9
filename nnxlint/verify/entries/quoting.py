"""Abstract values as Python expressions that give such values."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from nnxlint.semantic.facts import FunctionDecl
from nnxlint.semantic.observe import Entered
from nnxlint.semantic.values import (
    NONE,
    Array,
    ClassRef,
    Const,
    Dictionary,
    External,
    Func,
    Instance,
    Key,
    Method,
    Partial,
    Record,
    Ref,
    Sequence,
    Transformed,
    Tuple,
    Union,
    Unknown,
    Value,
)
from nnxlint.semantic.vocabulary import words
from nnxlint.verify.entries.inventing import OPTIMIZER, RNGS, has_default, invented
from nnxlint.verify.entries.known import Known
from nnxlint.verify.entries.references import CannotMakeError, References, of_library

_DEPTH = 6
_REPEATED = frozenset("epochs epoch steps iterations iters rounds updates".split())
_FEW = 2


@dataclass(frozen=True, slots=True)
class Quoter:
    """Writes values down. `records`: what their references stand for; `depth`: how deep objects may still nest.

    `module`: the name that stands for any module, where there is one.
    """

    known: Known
    references: References
    records: Mapping[int, Record]
    depth: int = _DEPTH
    module: str = ""

    def quoted(self, value: Value) -> str:
        """An expression for a value; `CannotMakeError` where none is known."""
        match value:
            case Const():
                return repr(value.value)
            case Key():
                return f"{of_library('jax.random.key')}(0)"
            case Tuple():
                return f"({''.join(f'{self.quoted(item)}, ' for item in value.items)})"
            case External():
                return of_library(value.name)
            case ClassRef():
                return self._named(value.decl.path, value.decl.name, value.decl.node)
            case Ref():
                return self._object(value)
            case Union():
                return self._first(value)
        return self._callable(value)

    def _callable(self, value: Value) -> str:
        match value:
            case Method():
                return f"{self.quoted(value.receiver)}.{value.name}"
            case Transformed():
                return self._transformed(value)
            case Partial():
                return self._partial(value)
            case Func():
                return self._function(value)
        message = "a value that is not known"
        raise CannotMakeError(message)

    def argument(self, decl: FunctionDecl, parameter: ast.arg, value: Value | None) -> str | None:
        """An expression for what a parameter is given; None where it is better left to its default."""
        name = parameter.arg
        try:
            if value is not None and not isinstance(value, Unknown | Array):
                return few(name, value) or self.quoted(value)
        except CannotMakeError:
            pass
        if has_default(decl, name):
            return None
        annotated = self.annotated(decl, parameter)
        if isinstance(annotated, ClassRef):
            return self.built(annotated, None)
        return invented(decl, parameter, annotated)

    def annotated(self, decl: FunctionDecl, parameter: ast.arg) -> Value | None:
        """What a parameter's annotation means: a class; None where it says nothing plain."""
        node = parameter.annotation
        try:
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                node = ast.parse(node.value, mode="eval").body
        except SyntaxError:
            return None
        while isinstance(node, ast.BinOp):
            node = node.left if not (isinstance(node.left, ast.Constant) and node.left.value is None) else node.right
        subscripted = isinstance(node, ast.Subscript)
        if isinstance(node, ast.Subscript):
            meant = self.known.meaning(decl.path, node.value)
            if meant == External("typing.Optional"):
                node, subscripted = node.slice, False
            else:
                node = node.value
        if not isinstance(node, ast.Name | ast.Attribute):
            return None
        meant = self.known.meaning(decl.path, node)
        usable = isinstance(meant, External) or (isinstance(meant, ClassRef) and not subscripted)
        return meant if usable else None

    def built(self, cls: ClassRef, target: int | None) -> str:
        """The construction of an object of a project class, with the arguments that were seen where any were."""
        if not self.depth:
            message = f"`{cls.decl.name}` needs too many other objects"
            raise CannotMakeError(message)
        run = self.known.construction(cls, target)
        init = self.known.constructor(cls)
        made = self.quoted(cls)
        inner = replace(self, depth=self.depth - 1, records=run.records if run is not None else {})
        if init is not None:
            return f"{made}({', '.join(inner.arguments(init, run, skip=1))})"
        return f"{made}({', '.join(self._fields(cls, target))})"

    def arguments(self, decl: FunctionDecl, run: Entered | None, skip: int) -> Iterator[str]:
        """The arguments of a call of a function, after the first `skip` parameters."""
        positional = decl.node.args.posonlyargs
        for parameter in decl.parameters[skip:]:
            value = run.values.get(parameter.arg) if run is not None else None
            code = self.argument(decl, parameter, value)
            if code is not None:
                yield code if parameter in positional else f"{parameter.arg}={code}"

    def _fields(self, cls: ClassRef, target: int | None) -> Iterator[str]:
        """The fields of a dataclass; a class with neither constructor nor fields takes nothing."""
        record = self.records.get(-1 if target is None else target)
        values = record.attrs if isinstance(record, Instance) else {}
        for owner in reversed([each for each in self.known.machine.ancestry(cls) if isinstance(each, ClassRef)]):
            for name, statement in owner.decl.fields.items():
                parameter = ast.arg(name, statement.annotation)
                try:
                    value = values.get(name, Unknown())
                    known = not isinstance(value, Unknown | Array)
                    code = self.quoted(value) if known else None
                except CannotMakeError:
                    code = None
                if code is None and statement.value is None:
                    code = invented(_no_function(cls), parameter, self.annotated(_no_function(owner), parameter))
                if code is not None:
                    yield f"{name}={code}"

    def _object(self, value: Ref) -> str:
        record = self.records.get(value.target)
        match record:
            case Sequence(rest=None):
                return f"[{', '.join(self.quoted(item) for item in record.items)}]"
            case Sequence() if record.rest is not None:
                return f"[{self.quoted(record.rest)}, {self.quoted(record.rest)}]"
            case Dictionary(rest=None):
                return f"{{{', '.join(f'{key!r}: {self.quoted(item)}' for key, item in record.items.items())}}}"
            case Instance() if self.module and self.known.is_module(record.cls):
                return self.module
            case Instance(cls=ClassRef() as cls):
                return self.built(cls, value.target)
            case Instance(cls=External(name="flax.nnx.Rngs")):
                return RNGS
            case Instance():
                return self._relocated(record)
        message = "an object of which nothing is known"
        raise CannotMakeError(message)

    def _relocated(self, record: Instance) -> str:
        """The call that made an object of a library, where it needs nothing but global names and streams."""
        name = record.cls.name if isinstance(record.cls, External) else ""
        facts = self.known.facts.get(record.place.path)
        if isinstance(record.place.node, ast.Call) and facts is not None:
            return self.references.relocated(facts, record.place.node, {"rngs": RNGS})
        message = f"nothing says how a `{name.rpartition('.')[2]}` is made"
        raise CannotMakeError(message)

    def transformation(self, record: Instance) -> str:
        """The optax transformation that an optimizer was built with; another one where that is not known."""
        node, facts = record.place.node, self.known.facts.get(record.place.path)
        if not isinstance(node, ast.Call) or facts is None:
            return OPTIMIZER
        given = [each.value for each in node.keywords if each.arg == "tx"] + node.args[1:2]
        try:
            return self.references.relocated(facts, given[0]) if given else OPTIMIZER
        except CannotMakeError:
            return OPTIMIZER

    def _named(self, path: str, name: str, node: ast.AST) -> str:
        facts = self.known.facts.get(path)
        if facts is None or facts.top_level.get(name) is not node:
            message = f"`{name}` stands inside a function"
            raise CannotMakeError(message)
        return self.references.of_project(path, name)

    def _function(self, value: Func) -> str:
        if value.bound is not None:
            return f"{self.quoted(value.bound)}.{value.decl.name}"
        if isinstance(value.decl.node, ast.Lambda):
            return f"({self.references.relocated(self.known.facts[value.decl.path], value.decl.node)})"
        return self._named(value.decl.path, value.decl.name, value.decl.node)

    def _transformed(self, value: Transformed) -> str:
        inner = value.function
        if isinstance(inner, Func) and inner.bound is None and inner.decl.decorators:
            return self._function(inner)  # the name stands for what the decorator made
        return f"{of_library(value.transform)}({self.quoted(inner)})"

    def _partial(self, value: Partial) -> str:
        keywords = [f"{name}={self.quoted(item)}" for name, item in value.keywords]
        given = [self.quoted(value.function), *map(self.quoted, value.args), *keywords]
        return f"{of_library('functools.partial')}({', '.join(given)})"

    def _first(self, value: Union) -> str:
        for member in sorted(value.members, key=lambda each: each == NONE):
            try:
                return self.quoted(member)
            except CannotMakeError:
                continue
        message = "a value that is not known"
        raise CannotMakeError(message)


def few(name: str, value: Value) -> str | None:
    """A small number where a large one says how often something is done."""
    large = isinstance(value, Const) and isinstance(value.value, int) and value.value > _FEW
    return str(_FEW) if large and words(name) & _REPEATED else None


def _no_function(cls: ClassRef) -> FunctionDecl:
    """The constructor that a dataclass has without its being written."""
    return FunctionDecl(cls.decl.path, "__init__", ast.parse("lambda: None", mode="eval").body, cls.decl)  # type: ignore[arg-type]
