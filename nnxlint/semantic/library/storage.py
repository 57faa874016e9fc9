"""What is handed to functions that write to disk, and what `nnx.state` takes, while the objects are known."""

import ast
from collections.abc import Iterator

from nnxlint.semantic.frames import Frame
from nnxlint.semantic.library.parts import PART, holds_params
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.observe import Arguments, Filtering, Held, Storing
from nnxlint.semantic.values import (
    Array,
    ClassRef,
    Dictionary,
    External,
    Instance,
    Items,
    Place,
    Ref,
    Sequence,
    Taint,
    Tree,
    Tuple,
    Union,
    Value,
    is_none,
    members,
    taints_of,
)
from nnxlint.semantic.vocabulary import words

_FILTERED = frozenset({"flax.nnx.state", "flax.nnx.split", "flax.nnx.pop"})
_DUMPERS = ("pickle", "cloudpickle", "dill", "joblib")
_ORBAX_SAVES = frozenset({"save", "save_pytree", "save_pytree_async", "save_checkpointables"})
_ORBAX_RESTORES = frozenset({"restore", "load", "load_pytree"})
_CHECKPOINTERS = ("Checkpointer", "CheckpointManager", "v1")
_NO_PAYLOAD = frozenset({"save_args", "metrics", "custom_metadata", "force", "file", "protocol"})
_DEPTH = 5

# Where the object stands among the arguments of a function, and under which name.
_POSITIONS = {
    **{f"{top}.save": (1, "arr") for top in ("numpy", "jax.numpy")},
    **{f"{top}.dump": (0, "obj") for top in ("pickle", "_pickle", "cloudpickle", "dill")},
    **{f"{top}.dumps": (0, "obj") for top in ("pickle", "_pickle", "cloudpickle", "dill")},
    "joblib.dump": (0, "value"),
    "pickle.Pickler.dump": (0, "obj"),
    "cloudpickle.CloudPickler.dump": (0, "obj"),
    "dill.Pickler.dump": (0, "obj"),
    "flax.serialization.to_bytes": (0, "target"),
    "flax.serialization.to_state_dict": (0, "target"),
    "flax.serialization.msgpack_serialize": (0, "pytree"),
    "flax.training.checkpoints.save_checkpoint": (1, "target"),
    "flax.training.checkpoints.save_checkpoint_multiprocess": (1, "target"),
}
_ARCHIVES = frozenset(f"{top}.{name}" for top in ("numpy", "jax.numpy") for name in ("savez", "savez_compressed"))

# Streams in memory, and names of what leads to another process: no file.
_MEMORY = frozenset({"io.BytesIO", "io.BufferedWriter", "multiprocessing.connection.Connection"})
_CHANNELS = frozenset("stdin stdout sock socket conn connection pipe wfile queue channel buffer buf worker".split())
_WRITES = frozenset({"write", "write_bytes"})
_PICKLED = "pickled:"


def note_call(
    machine: Machine, frame: Frame, name: str, receiver: Value | None, arguments: Arguments, place: Place
) -> None:
    """Keep what a call stores, restores or takes out of a module."""
    if name in _FILTERED:
        _note_filtering(machine, frame, name, arguments, place)
        return
    kind = _kind(name)
    if kind is None:
        return
    held = tuple(dict.fromkeys(_held(machine, name, arguments)))
    target = receiver.target if isinstance(receiver, Ref) else -1
    to_file = not name.endswith(".dumps") and not _goes_elsewhere(machine, name, arguments, place)
    storing = Storing(place, name, kind, held, target, frame.decl, to_file)
    machine.log.add_storing(machine.next_serial(), storing)


def note_write(machine: Machine, arguments: Arguments, place: Place) -> None:
    """`file.write(blob)`: the bytes that `pickle.dumps` made reach a file after all."""
    node = place.node
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr not in _WRITES:
        return
    if words(ast.unparse(node.func.value)) & _CHANNELS:
        return
    for value in arguments.positional:
        for taint in taints_of(value):
            if taint.kind.startswith(_PICKLED):
                machine.log.mark_written(int(taint.kind.removeprefix(_PICKLED)))


def pickled(machine: Machine, name: str) -> Value | None:
    """What `pickle.dumps` gives: bytes that remember which call made them."""
    if name.partition(".")[0] in _DUMPERS and name.endswith(".dumps"):
        return Array(frozenset({Taint(f"{_PICKLED}{machine.activations + 1}")}))
    return None


def _kind(name: str) -> str | None:
    if name in _POSITIONS or name in _ARCHIVES:
        return "save"
    owner, _, last = name.rpartition(".")
    if name.startswith("orbax.") and owner.endswith(_CHECKPOINTERS):
        return "save" if last in _ORBAX_SAVES else "restore" if last in _ORBAX_RESTORES else None
    return None


def _goes_elsewhere(machine: Machine, name: str, arguments: Arguments, place: Place) -> bool:
    if not name.endswith(".dump"):
        return False
    file = arguments.get(1, "file")
    record = machine.instance(file) if file is not None else None
    if record is not None and isinstance(record.cls, External) and record.cls.name in _MEMORY:
        return True
    node = place.node
    spelled = [ast.unparse(one) for one in (*node.args[1:2], node.func)] if isinstance(node, ast.Call) else []
    return any(words(one) & _CHANNELS for one in spelled)


def _held(machine: Machine, name: str, arguments: Arguments) -> Iterator[Held]:
    for slot, value in _payloads(name, arguments):
        # One State among what a mapping holds is enough; an argument has to hold something whatever it is.
        for alternative in members(value) if slot == "**" else (value,):
            yield from _inside(machine, alternative, str(slot), direct=slot != "**", depth=0)


def _payloads(name: str, arguments: Arguments) -> Iterator[tuple[int | str, Value]]:
    if name in _POSITIONS:
        position, keyword = _POSITIONS[name]
        if position < len(arguments.positional):
            yield position, arguments.positional[position]
        elif keyword in arguments.keywords:
            yield keyword, arguments.keywords[keyword]
        return
    start = 0 if name.endswith(".load") else 1
    yield from ((start + offset, value) for offset, value in enumerate(arguments.positional[start:]))
    yield from ((key, value) for key, value in arguments.keywords.items() if key not in _NO_PAYLOAD)
    if arguments.more_positional is not None:
        yield "*", arguments.more_positional
    if arguments.more_keywords is not None:
        yield "**", arguments.more_keywords


def _inside(machine: Machine, value: Value, slot: str, *, direct: bool, depth: int) -> Iterator[Held]:
    """The modules, optimizers and states in a value, through lists, dicts, tuples and orbax's arguments."""
    if depth > _DEPTH:
        return
    match value:
        case Tree():
            yield from _tree(value, slot, direct=direct)
        case Ref():
            yield from _object(machine, value, slot, direct=direct, depth=depth)
        case Tuple():
            for item in value.items:
                yield from _inside(machine, item, slot, direct=False, depth=depth + 1)
        case Items():
            yield from _inside(machine, value.item, slot, direct=False, depth=depth + 1)
        case Union():
            yield from _alternatives(machine, value, slot, direct=direct, depth=depth)


def _alternatives(machine: Machine, value: Union, slot: str, *, direct: bool, depth: int) -> Iterator[Held]:
    """A value that may be one of several counts where each of them holds something; `None` apart."""
    found = [
        tuple(_inside(machine, member, slot, direct=direct, depth=depth))
        for member in value.members
        if is_none(member) is not True
    ]
    if found and all(found):
        for held in found:
            yield from held


def _tree(tree: Tree, slot: str, *, direct: bool) -> Iterator[Held]:
    taints = {taint.kind for taint in tree.taints}
    if PART in taints:
        return
    if (
        tree.kind in {"state", "pure"}
        or (tree.kind == "mapped" and "params" in taints)
        or (tree.kind == "grads" and tree.root >= 0)
    ):
        yield Held(tree.kind, "State", slot, direct)


def _object(machine: Machine, value: Ref, slot: str, *, direct: bool, depth: int) -> Iterator[Held]:
    record = machine.heap.get(value.target)
    match record:
        case Instance():
            yield from _instance(machine, record, slot, direct=direct, depth=depth)
        case Sequence():
            for item in (*record.items, *((record.rest,) if record.rest is not None else ())):
                yield from _inside(machine, item, slot, direct=False, depth=depth + 1)
        case Dictionary():
            for item in (*record.items.values(), *((record.rest,) if record.rest is not None else ())):
                yield from _inside(machine, item, slot, direct=False, depth=depth + 1)


def _instance(machine: Machine, record: Instance, slot: str, *, direct: bool, depth: int) -> Iterator[Held]:
    cls = record.cls
    if machine.is_module(cls):
        yield Held("module", _name(cls), slot, direct)
    elif machine.derives(cls, "flax.nnx.Optimizer"):
        yield Held("optimizer", _name(cls), slot, direct)
    elif isinstance(cls, External) and cls.name.startswith("orbax."):
        wrapped = len(record.attrs) == 1 and cls.name.endswith(("Save", "Restore"))
        for item in record.attrs.values():
            inner = f"{slot}>" if wrapped else slot
            yield from _inside(machine, item, inner, direct=direct and wrapped, depth=depth + 1)


def _name(cls: ClassRef | External) -> str:
    return cls.decl.name if isinstance(cls, ClassRef) else cls.name.rpartition(".")[2]


def _note_filtering(machine: Machine, frame: Frame, name: str, arguments: Arguments, place: Place) -> None:
    node = arguments.positional[0] if arguments.positional else arguments.keywords.get("node")
    filters = arguments.positional[1:]
    if node is None or not any(isinstance(one, External) for one in filters):
        return
    params = holds_params(machine, node)
    machine.log.filterings.append(Filtering(place, name, node, filters, params, frame.decl, frame.targets))


def construct(machine: Machine, frame: Frame, name: str, arguments: Arguments, place: Place) -> Value | None:
    """An object of a library that rules ask about by its class: orbax's, and streams in memory."""
    last = name.rpartition(".")[2]
    if not (name.startswith("orbax.") and last[:1].isupper()) and name not in _MEMORY and not _is_pickler(name):
        return None
    positional = {str(position): value for position, value in enumerate(arguments.positional)}
    return machine.allocate(frame, place.node, Instance(External(name), {**positional, **arguments.keywords}, place))


def given(machine: Machine, frame: Frame, name: str, place: Place) -> Value | None:
    """Such an object for a parameter that is annotated with its class."""
    if name.startswith("orbax.") and name.endswith(_CHECKPOINTERS):
        return machine.allocate(frame, place.node, Instance(External(name), {}, place, frozenset({"given"})), "given")
    return None


def _is_pickler(name: str) -> bool:
    return f"{name}.dump" in _POSITIONS
