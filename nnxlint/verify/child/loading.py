"""Load a program from a folder of its own, and take it out again, so that two versions never meet.

The main module is run only as far as its imports, definitions and constants go (`toplevel`); the other files are
imported as they are. Everything is compiled under its real file name: tracebacks and line events name its rows.
"""

import __future__

import ast
import builtins
import contextlib
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
import tempfile
import types
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import flax.nnx
import jax
import jax.numpy as jnp
import numpy as np
import optax

from nnxlint.verify.child import toplevel
from nnxlint.verify.child.perturb import PERTURB, other_value
from nnxlint.verify.child.rows import RECORDER, Recorder
from nnxlint.verify.child.slicing import reduced
from nnxlint.verify.child.toplevel import Skipped
from nnxlint.verify.protocol import Program

# What a case may name although the main module does not.
KNOWN: Mapping[str, object] = {"nnx": flax.nnx, "jax": jax, "jnp": jnp, "np": np, "optax": optax, "flax": flax}

Change = Callable[[ast.Module], ast.Module]


class LoadError(Exception):
    """The program cannot be loaded, or lacks a name; the message says why in one line."""


@dataclass(frozen=True, slots=True)
class LoadedProgram:
    """A program whose main module was run; its modules are importable only while it is `active`."""

    program: Program
    folder: Path
    name: str
    skipped: list[Skipped] = field(default_factory=list)
    modules: dict[str, types.ModuleType] = field(default_factory=dict)
    change: Change | None = None
    recorder: Recorder = field(default_factory=Recorder)

    @property
    def file(self) -> str:
        """The path of the main module's file, as tracebacks name it."""
        return str(self.folder / self.program.main)

    @property
    def namespace(self) -> Mapping[str, object]:
        """The names of the main module."""
        return vars(self.modules[self.name])

    @contextlib.contextmanager
    def active(self) -> Iterator[None]:
        """Within this, imports find the program's files, and `sys.modules` has its modules."""
        own = _own_names(self.program)
        hidden = {name: module for name, module in sys.modules.items() if name.partition(".")[0] in own}
        finder = _MainFinder(self)
        for name in hidden:
            del sys.modules[name]
        sys.modules.update(self.modules)
        sys.path.insert(0, str(self.folder))
        sys.meta_path.insert(0, finder)
        importlib.invalidate_caches()
        try:
            yield
        finally:
            sys.meta_path.remove(finder)
            with contextlib.suppress(ValueError):
                sys.path.remove(str(self.folder))
            for name in [name for name in sys.modules if name.partition(".")[0] in own]:
                self.modules[name] = sys.modules.pop(name)
            sys.modules.update(hidden)

    def find(self, dotted: str, objects: Mapping[str, object] | None = None) -> object:
        """What a dotted name means: of the case's objects, the main module, a known library or a builtin.

        `LoadError` where it means nothing, with the skipped statement that would have bound it.
        """
        first, *rest = dotted.split(".")
        scopes: tuple[Mapping[str, object], ...] = (objects or {}, self.namespace, KNOWN, vars(builtins))
        scope = next((scope for scope in scopes if first in scope), None)
        if scope is None:
            raise LoadError(self.missing(first))
        value = scope[first]
        for name in rest:
            if not hasattr(value, name):
                message = f"`{dotted}` has no `{name}`"
                raise LoadError(message)
            value = getattr(value, name)
        return value

    def missing(self, name: str) -> str:
        """Say why the main module has no such name."""
        return self.why_missing(name) or f"the module has no `{name}`"

    def why_missing(self, name: str) -> str:
        """Say which skipped statement would have bound the name; empty where none would."""
        for each in self.skipped:
            if name in each.names:
                return f"`{name}` is missing: row {each.row} was not run because {each.why}"
        return ""


@contextlib.contextmanager
def opened(program: Program) -> Iterator[LoadedProgram]:
    """Load a program into a temporary folder that is gone afterwards; `LoadError` where that fails."""
    with tempfile.TemporaryDirectory(prefix="nnxlint-") as name:
        folder = Path(name).resolve()
        write_files(program.files, folder)
        yield load(program, folder)


def write_files(files: Mapping[str, str], folder: Path) -> None:
    """Write files by their relative path; `LoadError` for one that would lie outside the folder."""
    for path, text in files.items():
        target = folder / path
        if not target.resolve().is_relative_to(folder.resolve()):
            message = f"{path} lies outside the program's folder"
            raise LoadError(message)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


def load(
    program: Program, folder: Path, change: Change | None = None, wanted: frozenset[int] = frozenset()
) -> LoadedProgram:
    """Load a program whose files lie in the folder; `change` is made to the main module's tree before it is run.

    `wanted`: the first rows of statements that note in the program's `recorder` when they are run.
    """
    loaded = LoadedProgram(program, folder, module_name(program.main), change=change, recorder=Recorder(wanted))
    sys.dont_write_bytecode = True
    with loaded.active():
        try:
            importlib.import_module(loaded.name)
        except Exception as error:
            message = f"the module cannot be loaded: {type(error).__name__}: {error}"
            raise LoadError(message.splitlines()[0]) from error
    return loaded


def module_name(path: str) -> str:
    """The dotted name of the module at this path of the folder."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _own_names(program: Program) -> set[str]:
    return {path.partition("/")[0].removesuffix(".py") for path in program.files if path.endswith(".py")}


class _MainFinder(importlib.abc.MetaPathFinder):
    """Finds the main module for whoever imports it first, and has only its definitions run."""

    def __init__(self, loaded: LoadedProgram) -> None:
        self.loaded = loaded

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        del path, target
        if fullname != self.loaded.name:
            return None
        return importlib.util.spec_from_file_location(fullname, self.loaded.file, loader=_MainLoader(self.loaded))


class _MainLoader(importlib.abc.Loader):
    def __init__(self, loaded: LoadedProgram) -> None:
        self.loaded = loaded

    def exec_module(self, module: types.ModuleType) -> None:
        loaded = self.loaded
        tree = ast.parse(loaded.program.files[loaded.program.main], loaded.file)
        if loaded.program.sliced:
            tree = reduced(tree, loaded.program.edited)
        if loaded.change is not None:
            tree = loaded.change(tree)
        statements, skipped = toplevel.split(tree)
        loaded.skipped[:] = skipped
        flags = _future_flags(statements)
        vars(module)[RECORDER] = loaded.recorder
        if loaded.change is not None:
            vars(module)[PERTURB] = other_value
        lacking: set[str] = set()
        for statement in statements:
            names = frozenset(toplevel.bound_names(statement))
            # What only an annotation needs is not evaluated.
            own = __future__.annotations.compiler_flag if toplevel.annotates_with(statement, lacking) else 0
            why = toplevel.why_not_run(statement, lacking) or self._run(statement, vars(module), flags | own)
            if why:
                loaded.skipped.append(Skipped(statement.lineno, why, names))
            lacking = lacking | names if why else lacking - names

    def _run(self, statement: ast.stmt, namespace: dict[str, object], flags: int) -> str:
        """Run a statement; why it could not be, for an import that fails."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            code = self.loaded.recorder.compiled(statement, self.loaded.file, flags)
        try:
            exec(code, namespace)  # noqa: S102 - running programs is what this process is for
        except ImportError as error:
            if not isinstance(statement, toplevel.IMPORTS):
                raise
            return f"{error}".splitlines()[0]
        return ""


def _future_flags(statements: Sequence[ast.stmt]) -> int:
    flags = 0
    for statement in statements:
        if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
            for alias in statement.names:
                flags |= getattr(__future__, alias.name).compiler_flag
    return flags
