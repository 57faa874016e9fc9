"""What becomes of modules: whether a container keeps those of a loop, whether weights are loaded."""

import functools
from collections.abc import Iterable, Iterator

from nnxlint.semantic.frames import Frame
from nnxlint.semantic.heap import contents, parts
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.observe import Arguments, Holder
from nnxlint.semantic.values import (
    Dictionary,
    Instance,
    Items,
    Place,
    Ref,
    Sequence,
    Tree,
    Value,
    members,
    union,
)
from nnxlint.semantic.vocabulary import words

_LOADING = frozenset(
    """load loads loaded loading restore restores restored pretrained checkpoint import convert port transplant copy
    sync""".split()
)


def note_holders(machine: Machine, frame: Frame, result: Value) -> None:
    """At a frame's end: the containers that hold the modules which its loops made."""
    built = frame.activation.looped
    if not built:
        return
    wanted = {one.target for one in built}
    roots = (*frame.locals.values(), result, union(frame.yields) if frame.yields else result)
    whole = frame.decl.node if frame.decl is not None else frame.module.tree.module
    here = Holder(Place(frame.path, whole), -1)
    for holder, held in _containers(machine, roots, here):
        for target in wanted.intersection(machine.heap.reachable(held)):
            machine.log.holders.setdefault(target, set()).add(holder)


def _containers(machine: Machine, roots: Iterable[Value], here: Holder) -> Iterator[tuple[Holder, Value]]:
    """Every list, dict and iterable in reach, with each thing that it holds."""
    for root in roots:
        yield from ((here, inner.item) for inner in (root, *parts(root)) if isinstance(inner, Items))
    for target in machine.heap.reachable(*roots):
        record = machine.heap.get(target)
        if isinstance(record, Sequence | Dictionary):
            yield from ((Holder(record.place, target), value) for value in contents(record))
        elif isinstance(record, Instance):
            # An attribute of a computed name, and generators that were kept.
            holder = Holder(record.place, target)
            yield from ((holder, value) for name, value in record.attrs.items() if name == "*")
            yield from ((holder, value.item) for value in record.attrs.values() if isinstance(value, Items))


@functools.lru_cache(maxsize=65536)
def _names_loading(name: str) -> bool:
    return bool(words(name) & _LOADING)


def note_loading(machine: Machine, name: str, arguments: Arguments, bound: Value | None = None) -> None:
    """Remember the modules that went to code which loads weights, by its name; `bound`: whose method it is."""
    if not _names_loading(name):
        return
    for value in arguments.values() if bound is None else (bound, *arguments.values()):
        for member in members(value):
            if isinstance(member, Ref):
                machine.log.loaded.add(member.target)
            elif isinstance(member, Tree):
                machine.log.loaded.add(member.root)
