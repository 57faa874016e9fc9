"""What becomes of modules that are made: whether a container keeps those of a loop, whether weights are loaded."""

from collections.abc import Iterable, Iterator

from nnxlint.semantic.frames import Frame
from nnxlint.semantic.heap import contents, parts
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.values import Dictionary, Instance, Items, Place, Ref, Sequence, Tree, Value, members, union
from nnxlint.semantic.vocabulary import words

_LOADING = frozenset(
    "load loads loaded loading restore restores restored pretrained checkpoint import convert port transplant copy sync".split()
)


def note_holders(machine: Machine, frame: Frame, result: Value) -> None:
    """At a frame's end: the containers that hold the modules which its loops made."""
    built = frame.activation.looped
    if not built:
        return
    wanted = {one.target for one in built}
    roots = (*frame.locals.values(), result, union(frame.yields) if frame.yields else result)
    for place, held in _containers(machine, roots, Place(frame.path, frame.decl.node if frame.decl else frame.module.tree.module)):
        for target in wanted.intersection(machine.heap.reachable(held)):
            machine.log.holders.setdefault(target, set()).add(place)


def _containers(machine: Machine, roots: Iterable[Value], here: Place) -> Iterator[tuple[Place, Value]]:
    """Every list, dict and iterable in reach, with its place and each thing that it holds."""
    for root in roots:
        yield from ((here, inner.item) for inner in (root, *parts(root)) if isinstance(inner, Items))
    for target in machine.heap.reachable(*roots):
        record = machine.heap.get(target)
        if isinstance(record, Sequence | Dictionary):
            yield from ((record.place, value) for value in contents(record))
        elif isinstance(record, Instance):
            # An attribute of a computed name, and generators that were kept.
            yield from ((record.place, value) for name, value in record.attrs.items() if name == "*")
            yield from ((record.place, value.item) for value in record.attrs.values() if isinstance(value, Items))


def note_loading(machine: Machine, name: str, values: Iterable[Value]) -> None:
    """Remember the modules that went to code which loads weights, by its name."""
    if not words(name) & _LOADING:
        return
    for value in values:
        for member in members(value):
            if isinstance(member, Ref):
                machine.log.loaded.add(member.target)
            elif isinstance(member, Tree):
                machine.log.loaded.add(member.root)
