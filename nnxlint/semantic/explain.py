"""What `nnxlint why` tells of a row: every object and call there, and the inferences that lead to it."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from nnxlint.semantic.facts import ModuleFacts
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.observe import (
    Construction,
    LayerUse,
    LibraryCall,
    ModelCall,
    RngsMade,
    Step,
    StreamDraw,
)
from nnxlint.semantic.values import (
    ClassRef,
    Const,
    External,
    FlagAttribute,
    FlagDefault,
    FlagLiteral,
    Origin,
    Place,
    Value,
)

_MOST_CHAINS = 3


def explain_row(facts: ModuleFacts, machine: Machine, row: int) -> Iterator[str]:
    """Lines about the calls and objects of a row (from 1), each once."""
    row_ = _Row(facts.path, row)
    yield from dict.fromkeys(
        (
            *_model_calls(machine, row_),
            *_constructions(machine, row_),
            *_all_rngs(machine, row_),
            *_library_calls(machine, row_),
            *_variables(machine, row_),
            *_unknown_calls(facts, machine, row_),
            *_classes(facts, machine, row_),
        )
    )


class _Row:
    """A row of a file, to ask whether a place starts there."""

    def __init__(self, path: str, row: int) -> None:
        self._path = path
        self._row = row

    def __contains__(self, place: Place) -> bool:
        return place.path == self._path and self.holds(place.node)

    def holds(self, node: ast.AST) -> bool:
        """Whether a node of the file starts on the row."""
        return getattr(node, "lineno", None) == self._row


def _model_calls(machine: Machine, row: _Row) -> Iterator[str]:
    calls = [call for call in machine.seen.model_calls if call.place in row]
    for call in calls:
        yield f"`{_text(call.place.node)}` calls a module of class `{_name(call.cls)}`{_built(machine, call.target)}"
        yield from (f"  reaches {_use(use)}" for use in call.uses)
    for call in calls[:_MOST_CHAINS]:
        yield from _chain(call)


def _chain(call: ModelCall) -> Iterator[str]:
    inner = call.chain[0]
    what = ["trains" if inner.activation.trains else "", "takes a gradient" if inner.differentiated else ""]
    does = " and ".join(one for one in what if one) or "does not train"
    yield f"  runs in `{inner.function}`, which {does}{_signs(inner)}"
    for step in call.chain[1:]:
        yield f"  which is called in `{step.function}` at {_where(step.place)}{_signs(step)}"
    if call.chain[-1].activation.incomplete:
        yield "  not every path was followed to its end here"


def _signs(step: Step) -> str:
    return f" (signs of evaluation: {', '.join(sorted(step.signs))})" if step.signs else ""


def _use(use: LayerUse) -> str:
    mode = {True: "in training mode", False: "in evaluation mode", None: "in a mode that is not known"}[use.training]
    sure = "" if use.certain else ", on some paths"
    return f"`{_short(use.layer)}` at {_where(use.place)} {mode}{_origin(use.origin)}{sure}"


def _origin(origin: Origin | None) -> str:
    match origin:
        case FlagDefault():
            place = _where(origin.place)
            return f", because the call at {place} leaves `{origin.parameter}` of `{origin.function}` to its default"
        case FlagAttribute():
            return f", as its attribute `{origin.name}` says"
        case FlagLiteral():
            return f", as the call at {_where(origin.place)} says"
    return ""


def _constructions(machine: Machine, row: _Row) -> Iterator[str]:
    for made in machine.seen.constructions:
        if made.place not in row:
            continue
        times = ", in a loop" if made.loop_depth else ""
        shape = ", without numbers (`eval_shape`)" if made.abstract else ""
        yield f"`{_text(made.place.node)}` builds a module of class `{_name(made.cls)}`{times}{shape}"
        yield from _taken_rngs(machine, made)


def _taken_rngs(machine: Machine, made: Construction) -> Iterator[str]:
    for number in made.rngs:
        source = machine.seen.newest_rngs(number)
        if source is not None:
            yield f"  from the Rngs made at {_where(source.place)}"
        drawn = sorted({draw.stream for draw in machine.seen.draws_of(number)})
        if drawn:
            yield f"  of which these streams are drawn: {', '.join(drawn)}"


def _all_rngs(machine: Machine, row: _Row) -> Iterator[str]:
    for made in (made for listed in machine.seen.rngs.values() for made in listed):
        if made.place in row:
            yield f"`{_text(made.place.node)}` makes an Rngs with {_streams(made)}"
    for draw in machine.seen.draws:
        if draw.place in row:
            yield _draw(draw)


def _streams(made: RngsMade) -> str:
    named = ", ".join(f"`{name}`" for name in made.seeds) or "no stream"
    return f"{named} and others that are not known" if made.is_open else f"the streams {named}"


def _draw(draw: StreamDraw) -> str:
    state = {True: "missing", False: "there", None: "not known to be there"}[draw.missing]
    return f"the stream `{draw.stream}` is needed by {draw.by}, and is {state}"


def _library_calls(machine: Machine, row: _Row) -> Iterator[str]:
    for call in machine.seen.library_calls:
        if call.place in row:
            yield f"`{_text(call.place.node)}` calls `{_short(call.name)}`{_receiver(machine, call)}"
            yield from (f"  under `{_short(transform)}`" for transform in call.transforms)


def _receiver(machine: Machine, call: LibraryCall) -> str:
    record = machine.instance(call.receiver) if call.receiver is not None else None
    return f" of a `{_name(record.cls)}` made at {_where(record.place)}" if record is not None else ""


def _variables(machine: Machine, row: _Row) -> Iterator[str]:
    for declared in machine.seen.declarations:
        if declared.place in row:
            kind = "a bare array" if declared.kind == "array" else f"a `{_short(declared.kind)}`"
            yield f"`{declared.owner.name}.{declared.attribute}` is {kind}{_sources(declared.taints)}"
    for write in machine.seen.writes:
        if write.place in row:
            sources = _sources(_taints(write.value))
            yield f"a `{_short(write.kind) or 'Variable'}` gets a new value by `{write.how}`{sources}"
    for read in machine.seen.reads:
        if read.place in row:
            yield f"`{_text(read.place.node)}` reads a Variable{', behind stop_gradient' if read.stopped else ''}"


def _taints(value: Value) -> Iterable[tuple[str, int]]:
    return getattr(value, "taints", ())


def _sources(taints: Iterable[tuple[str, int]]) -> str:
    kinds = sorted({kind for kind, _ in taints})
    return f" (its value comes from: {', '.join(kinds)})" if kinds else ""


def _unknown_calls(facts: ModuleFacts, machine: Machine, row: _Row) -> Iterator[str]:
    """Calls of what is not known, with the reason, and calls that were never run."""
    for node in ast.walk(facts.tree.module):
        if not isinstance(node, ast.Call) or not row.holds(node):
            continue
        seen = machine.seen.calls_seen.get(node)
        if seen is None:
            yield f"`{_text(node)}` was never run"
        elif seen[0] == "unknown":
            yield f"what `{_text(node.func)}` calls is not known: {seen[1] or 'nothing leads to it'}"
        elif seen[0] == "function":
            yield f"`{_text(node)}` calls the project's `{seen[1]}`"


def _classes(facts: ModuleFacts, machine: Machine, row: _Row) -> Iterator[str]:
    for decl in facts.classes.values():
        if not row.holds(decl.node):
            continue
        cls = ClassRef(decl, machine.modules.get(decl.path))
        found = machine.library_class(cls)
        what = f"is a `{_short(found.name)}`" if found is not None else "is no class of NNX, as far as is known"
        bases = "; a base class of it is not known" if machine.is_open(cls) else ""
        yield f"`{decl.name}` {what}{bases}"


def _built(machine: Machine, target: int) -> str:
    for made in machine.seen.constructions:
        if made.target == target:
            return f", built at {_where(made.place)}"
    return ", made up from what a parameter or `self` is known to be"


def _name(cls: ClassRef | External | Value) -> str:
    match cls:
        case ClassRef():
            return cls.decl.name
        case External():
            return _short(cls.name)
        case Const():
            return str(cls.value)
    return "a class that is not known"


def _short(name: str) -> str:
    return name.replace("flax.nnx.", "nnx.", 1)


def _where(place: Place) -> str:
    return f"{PurePosixPath(place.path).name}:{getattr(place.node, 'lineno', 1)}"


def _text(node: ast.AST) -> str:
    """The node's text in one line, shortened."""
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004
