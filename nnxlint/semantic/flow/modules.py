"""The project's modules: run once when they are first looked at, and looked up by name."""

import ast

from nnxlint.semantic.facts import ModuleFacts
from nnxlint.semantic.frames import Frame
from nnxlint.semantic.library.holding import note_holders
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.segments import segment
from nnxlint.semantic.values import UNKNOWN, External, ModuleRef, Taint, Unknown, Value

# Names of these libraries never mean files of the project, not even when the project is the library itself:
# what they do is known from the tables and handlers.
LIBRARIES = frozenset("flax jax jaxlib optax orbax numpy".split())


def module_frame(machine: Machine, path: str) -> Frame | None:
    """The frame of a module's top level, run now if it was not yet."""
    known = machine.modules.get(path)
    facts = machine.index.modules.get(path)
    if known is not None or facts is None:
        return known
    frame = Frame(facts, None, machine.context(0, facts.tree.module))
    machine.modules[path] = frame
    restart_module(machine, frame)
    return frame


def restart_module(machine: Machine, frame: Frame) -> None:
    """Run a module's top level in its frame, for the first time or again, as a segment of its own."""
    frame.locals.clear()
    frame.locals.update(__name__=UNKNOWN, __file__=UNKNOWN)
    frame.rebound = set(frame.module.globals)
    stopping, machine.stopping = machine.stopping, 0
    with segment(machine) as part:
        machine.top_levels[frame.path] = part
        try:
            machine.execute(machine, frame, frame.module.tree.module.body)
            note_holders(machine, frame, UNKNOWN)
        except Exception:
            part.log.cut()
            raise
        finally:
            machine.ground.lay(part.log.layer)
    machine.stopping = stopping


def module_member(machine: Machine, path: str, name: str) -> Value | None:
    """A name of a module: what its top level bound, a declaration not reached yet, or a submodule."""
    frame = module_frame(machine, path)
    if frame is not None:
        if name in frame.locals:
            if name in frame.rebound:
                machine.note_outer(frame, name, frame.locals[name])
            return frame.locals[name]
        late = _declare_early(machine, frame, name)
        if late is not None:
            return late
    found = machine.index.submodule(path, name)
    return ModuleRef(found) if found is not None else None


def _declare_early(machine: Machine, frame: Frame, name: str) -> Value | None:
    """Modules that import each other see declarations that their top levels have not reached."""
    statement = frame.module.top_level.get(name)
    if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom):
        return None
    key = (frame.path, name)
    if key in machine.declaring:
        return None
    machine.declaring.add(key)
    machine.execute(machine, frame, [statement])
    machine.declaring.discard(key)
    return frame.locals.get(name)


def import_module(machine: Machine, importer: str, name: str, level: int = 0) -> Value:
    """What `import name` gives: a module of the project, or a library's by its dotted name."""
    if not level and name.partition(".")[0] in LIBRARIES:
        return External(canonical(machine, name))
    found = machine.index.resolve(importer, name, level)
    if found is not None:
        return ModuleRef(found)
    return Unknown(reason="import not found") if level else External(name)


def member_of(machine: Machine, module: Value, name: str) -> Value:
    """`module.name` for a module of the project or of a library."""
    match module:
        case ModuleRef():
            found = module_member(machine, module.path, name)
            return found if found is not None else Unknown(reason=f"`{name}` is not defined in {module.path}")
        case External():
            if name == "__version__":
                return Unknown(frozenset({Taint("version")}), "a version")
            return External(canonical(machine, f"{module.name}.{name}"))
    return UNKNOWN


def canonical(machine: Machine, name: str) -> str:
    """A library's dotted name as the tables and handlers spell it."""
    if name.startswith("flax."):
        return machine.api.canonical(name) or _any_version(name)
    for alias, target in _ALIASES:
        if name == alias or name.startswith(f"{alias}."):
            return target + name.removeprefix(alias)
    return name


def _any_version(name: str) -> str:
    """Names that the targeted Flax lacks keep their meaning where only their place differs."""
    return name.replace("flax.experimental.nnx", "flax.nnx", 1)


_ALIASES = (
    ("jax.tree_util.tree_map", "jax.tree.map"),
    ("jax.tree_map", "jax.tree.map"),
    ("jax.tree_util.tree_leaves", "jax.tree.leaves"),
    ("jax.tree_leaves", "jax.tree.leaves"),
    ("jax.tree_util.tree_map_with_path", "jax.tree.map_with_path"),
    ("jax.api.", "jax."),
    ("np", "numpy"),
    ("jnp", "jax.numpy"),
    ("orbax.checkpoint.checkpointers.Checkpointer", "orbax.checkpoint.Checkpointer"),
)


def star_names(facts: ModuleFacts, frame: Frame) -> list[str]:
    """The names that `from module import *` brings: `__all__` where it is a plain list, else the public ones."""
    exported = facts.top_level.get("__all__")
    if isinstance(exported, ast.Assign) and isinstance(exported.value, ast.List | ast.Tuple):
        return [
            node.value for node in exported.value.elts if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ]
    return [name for name in {*facts.top_level, *frame.locals} if not name.startswith("_")]
