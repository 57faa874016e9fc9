"""Saves of modules and of states: which call stores what, and the restores that read it back."""

import ast
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

from nnxlint.semantic.facts import ModuleFacts
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.observe import Held, Storing
from nnxlint.semantic.sites import Site
from nnxlint.syntax.tree import Tree

_OBJECTS = frozenset({"module", "optimizer"})
_FAMILIES = {"numpy": "numpy", "jax": "numpy", "flax": "flax", "orbax": "orbax"}


@dataclass(frozen=True)
class CallOfStore(Site):
    """A call that saves or restores.

    `payload`: the expression of the object that it is given, where it is written.
    """

    payload: ast.expr | None = field(default=None, repr=False)

    @property
    def payload_text(self) -> str:
        """The object as it is spelled."""
        return self.tree.text(self.payload) if self.payload is not None else ""

    @property
    def payload_is_name(self) -> bool:
        """Whether the object is spelled by names alone, so that it may be written twice."""
        inner: ast.AST | None = self.payload
        while isinstance(inner, ast.Attribute):
            inner = inner.value
        return isinstance(inner, ast.Name)


@dataclass(frozen=True)
class SaveSite(CallOfStore):
    """A save: `function` by its last name, `family` (``numpy``, ``flax``, ``pickle`` …), what is in it.

    `restores`: the calls of the file that read this save back into a module; empty where that is not sure.
    `partners`: the other saves of the same checkpoint.
    """

    function: str = ""
    family: str = ""
    what: str = ""
    restores: tuple[CallOfStore, ...] = field(default=(), repr=False)
    partners: tuple[CallOfStore, ...] = field(default=(), repr=False)


def module_saves(facts: ModuleFacts, machine: Machine) -> Iterator[SaveSite]:
    """The calls that store a module or an optimizer as an object."""
    stored = _by_call(facts, machine)
    for node, seen in stored.items():
        if seen[0].kind != "save" or not any(one.to_file for one in seen):
            continue
        held = [inner for one in seen for inner in one.held if inner.kind in _OBJECTS]
        family = _family(seen[0].name)
        if held and not (family == "pickle" and _is_test(facts, seen[0])):
            yield _save_site(facts.tree, node, seen, held[0], family, stored)


def state_saves(facts: ModuleFacts, machine: Machine) -> Iterator[SaveSite]:
    """The calls that hand the State of a module, or a nested dict made of it, to NumPy."""
    for node, seen in _by_call(facts, machine).items():
        if _family(seen[0].name) != "numpy" or any(inner.kind in _OBJECTS for one in seen for inner in one.held):
            continue
        held = [inner for one in seen for inner in one.held]
        if held:
            function = seen[0].name.rpartition(".")[2]
            yield SaveSite(facts.tree, node, None, function, "numpy", _describe(function, held[0]))


def _describe(function: str, held: Held) -> str:
    """``state``: its keys alone are written; ``dict``: a pickled object array."""
    keys = held.kind in {"state", "grads"} or (held.kind == "mapped" and function != "save")
    return "state" if keys and (held.direct or function != "save") else "dict"


def _by_call(facts: ModuleFacts, machine: Machine) -> dict[ast.AST, list[Storing]]:
    grouped: dict[ast.AST, list[Storing]] = defaultdict(list)
    for storing in machine.seen.storings_of(facts.path):
        if isinstance(storing.place.node, ast.Call):
            grouped[storing.place.node].append(storing)
    return dict(sorted(grouped.items(), key=lambda item: facts.tree.span(item[0])))


def _family(name: str) -> str:
    if name.startswith("flax.training."):
        return "checkpoints"
    return _FAMILIES.get(name.partition(".")[0], "pickle")


def _is_test(facts: ModuleFacts, storing: Storing) -> bool:
    """Tests pickle on purpose, to unpickle again."""
    parts = PurePath(facts.path).parts
    function = storing.function.name if storing.function is not None else ""
    in_tests = parts[-1].startswith("test_") or parts[-1].endswith("_test.py") or "tests" in parts[:-1]
    return in_tests or function.startswith("test_")


def _save_site(
    tree: Tree,
    node: ast.AST,
    seen: Sequence[Storing],
    held: Held,
    family: str,
    stored: dict[ast.AST, list[Storing]],
) -> SaveSite:
    function = seen[0].name.rpartition(".")[2]
    what = "a module" if held.kind == "module" else "an optimizer"
    payload = _payload(node, held) if isinstance(node, ast.Call) else None
    site = SaveSite(tree, node, payload, function, family, what)
    if family != "orbax" or payload is None:
        return site
    same = [other for other in stored if _reads_same(tree, seen[0], stored[other][0])]
    saves = [other for other in same if stored[other][0].kind == "save" and other is not node]
    restores = [_matched(tree, other, stored[other]) for other in same if stored[other][0].kind == "restore"]
    partners = [_matched(tree, other, stored[other]) for other in saves]
    if any(found is None for found in (*restores, *partners)):
        return site
    return SaveSite(
        tree, node, payload, function, family, what,
        tuple(found for found in restores if found is not None),
        tuple(found for found in partners if found is not None),
    )  # fmt: skip


def _matched(tree: Tree, node: ast.AST, seen: Sequence[Storing]) -> CallOfStore | None:
    """The call with the module that it is given in one place, `None` where it is given anything else."""
    held = {inner for one in seen for inner in one.held}
    direct = [inner for inner in held if inner.kind in _OBJECTS and inner.direct]
    if len(held) != 1 or not direct or not isinstance(node, ast.Call):
        return None
    payload = _payload(node, direct[0])
    return CallOfStore(tree, node, payload) if payload is not None else None


def _payload(node: ast.Call, held: Held) -> ast.expr | None:
    """The expression of the object itself, through one of orbax's arguments such as `StandardSave(model)`."""
    if not held.direct or any(isinstance(argument, ast.Starred) for argument in node.args):
        return None
    slot = held.slot.removesuffix(">")
    named = [keyword.value for keyword in node.keywords if keyword.arg == slot]
    given = node.args[int(slot)] if slot.isdigit() and int(slot) < len(node.args) else next(iter(named), None)
    if not held.slot.endswith(">"):
        return given
    if not isinstance(given, ast.Call) or len(given.args) + len(given.keywords) != 1:
        return None
    return given.args[0] if given.args else given.keywords[0].value


def _reads_same(tree: Tree, save: Storing, other: Storing) -> bool:
    """Whether two calls are of one checkpoint: of one manager, or of one path by its spelling."""
    if _family(other.name) != "orbax":
        return False
    one, two = save.place.node, other.place.node
    managers = ["CheckpointManager." in storing.name for storing in (save, other)]
    if not isinstance(one, ast.Call) or not isinstance(two, ast.Call) or managers[0] != managers[1]:
        return False
    if not managers[0]:
        return _where(tree, one) == _where(tree, two)
    return save.receiver == other.receiver or _receiver(tree, one) == _receiver(tree, two)


def _where(tree: Tree, node: ast.Call) -> str:
    named = [keyword.value for keyword in node.keywords if keyword.arg in {"directory", "path"}]
    place = node.args[0] if node.args else next(iter(named), None)
    return tree.text(place) if place is not None else ""


def _receiver(tree: Tree, node: ast.Call) -> str:
    return tree.text(node.func.value) if isinstance(node.func, ast.Attribute) else ""
