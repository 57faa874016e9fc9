"""Sites: places of the linted file that rules look at, with their syntax."""

import ast
import functools
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

import libcst as cst

from nnxlint.diagnostic import Related
from nnxlint.semantic.flax_api import Signature
from nnxlint.semantic.library.binding import given
from nnxlint.semantic.observe import LibraryCall
from nnxlint.semantic.values import Value
from nnxlint.spans import Span
from nnxlint.syntax import concrete
from nnxlint.syntax.tree import Tree


class Given(Enum):
    """Whether a call gives an argument."""

    PRESENT = "present"
    ABSENT = "absent"
    UNKNOWN = "unknown"


PRESENT, ABSENT, MAYBE = Given.PRESENT, Given.ABSENT, Given.UNKNOWN


@dataclass(frozen=True)
class Site:
    """A syntax node of a file."""

    tree: Tree = field(repr=False)
    node: ast.AST = field(repr=False)

    @functools.cached_property
    def span(self) -> Span:
        """The code points of the node."""
        return self.tree.span(self.node)

    @property
    def path(self) -> str:
        """The file that the site is in."""
        return self.tree.source.path

    @property
    def text(self) -> str:
        """The source text of the node."""
        return self.tree.text(self.node)

    @property
    def call(self) -> ast.Call:
        """The node as a call; `TypeError` where the site is something else, a decorator for instance."""
        if not isinstance(self.node, ast.Call):
            message = "not a call"
            raise TypeError(message)
        return self.node

    @functools.cached_property
    def cst(self) -> cst.CSTNode:
        """The node as LibCST sees it, parsed when it is first asked for."""
        if isinstance(self.node, ast.expr):
            return concrete.expression(self.tree, self.node)
        if isinstance(self.node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            return concrete.head(self.tree, self.node)
        return concrete.statement(self.tree, self.node)  # type: ignore[arg-type]

    def related(self, message: str) -> Related:
        """The site as the second place of a diagnostic."""
        return Related(message, self.path, self.span)


@dataclass(frozen=True)
class CallSite(Site):
    """A call of a library's function, class or method, with every way in which it was seen to run."""

    name: str
    seen: Sequence[LibraryCall] = field(repr=False)
    signature: Signature | None = field(default=None, repr=False)

    def argument(self, name: str) -> Given:
        """Whether the call gives this parameter, in all ways in which it was seen."""
        if self.signature is None:
            return MAYBE
        answers = {given(self.signature, one.arguments, name) for one in self.seen}
        if answers == {True}:
            return PRESENT
        return ABSENT if answers == {False} else MAYBE

    def expects(self, *errors: str) -> bool:
        """Whether code around the call asks for the version, or waits for one of these exceptions."""
        waited = {*errors, "Exception", "BaseException", "version"}
        return all(one.guards & waited for one in self.seen)

    def values(self, position: int | None, name: str) -> tuple[Value, ...]:
        """What was handed over for a parameter, one value for each way in which the call was seen."""
        found = (one.arguments.get(position, name) for one in self.seen)
        return tuple(value for value in found if value is not None)
