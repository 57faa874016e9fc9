"""State in and out of modules: `nnx.state`, `split`, `merge`, `update`, `clone`, `pop`."""

from nnxlint.semantic.frames import Frame
from nnxlint.semantic.library.copies import copy_graph
from nnxlint.semantic.library.parts import part_of_tree
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.observe import Arguments, VariableWrite
from nnxlint.semantic.values import (
    NONE,
    UNKNOWN,
    Array,
    GraphDef,
    Items,
    Place,
    Ref,
    Taint,
    Tree,
    Tuple,
    Union,
    Unknown,
    Value,
    members,
    taints_of,
    union,
)


def state(machine: Machine, frame: Frame, arguments: Arguments, place: Place) -> Value:
    """`nnx.state(node, *filters)`: one State a filter, in a tuple when there are several."""
    node = arguments.get(0, "node")
    filters = arguments.positional[1:]
    if node is None:
        return UNKNOWN
    if len(filters) > 1:
        return Tuple(tuple(_tree(machine, node, (one,)) for one in filters))
    return _tree(machine, node, tuple(filters))


def _tree(machine: Machine, node: Value, filters: tuple[Value, ...]) -> Value:
    return union(_tree_of(machine, member, filters) for member in members(node))


def _tree_of(machine: Machine, node: Value, filters: tuple[Value, ...]) -> Value:
    match node:
        case Ref():
            return Tree("state", node.target, filters, frozenset({Taint("params", node.target)}))
        case Tree():
            return Tree(node.kind, node.root, filters, node.taints)
    return Tree("state", -1, filters, taints_of(node) | {Taint("params")})


def split(machine: Machine, frame: Frame, arguments: Arguments, place: Place) -> Value:
    """`nnx.split(node, *filters)`: the graph definition keeps the modes of this moment."""
    node = arguments.get(0, "node")
    filters = arguments.positional[1:]
    if node is None:
        return UNKNOWN
    definition = union(_definition(machine, frame, member, place) for member in members(node))
    states = [_tree(machine, node, (one,)) for one in filters] or [_tree(machine, node, ())]
    if arguments.more_positional is not None:
        return Items(union((definition, *states)))
    return Tuple((definition, *states))


def _definition(machine: Machine, frame: Frame, node: Value, place: Place) -> Value:
    if not isinstance(node, Ref | Tuple):
        return Unknown(reason="split of something that is not known")
    copied = copy_graph(machine, frame, node, place, tag="split", variables=False)
    # Several modules split at once are kept in a tuple around them: `nnx.split((model, optimizer))`.
    return GraphDef(copied.target) if isinstance(copied, Ref) else Tuple((copied,))


def graph_definition(machine: Machine, frame: Frame, arguments: Arguments, place: Place) -> Value:
    """`nnx.graphdef(node)`: the static half of a split."""
    halves = split(machine, frame, arguments, place)
    return halves.items[0] if isinstance(halves, Tuple) else UNKNOWN


def merge(machine: Machine, frame: Frame, arguments: Arguments, place: Place) -> Value:
    """`nnx.merge(graphdef, *states)`: an object with the modes that the split kept."""
    definition = arguments.get(0, "graphdef")
    if definition is None:
        return UNKNOWN
    return union(_merged(machine, frame, member, place) for member in members(definition))


def _merged(machine: Machine, frame: Frame, definition: Value, place: Place) -> Value:
    match definition:
        case GraphDef():
            return copy_graph(machine, frame, Ref(definition.root), place, tag="merged", variables=False)
        case Tuple(items=(Tuple() as nodes,)):
            return copy_graph(machine, frame, nodes, place, tag="merged", variables=False)
    return Unknown(reason="merged from a graph definition that is not known")


def merge_states(machine: Machine, frame: Frame, arguments: Arguments, place: Place) -> Value:
    """`nnx.State.merge(state, *states)`: each array is that of one of the states, computed from none."""
    return union(arguments.positional) if arguments.positional else UNKNOWN


def clone(machine: Machine, frame: Frame, arguments: Arguments, place: Place) -> Value:
    """`nnx.clone(node)`: a copy with Variables of its own."""
    node = arguments.get(0, "node")
    if node is None:
        return UNKNOWN
    if isinstance(node, Tree):
        return Tree(node.kind, -1, node.filters, frozenset(one for one in node.taints if one.kind != "params"))
    return copy_graph(machine, frame, node, place, tag="clone", variables=True)


def update(machine: Machine, frame: Frame, arguments: Arguments, place: Place) -> Value:
    """`nnx.update(node, state, *states)`: logged as a write of the node's whole state."""
    node = arguments.get(0, "node")
    given = arguments.positional[1:] or tuple(arguments.keywords.values())
    for state in given:
        for member in members(node) if node is not None else ():
            for value in members(state):
                _log_update(machine, frame, member, value, place)
    return NONE


def _log_update(machine: Machine, frame: Frame, node: Value, value: Value, place: Place) -> None:
    root = node.target if isinstance(node, Ref) else -1
    record = machine.instance(node)
    tags = record.tags if record is not None else frozenset()
    taints = taints_of(value)
    itself = any(taint.kind in {"params", "read"} for taint in taints)
    if not any(taint.kind in {"grad", "updates"} for taint in taints):
        machine.log.loaded.add(root)
    decl = frame.decl
    machine.log.writes.append(
        VariableWrite(place, root, "module", "nnx.update", value, decl, decl.owner if decl else None, tags, itself)
    )


def pure_dict(arguments: Arguments) -> Value:
    """`nnx.to_pure_dict(state)`: a nested dict of the same arrays."""
    given = arguments.get(0, "state")
    if isinstance(given, Tree):
        return Tree("pure", given.root, given.filters, given.taints)
    if isinstance(given, Union):
        return union(pure_dict(Arguments((member,))) for member in given.members)
    return Tree("pure", -1, (), taints_of(given) if given is not None else frozenset())


def tree_map(machine: Machine, frame: Frame, arguments: Arguments, place: Place) -> Value:
    """`jax.tree.map(f, *trees)`: the function runs once on leaves of the trees."""
    function = arguments.get(0, "f")
    trees = arguments.positional[1:]
    if function is None or not trees:
        return UNKNOWN
    leaves = tuple(leaf(machine, tree) for tree in trees)
    result = machine.call(machine, frame, function, Arguments(leaves), place)
    taints = taints_of(result)
    root = next((tree.root for tree in trees if isinstance(tree, Tree)), -1)
    first = trees[0]
    if any(isinstance(tree, Tree | Array | Ref) for tree in trees):
        filters = first.filters if isinstance(first, Tree) else ()
        return Tree("mapped", root, filters, taints)
    return Unknown(taints, "mapped over a tree that is not known")


def leaf(machine: Machine, tree: Value) -> Value:
    """What a function mapped over a tree gets of it."""
    match tree:
        case Tree() | Array():
            return Array(tree.taints)
        case Ref():
            record = machine.instance(tree)
            if record is not None and machine.is_module(record.cls):
                return Array(frozenset({Taint("params", tree.target)}))
            return UNKNOWN
        case Union():
            return union(leaf(machine, member) for member in tree.members)
    return Unknown(taints_of(tree))


def leaves(machine: Machine, name: str, arguments: Arguments) -> Value:
    """`jax.tree.leaves(tree)`, `jax.tree.flatten(tree)`."""
    tree = arguments.get(0, "tree")
    found = Items(leaf(machine, tree)) if tree is not None else UNKNOWN
    return Tuple((found, UNKNOWN)) if name.endswith("flatten") else found


def call_tree_method(machine: Machine, tree: Tree, name: str, arguments: Arguments) -> Value:
    """A method of a State or of a dict of its arrays."""
    one = Tree(tree.kind, tree.root, tree.filters, tree.taints)
    if name == "flat_state":
        return Items(Tuple((Unknown(reason="a path"), Array(tree.taints))))
    if name == "items":
        return Items(Tuple((Unknown(reason="a path"), part_of_tree(machine, tree, None))))
    if name == "values":
        return Items(part_of_tree(machine, tree, None))
    if name == "to_pure_dict":
        return Tree("pure", tree.root, tree.filters, tree.taints)
    if name in {"get", "pop"}:
        return part_of_tree(machine, tree, arguments.get(0, "key"))
    if name in {"filter", "copy", "raw_mapping", "merge", "replace", "map", "get_value"}:
        return one
    if name == "split":
        return Tuple(tuple(one for _ in arguments.positional)) if len(arguments.positional) > 1 else one
    if name == "update":
        return NONE
    return Array(tree.taints)


def iterate_graph(machine: Machine, frame: Frame, arguments: Arguments, place: Place) -> Value:
    """`nnx.iter_graph(node)`, `iter_modules`: pairs of a path and any object inside."""
    node = arguments.get(0, "node")
    reached = machine.heap.reachable(node) if node is not None else ()
    inside = [Ref(target) for target in reached if machine.instance(Ref(target)) is not None]
    held = union(inside) if inside else UNKNOWN
    return Items(Tuple((Unknown(reason="a path"), held)))
