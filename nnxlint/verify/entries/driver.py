"""The Python that calls an entry: functions that are appended to a copy of the entry's module, and their case.

Rows above keep their numbers, and both programs of a comparison get the same functions.
"""

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from nnxlint.verify.entries.asking import Arrays, Made, Order, Plain
from nnxlint.verify.entries.batches import assembled, leaves
from nnxlint.verify.entries.references import RESOLVE, CannotMakeError
from nnxlint.verify.protocol import ArraySpec, Case, Maker, Probe

CALL = "_nnxlint_entry"
_MAKE = "_nnxlint_make_"
_TARGET = "_nnxlint_target"

SUPPORT = "_nnxlint"

_PROLOGUE = f"""

# What follows was appended by nnxlint, to call the code above.
from nnxlint.verify.child import support as {SUPPORT}
"""


@dataclass(frozen=True, slots=True)
class Driver:
    """Python to append, the case that goes by it, and for each of its inputs the name that the code gives it."""

    code: str
    case: Case
    unsolved: dict[str, str]


def driver_of(
    order: Order, name: str, named: Callable[[str, str], str], known: Mapping[str, ArraySpec] | None = None
) -> Driver:
    """The driver of an entry that gets what the order says; of the case's inputs only `known` ones have shapes yet.

    `named` gives an expression for a name at the top level of a file.
    """
    inputs = dict(known or {})
    made = [each for each in (order.receiver, *order.ingredients) if isinstance(each, Made)]
    arrays = dict(_inputs(order))
    parts = (_PROLOGUE, *map(_maker, made), _target(order, named), _entry(order, made, arrays))
    code = "\n\n".join(part for part in parts if part)
    case = Case(
        name=name,
        objects={each.name: Maker(f"{_MAKE}{each.name}", _needs(each)) for each in made},
        inputs=inputs,
        probes=(Probe(CALL, (*(each.name for each in made), *arrays)),),
    )
    return Driver(f"{code}\n", case, {each: hint for each, hint in arrays.items() if each not in inputs})


def forward_of(order: Order, name: str) -> tuple[str, dict[str, str]]:
    """A function `name` that calls the order's receiver with arrays alone, and the names of these; more is refused."""
    if any(isinstance(each, Made) for each in order.ingredients) or order.receiver is None:
        message = f"`{order.entry.name}` takes more than arrays"
        raise CannotMakeError(message)
    unsolved = dict(_inputs(order))
    inside = "\n".join(f"    {line}" for line in _body(order))
    given = ", ".join((order.receiver.name, *unsolved))
    return f"\n\ndef {name}({given}):\n{inside}\n", unsolved


def _inputs(order: Order) -> Iterator[tuple[str, str]]:
    for each in order.ingredients:
        if isinstance(each, Arrays):
            yield from ((name, leaf.hint) for name, leaf in leaves(each.data, each.name))


def _needs(made: Made) -> tuple[str, ...]:
    return () if made.of is None else (made.of,)


def _maker(made: Made) -> str:
    parameter = "" if made.of is None else "model"
    return f"\ndef {_MAKE}{made.name}({parameter}):\n    return {made.code}"


def _target(order: Order, named: Callable[[str, str], str]) -> str:
    """A function that gives what is called, under a name that no parameter hides."""
    entry = order.entry
    if order.receiver is not None:
        return ""
    code = named(entry.path, entry.decl.name if entry.owner is None else entry.owner.name)
    return f"\ndef {_TARGET}():\n    return {code}"


def _entry(order: Order, made: list[Made], unsolved: dict[str, str]) -> str:
    given = ", ".join((*(each.name for each in made), *unsolved))
    return f"\ndef {CALL}({given}):\n" + "\n".join(f"    {line}" for line in _body(order))


def _body(order: Order) -> Iterator[str]:
    decl, receiver = order.entry.decl, order.receiver
    if receiver is not None and decl.name == "__init__":
        yield f"return {receiver.name}"
        return
    if receiver is not None:
        callee = receiver.name if decl.name == "__call__" else f"{receiver.name}.{decl.name}"
    else:
        callee = f"{_TARGET}()" if order.entry.owner is None else f"{_TARGET}().{decl.name}"
    call = f"{callee}({', '.join(_arguments(order))})"
    if isinstance(decl.node, ast.AsyncFunctionDef):
        call = f'{RESOLVE}("asyncio.run")({call})'
    elif decl.is_generator:
        call = f"list({call})"
    yield f"return {call}"


def _arguments(order: Order) -> Iterator[str]:
    for each in order.ingredients:
        match each:
            case Made():
                code = each.name
            case Plain():
                code = each.code
            case Arrays():
                code = assembled(each.data, each.name)
        yield code if each.name in order.positional else f"{each.name}={code}"
