"""A project kept interpreted while its files change: what a change cannot have touched is not run again.

Every part of the project (a top level, a root) was run by itself, from the same heap, and knows the declarations
that it looked at. So after a change in one function only the parts that looked at it are run again, and after one at
the top level of a file also that top level, and the files that see another value by importing it.
"""

import ast
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from nnxlint.semantic.facts import FunctionDecl, ModuleFacts, extract
from nnxlint.semantic.flow.modules import restart_module
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.reconcile import reconciled
from nnxlint.semantic.recording import Declared, Segment
from nnxlint.semantic.run import combines, habits, is_root, room, run_module, run_pending, run_root, sets_modes
from nnxlint.semantic.segments import about, segments, whole
from nnxlint.semantic.values import ClassRef, Ref, Value
from nnxlint.syntax.graft import Graft, graft
from nnxlint.syntax.tree import Tree

# Modules that import each other are run again until nothing changes, or so often.
_VISITS = 3


@dataclass(frozen=True, slots=True)
class Changed:
    """What a change came to: `files` in which something else may be found now.

    `imports`: it imports something else, so that the files that hang together may be others now; `uprooted`: something
    that matters in all of these is done for the first time, so that only a new start tells all.
    """

    files: frozenset[str]
    imports: bool
    uprooted: bool


@dataclass(slots=True)
class Live:
    """An interpreted project whose files may change.

    `_kept` are the nodes that are no more: nodes are told apart by their identity, so none may take another's.
    Since the change: `_left` are the declarations that nobody looks at any more, `_looked` the files of parts that were
    run again.
    """

    machine: Machine
    modules: dict[str, ModuleFacts]
    _entering: Counter[Declared] = field(default_factory=Counter)
    _kept: list[ast.AST] = field(default_factory=list)
    _mentioned: set[str] = field(default_factory=set)
    _left: set[Declared] = field(default_factory=set)
    _looked: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        for part in segments(self.machine):
            self._entering.update(part.touched)
        for facts in self.modules.values():
            self._mentioned |= facts.mentioned

    def change(self, tree: Tree) -> Changed:
        """Take a file's new tree, and run again what that may have changed; what was seen is there to `focus` on."""
        path = tree.source.path
        old = self.modules[path]
        grafted = graft(old.tree, tree)
        dirty = set(_gone(old, grafted))
        facts = self.modules[path] = reconciled(old, extract(grafted.tree))
        self._kept += grafted.replaced
        self._mentioned |= facts.mentioned
        dirty |= {facts.functions[node] for node in grafted.bodies}
        files = self._rerun(path, dirty, elsewhere=grafted.elsewhere)
        return Changed(files, _imports_of(old) != _imports_of(facts), self._is_uprooted(old, facts))

    def focus(self, path: str | None = None) -> None:
        """Look back at what has to do with one file, which is quick, or at everything."""
        self.machine.look_back(whole(self.machine) if path is None else about(self.machine, path))

    def _rerun(self, path: str, dirty: set[Declared], *, elsewhere: bool) -> frozenset[str]:
        machine = self.machine
        machine.modules[path].module = self.modules[path]
        machine.log.crashes.pop(path, None)
        machine.log.incomplete.discard(path)
        machine.ran.clear()
        self._left.clear()
        self._looked.clear()
        with room():
            classes = machine.forget_classes() if elsewhere else ()
            dirty |= self._rerun_top_levels(path, dirty, elsewhere=elsewhere)
            for decl in classes:
                if self.modules[decl.path].classes.get(decl.node) is decl:
                    machine.ancestry(ClassRef(decl, machine.modules.get(decl.path)))
            self._rerun_roots(path, dirty)
        machine.forget_runs()
        return frozenset({path, *self._looked})

    def _rerun_top_levels(self, path: str, dirty: set[Declared], *, elsewhere: bool) -> set[Declared]:
        """Run the top levels that a change may have changed; all declarations whose surroundings are others now."""
        machine = self.machine
        certain = {name for name, part in machine.top_levels.items() if not part.touched.isdisjoint(dirty)}
        waiting = dict.fromkeys(([path] if elsewhere else []) + sorted(certain))
        certain.discard(path)
        visits: Counter[str] = Counter()
        found: set[Declared] = set()
        while waiting:
            name = next(iter(waiting))
            del waiting[name]
            visits[name] += 1
            # What ran while a module was imported may have made what it holds.
            names = self._rerun_module(name, certain=visits[name] == 1 and name in certain)
            found |= _declared(self.modules[name])
            for importer in self._importers(name, names) if names else ():
                found |= _declared(self.modules[importer])
                if visits[importer] < _VISITS:
                    waiting[importer] = None
        return found

    def _rerun_module(self, path: str, *, certain: bool) -> frozenset[str]:
        """Run a top level again; the names that hold something else now."""
        machine = self.machine
        frame = machine.modules[path]
        before = dict(frame.locals)
        self._forget(machine.top_levels.pop(path, None))
        for decl in self._inner(path):
            self._forget(machine.roots.pop(decl, None))
        machine.pending = [each for each in machine.pending if each[1].path != path]
        run_module(machine, path, lambda: restart_module(machine, frame))
        run_pending(machine, [each for each in machine.pending if each[1].path == path])
        self._count(machine.top_levels.get(path))
        for decl in self._inner(path):
            self._count(machine.roots.get(decl))
        names = before.keys() | frame.locals.keys()
        return frozenset(name for name in names if certain or _differs(before.get(name), frame.locals.get(name)))

    def _inner(self, path: str) -> tuple[FunctionDecl, ...]:
        """The functions inside functions that ran while a file was imported."""
        inner = (decl for decl, frame in self.machine.pending if frame.decl is not None and frame.path == path)
        return tuple(dict.fromkeys(inner))

    def _importers(self, path: str, names: frozenset[str]) -> Iterator[str]:
        """The files that import a module and mention one of the names."""
        for other, facts in self.modules.items():
            if other != path and any(self._imports(facts, node, path, names) for node in facts.imports):
                yield other

    def _imports(self, facts: ModuleFacts, node: ast.Import | ast.ImportFrom, path: str, names: frozenset[str]) -> bool:
        index = self.machine.index
        if isinstance(node, ast.Import):
            reached = any(index.resolve(facts.path, alias.name) == path for alias in node.names)
            return reached and not names.isdisjoint(facts.mentioned)
        base = node.module or ""
        listed = {alias.name for alias in node.names}
        if index.resolve(facts.path, base, node.level) == path:
            return "*" in listed or not names.isdisjoint(listed)
        inside = any(index.resolve(facts.path, f"{base}.{name}".lstrip("."), node.level) == path for name in listed)
        return inside and not names.isdisjoint(facts.mentioned)

    def _rerun_roots(self, path: str, dirty: set[Declared]) -> None:
        """Run the roots again that looked at anything dirty, and what nobody else calls now."""
        machine = self.machine
        again = {decl: part for decl, part in machine.roots.items() if not part.touched.isdisjoint(dirty)}
        stale = {
            decl for decl, parts in machine.made_up.items() if any(not one.touched.isdisjoint(dirty) for one in parts)
        }
        for part in again.values():
            self._forget(part)
        for decl in again:
            del machine.roots[decl]
        for part in (one for cls in stale for one in machine.made_up.pop(cls)):
            self._forget(part)
        kept, machine.made_up = machine.made_up, {}
        for decl in self._in_order({**again, **dict.fromkeys(self._candidates(path))}):
            self._rerun_root(decl, again.get(decl))
        for part in (one for cls in machine.made_up for one in kept.pop(cls, ())):
            self._forget(part)
        for parts in machine.made_up.values():
            for part in parts:
                self._count(part)
        machine.made_up = {**kept, **machine.made_up}

    def _candidates(self, path: str) -> Iterator[FunctionDecl]:
        """The functions that may be called by nobody any more, or are new."""
        yield from self.modules[path].functions.values()
        yield from (decl for decl in self._left if isinstance(decl, FunctionDecl))

    def _in_order(self, decls: Iterable[FunctionDecl]) -> list[FunctionDecl]:
        """Those that still stand, in the order in which a run of the whole project takes them."""
        standing = [decl for decl in decls if self.modules[decl.path].functions.get(decl.node) is decl]
        rows = {decl: (decl.name in self._mentioned, decl.path, decl.node.lineno) for decl in standing}
        return sorted(standing, key=rows.__getitem__)

    def _rerun_root(self, decl: FunctionDecl, before: Segment | None) -> None:
        machine = self.machine
        facts = self.modules[decl.path]
        inside = next((frame for inner, frame in machine.pending if inner is decl and frame.decl is not None), None)
        if decl in machine.entered or not (inside or is_root(facts, decl)):
            return
        # What runs too often does so in one run of the project: that it runs again after every change is no reason.
        worn = machine.worn
        machine.worn = dict(worn) if before is None else dict.fromkeys(islice(worn, before.worn))
        machine.ran.clear()
        if inside is None:
            run_root(machine, facts, decl)
        else:
            run_pending(machine, [(decl, inside)])
        machine.worn = worn
        self._count(machine.roots[decl])

    def _forget(self, part: Segment | None) -> None:
        if part is None:
            return
        self._looked |= part.files
        self.machine.ground.take_out(part.log.layer)
        self._entering.subtract(part.touched)
        left = {decl for decl in part.touched if self._entering[decl] <= 0}
        self._left |= left
        self.machine.entered -= left

    def _count(self, part: Segment | None) -> None:
        if part is not None:
            self._looked |= part.files
            self._entering.update(part.touched)

    def _is_uprooted(self, old: ModuleFacts, new: ModuleFacts) -> bool:
        if sets_modes(old) == sets_modes(new) and combines(old) == combines(new):
            return False
        done = habits(self.machine.index)
        return done.mode_setting != self.machine.mode_setting or done.combining != self.machine.combining


def _gone(old: ModuleFacts, grafted: Graft) -> Iterator[Declared]:
    """The declarations that stood in what is replaced."""
    for node in grafted.replaced:
        for inner in ast.walk(node):
            decl = old.functions.get(inner) or old.classes.get(inner)  # type: ignore[call-overload]
            if decl is not None:
                yield decl


def _imports_of(facts: ModuleFacts) -> list[str]:
    return [ast.dump(node) for node in facts.imports]


def _declared(facts: ModuleFacts) -> set[Declared]:
    return {*facts.functions.values(), *facts.classes.values()}


def _differs(before: Value | None, now: Value | None) -> bool:
    """Whether a name means something else; objects are told apart by where they are made, not by what they hold."""
    return before != now or isinstance(now, Ref)
