"""How much of a project's NNX code was understood, with the reasons of the rest.

Counted are things in files that mention NNX, each place in the source once:

- module classes: classes that derive from `nnx.Module`, or that may because a base class is not known. Understood:
  every base is known, and the constructor was run.
- model calls: calls of modules, and calls of what is not known but plausibly a module: an attribute of a module that
  is no method, or anything named like a model (`model`, `encoder`, `head`, …). What is named like a function
  (`activation`, `loss_fn`, …) is left out while it is not known. Understood: the module's class is known.
- optimizers: constructions of `nnx.Optimizer` and its relatives, and `.update` of what is named like an optimizer.
- Rngs: constructions of `nnx.Rngs`. Understood: it was run, and its streams are known.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from nnxlint.semantic.facts import ClassDecl, ModuleFacts
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.statistics import Share, Statistics, share_of
from nnxlint.semantic.values import ClassRef
from nnxlint.semantic.vocabulary import names_function, words

_NEVER_RUN = "never run"
_MODELS = frozenset(
    """model module layer net network encoder decoder backbone policy actor critic embedder embedding generator
    discriminator student teacher classifier mlp cnn rnn transformer head block attention attn ffn""".split()
)
_OPTIMIZERS = frozenset({"flax.nnx.Optimizer", "flax.nnx.ModelAndOptimizer"})


def statistics(modules: Mapping[str, ModuleFacts], machine: Machine) -> Statistics:
    """The shares of module classes, model calls, optimizers and `Rngs` that were understood."""
    found = _Found(machine)
    files = [_File(facts, found) for facts in modules.values() if facts.mentioned & {"nnx", "Rngs"}]
    return Statistics(
        module_classes=share_of(outcome for file in files for outcome in file.classes()),
        model_calls=_share(file.model_calls() for file in files),
        optimizers=_share(file.optimizers() for file in files),
        rngs=_share(file.rngs() for file in files),
    )


def _share(outcomes: Iterator[Iterator[str | None]]) -> Share:
    return share_of(outcome if outcome is None else _grouped(outcome) for each in outcomes for outcome in each)


def _grouped(reason: str) -> str:
    """A reason without the names in it, so that equal ones count together."""
    return re.sub(r"`[^`]*`", "…", reason) or "not known"


@dataclass(slots=True)
class _Found:
    """What the log holds, by the places that are counted."""

    machine: Machine
    optimizers: set[ast.AST] = field(default_factory=set)
    updates: set[ast.AST] = field(default_factory=set)
    rngs: dict[ast.AST, bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        log = self.machine.seen
        for call in log.library_calls:
            if call.name in _OPTIMIZERS:
                self.optimizers.add(call.place.node)
            elif call.name.endswith(".update"):
                self.updates.add(call.place.node)
        for made in (made for listed in log.rngs.values() for made in listed):
            node = made.place.node
            self.rngs[node] = self.rngs.get(node, False) or not made.is_open


@dataclass(slots=True)
class _File:
    """One file's things."""

    facts: ModuleFacts
    found: _Found

    def classes(self) -> Iterator[str | None]:
        """The outcome of every class that is or may be a module."""
        machine = self.found.machine
        for decl in self.facts.classes.values():
            cls = ClassRef(decl, machine.modules.get(decl.path))
            if not machine.is_module(cls) and not self._may_be_module(decl, cls):
                continue
            if machine.is_open(cls):
                yield "a base class is not known"
            elif not self._ran_constructor(cls):
                yield "the constructor was never run"
            else:
                yield None

    def _may_be_module(self, decl: ClassDecl, cls: ClassRef) -> bool:
        return self.found.machine.is_open(cls) and "__call__" in decl.methods

    def _ran_constructor(self, cls: ClassRef) -> bool:
        machine = self.found.machine
        for ancestor in machine.ancestry(cls):
            if isinstance(ancestor, ClassRef) and "__init__" in ancestor.decl.methods:
                return ancestor.decl.methods["__init__"] in machine.entered
        return True

    def model_calls(self) -> Iterator[str | None]:
        """The outcome of every call of what is or may be a module."""
        for call, owner in _calls(self.facts.tree.module, None):
            seen = self.found.machine.seen.calls_seen.get(call)
            if seen is not None and seen[0] == "module":
                yield None
            elif (seen is None or seen[0] == "unknown") and self._is_plausible(call.func, owner):
                yield seen[1] if seen is not None else _NEVER_RUN

    def _is_plausible(self, callee: ast.expr, owner: ast.ClassDef | None) -> bool:
        match callee:
            case ast.Name(id=name):
                return _names_model(name)
            case ast.Attribute(value=ast.Name(id="self"), attr=name) if owner is not None:
                return self._is_part(self.facts.classes[owner], name)
            case ast.Attribute(value=ast.Name(id="self") | ast.Attribute(value=ast.Name(id="self")), attr=name):
                return _names_model(name)
            case ast.Subscript(value=ast.Attribute(attr=name) | ast.Name(id=name)):
                return _names_model(name.removesuffix("s"))
        return False

    def _is_part(self, decl: ClassDecl, name: str) -> bool:
        """Whether `self.name` may hold a module: no method, and the class a module or `name` that of a model."""
        machine = self.found.machine
        cls = ClassRef(decl, machine.modules.get(decl.path))
        ancestors = [one for one in machine.ancestry(cls) if isinstance(one, ClassRef)]
        if name.startswith("__") or any(name in one.decl.methods for one in ancestors):
            return False
        if machine.is_module(cls):
            return not names_function(name)
        return _names_model(name)

    def optimizers(self) -> Iterator[str | None]:
        """The outcome of every optimizer that is made or updated."""
        log = self.found.machine.seen
        for call, _ in _calls(self.facts.tree.module, None):
            name = _last_name(call.func)
            if name in {"Optimizer", "ModelAndOptimizer"} and _reads(call.func) & {"nnx", "flax", name}:
                seen = log.calls_seen.get(call)
                yield None if call in self.found.optimizers or (seen and seen[0] != "unknown") else _NEVER_RUN
            elif name == "update" and _receiver_words(call.func) & {"optimizer", "opt", "optim", "optimiser"}:
                yield None if call in self.found.updates else self._reason(call)

    def _reason(self, call: ast.Call) -> str | None:
        seen = self.found.machine.seen.calls_seen.get(call)
        if seen is None:
            return _NEVER_RUN
        return seen[1] if seen[0] == "unknown" else None

    def rngs(self) -> Iterator[str | None]:
        """The outcome of every `Rngs` that is made."""
        for call, _ in _calls(self.facts.tree.module, None):
            if _last_name(call.func) == "Rngs":
                known = self.found.rngs.get(call)
                yield None if known else (_NEVER_RUN if known is None else "the streams are not known")


def _calls(node: ast.AST, owner: ast.ClassDef | None) -> Iterator[tuple[ast.Call, ast.ClassDef | None]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call):
            yield child, owner
        yield from _calls(child, child if isinstance(child, ast.ClassDef) else owner)


def _names_model(name: str) -> bool:
    parts = words(name)
    return bool(parts & _MODELS) and not names_function(name) and not name[:1].isupper()


def _last_name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _reads(node: ast.expr) -> frozenset[str]:
    return frozenset(child.id for child in ast.walk(node) if isinstance(child, ast.Name))


def _receiver_words(function: ast.expr) -> frozenset[str]:
    """The words of what a method is called on."""
    return words(_last_name(function.value)) if isinstance(function, ast.Attribute) else frozenset()
