"""Parts of states: what `state["head"]` is, and which objects hold modules or Params at all."""

from nnxlint.semantic.heap import contents
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.values import (
    Array,
    Const,
    Dictionary,
    External,
    Instance,
    Literal,
    Record,
    Ref,
    Sequence,
    Taint,
    Tree,
    Union,
    Unknown,
    Value,
    members,
    union,
)

PART = "part"
"""The kind of taint of a tree that may be one array as well as a State: something taken out of a State."""

_LAYER_LEAVES = frozenset("kernel bias scale embedding mean var lora_a lora_b count key".split())
_COMBINED = "flax.nnx.ModelAndOptimizer"
_PARAMLESS_LAYERS = frozenset({"flax.nnx.Dropout", "flax.nnx.Sequential", "flax.nnx.identity"})


def part_of_tree(machine: Machine, tree: Tree, key: Value | None) -> Value:
    """What a State, or a dict made of one, holds under a key (`None`: under any)."""
    unsure = Tree(tree.kind, tree.root, tree.filters, tree.taints | {Taint(PART)})
    record = machine.heap.get(tree.root)
    if tree.kind not in {"state", "pure"} or Taint(PART) in tree.taints or record is None:
        return unsure
    is_layer = (
        isinstance(record, Instance) and isinstance(record.cls, External) and not holds_modules(machine, tree.root)
    )
    if is_layer and (key is None or (isinstance(key, Const) and key.value in _LAYER_LEAVES)):
        return Array(tree.taints)
    if key is None:
        inside = [member for held in contents(record) for member in members(held) if _is_state(machine, member)]
        return union(_taken(machine, tree, member, unsure) for member in inside) if inside else unsure
    inner = _attribute(record, key.value) if isinstance(key, Const) else None
    return union(_taken(machine, tree, member, unsure) for member in members(inner)) if inner is not None else unsure


def _is_state(machine: Machine, value: Value) -> bool:
    """Whether a state has an entry for this attribute: a Variable, a module, or a list or dict of them."""
    record = machine.heap.get(value.target) if isinstance(value, Ref) else None
    if isinstance(record, Instance):
        return machine.is_variable(record.cls) or machine.is_module(record.cls)
    return record is not None and any(_is_state(machine, held) for held in contents(record))


def _attribute(record: Record | None, key: Literal) -> Value | None:
    match record:
        case Instance() if isinstance(key, str):
            return record.attrs.get(key)
        case Dictionary():
            return record.items.get(key)
        case Sequence() if isinstance(key, int) and key >= 0:
            return record.items[key] if key < len(record.items) else record.rest
    return None


def _taken(machine: Machine, tree: Tree, inner: Value, unsure: Tree) -> Value:
    record = machine.heap.get(inner.target) if isinstance(inner, Ref) else None
    if isinstance(record, Instance) and machine.is_variable(record.cls):
        return Array(tree.taints)
    if isinstance(inner, Ref) and record is not None:
        return Tree(tree.kind, inner.target, tree.filters, tree.taints)
    return unsure


def holds_modules(machine: Machine, target: int) -> bool:
    """Whether an object has modules as parts, so that its state is nested."""
    record = machine.heap.get(target)
    held = machine.heap.reachable(*record.attrs.values()) if isinstance(record, Instance) else ()
    return any(_is_module(machine, inner) for inner in held)


def _is_module(machine: Machine, target: int) -> bool:
    record = machine.heap.get(target)
    return isinstance(record, Instance) and machine.is_module(record.cls)


def holds_params(machine: Machine, value: Value) -> bool | None:
    """Whether the objects that a value reaches hold a Param; `None` when that is not known."""
    record = machine.instance(value)
    if record is not None and _is_optimizer(machine, record):
        return False  # it refers to the model in our books alone
    answers: set[bool | None] = set()
    for target in machine.heap.reachable(value) if isinstance(value, Ref | Union) else ():
        answers.add(_is_param(machine, machine.heap.get(target)))
        answers.update(None for held in _held(machine.heap.get(target)) if isinstance(held, Unknown))
    if not answers or None in answers:
        return True if True in answers else None
    return True in answers


def _is_optimizer(machine: Machine, record: Instance) -> bool:
    return machine.derives(record.cls, "flax.nnx.Optimizer") and not machine.derives(record.cls, _COMBINED)


def _held(record: Record | None) -> tuple[Value, ...]:
    match record:
        case Instance():
            return tuple(value for name, value in record.attrs.items() if name not in {"rngs", "value"})
        case Sequence():
            return (*record.items, *((record.rest,) if record.rest is not None else ()))
        case Dictionary():
            return (*record.items.values(), *((record.rest,) if record.rest is not None else ()))
    return ()


def _is_param(machine: Machine, record: Record | None) -> bool | None:
    if not isinstance(record, Instance) or machine.derives(record.cls, "flax.nnx.Rngs"):
        return False
    if record.tags & {"open"} or machine.is_open(record.cls):
        return None
    if machine.derives(record.cls, "flax.nnx.Param"):
        return True
    if not isinstance(record.cls, External):
        return False
    return machine.is_module(record.cls) and record.cls.name not in _PARAMLESS_LAYERS
