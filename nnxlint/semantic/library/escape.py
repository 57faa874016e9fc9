"""Objects that reach code that nothing is known of."""

from collections.abc import Iterable
from dataclasses import replace

from nnxlint.semantic.machine import Machine
from nnxlint.semantic.values import Const, Instance, Unknown, Value
from nnxlint.semantic.vocabulary import evaluating


def escape(machine: Machine, values: Iterable[Value]) -> None:
    """Forget the modes of every module that the values reach: unknown code may set them."""
    for target in machine.heap.reachable(*values):
        record = machine.heap.get(target)
        if not isinstance(record, Instance):
            continue
        changed = {
            name: Unknown(reason="unknown code may have set the mode")
            for name, value in record.attrs.items()
            if isinstance(value, Const)
            and isinstance(value.value, bool)
            and evaluating(name, machine.mode_flags, value=True) is not None
        }
        if changed and machine.is_module(record.cls):
            machine.heap.write(target, replace(record, attrs={**record.attrs, **changed}))
        if machine.derives(record.cls, "flax.nnx.Rngs"):
            machine.log.escaped.add(target)
        if machine.derives(record.cls, "flax.nnx.Rngs") and "escaped" not in record.tags:
            machine.heap.write(target, replace(machine.heap.records[target], tags=record.tags | {"escaped"}))  # type: ignore[arg-type]
