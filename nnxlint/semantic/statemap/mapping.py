"""The state map of a project: every module class, from the objects that were seen of it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from nnxlint.semantic.facts import ClassDecl
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.observe import Built, ModelCall, Watched
from nnxlint.semantic.statemap.changes import changes_by_class, homes_of, qualified_function
from nnxlint.semantic.statemap.data import (
    Called,
    Change,
    ClassState,
    Draw,
    Flag,
    Held,
    Location,
    StateMap,
    Totals,
    combined_mode,
)
from nnxlint.semantic.statemap.drawing import draws_by_class
from nnxlint.semantic.statemap.merging import merged_parts, totals_of, totals_of_all
from nnxlint.semantic.statemap.naming import location, name_span, qualified
from nnxlint.semantic.statemap.objects import Reader
from nnxlint.semantic.statemap.sources import Sources, read_sources
from nnxlint.semantic.statemap.steering import flags_of
from nnxlint.semantic.values import ClassRef, External


def state_map(machine: Machine) -> StateMap:
    """The state of every module class of a project that was analysed with `watched=True`; empty of others."""
    return machine.once(_state_map)


def objects_of(machine: Machine) -> Mapping[int, Held]:
    """Every object that was built or seen, by its number, as it was when it was built."""
    return machine.once(_objects_of)


def sources_of(machine: Machine) -> Sources:
    """What the text of the module classes tells."""
    return machine.once(read_sources)


def _objects_of(machine: Machine) -> Mapping[int, Held]:
    watched = machine.seen.watched or Watched()
    declared = sources_of(machine).declared
    read = ((number, Reader(machine, built.parts, declared).whole(number)) for number, built in watched.built.items())
    return {number: held for number, held in read if held is not None}


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    """What was seen of all classes."""

    built: Mapping[ClassDecl, list[Built]]
    calls: Mapping[ClassDecl, list[ModelCall]]
    draws: Mapping[ClassDecl, tuple[Draw, ...]]
    flags: Mapping[ClassDecl, tuple[Flag, ...]]
    changes: Mapping[ClassDecl, tuple[Change, ...]]


def _state_map(machine: Machine) -> StateMap:
    watched = machine.seen.watched
    if watched is None:
        return StateMap(())
    sources = sources_of(machine)
    homes = homes_of(machine, watched, objects_of(machine))
    built: dict[ClassDecl, list[Built]] = defaultdict(list)
    calls: dict[ClassDecl, list[ModelCall]] = defaultdict(list)
    for one in watched.built.values():
        if isinstance(one.cls, ClassRef):
            built[one.cls.decl].append(one)
    for call in machine.seen.model_calls:
        if isinstance(call.cls, ClassRef) and call.method not in _constructing(machine, call.cls, sources):
            calls[call.cls.decl].append(call)
    known = _Known(
        built,
        calls,
        draws_by_class(machine, sources),
        {cls.decl: tuple(flags_of(machine, cls.decl)) for cls in sources.classes},
        changes_by_class(machine, sources, watched, homes),
    )
    states = tuple(_class_state(machine, cls, known) for cls in sources.classes)
    return StateMap(states, tuple(name_span(machine, decl) for decl in sources.unsure))


def _constructing(machine: Machine, cls: ClassRef, sources: Sources) -> frozenset[str]:
    """The names of methods that construct."""
    decls = (one.decl for one in machine.ancestry(cls) if isinstance(one, ClassRef))
    return frozenset(one.name for decl in decls for one in decl.methods.values() if one in sources.constructing)


def _class_state(machine: Machine, cls: ClassRef, known: _Known) -> ClassState:
    ancestry = [one for one in machine.ancestry(cls) if isinstance(one, ClassRef)]
    seen = known.built.get(cls.decl, [])
    made = [one for one in seen if not one.made_up] or seen
    held = [objects_of(machine)[one.target] for one in made if one.target in objects_of(machine)]
    held = [one for one in held if not one.unfinished] or held
    parts = merged_parts([one.parts for one in held])
    totals = totals_of_all([totals_of(one.parts) for one in held])
    complete = bool(held) and all(one.complete for one in held)
    return ClassState(
        name=cls.decl.name,
        qualified=qualified(machine, cls),
        place=name_span(machine, cls.decl),
        bases=tuple(
            qualified(machine, one) for one in machine.ancestry(cls)[1:] if isinstance(one, ClassRef | External)
        ),
        parts=parts,
        totals=totals if complete else replace(totals, complete=False),
        draws=_joined_draws([draw for one in ancestry for draw in known.draws.get(one.decl, ())]),
        flags=_flags(ancestry, known, frozenset(part.name for part in parts)),
        changes=tuple(change for change in known.changes.get(cls.decl, ()) if _concerns(change, totals)),
        built=_places(machine, made),
        calls=tuple(_calls(machine, known.calls.get(cls.decl, []))),
        complete=complete,
        seen=any(not one.made_up for one in seen),
    )


def _concerns(change: Change, totals: Totals) -> bool:
    """Whether a change of a whole object, or of its Params, changes anything of what there is."""
    if change.attribute:
        return True
    if change.how == "optimizer":
        return totals.has("Param", "LoRAParam")
    return bool(totals.variables or totals.streams or not totals.complete)


def _places(machine: Machine, made: list[Built]) -> tuple[Location, ...]:
    return tuple(sorted({location(machine, one.place) for one in made if not one.made_up}))


def _flags(ancestry: list[ClassRef], known: _Known, state: frozenset[str]) -> tuple[Flag, ...]:
    """The flags of the class and of the methods that it inherits, with the state attributes that each steers."""
    found: dict[tuple[str, str], Flag] = {}
    hidden: set[str] = set()
    for one in ancestry:
        for flag in known.flags.get(one.decl, ()):
            if flag.method not in hidden:
                found.setdefault((flag.method, flag.name), flag)
        hidden.update(one.decl.methods)
    return tuple(replace(flag, steers=tuple(_steered(flag, list(found.values()), state))) for flag in found.values())


def _steered(flag: Flag, flags: list[Flag], state: frozenset[str]) -> Iterator[str]:
    """The state attributes that a flag steers, those of the methods that it is handed to included."""
    reached: dict[str, None] = {}
    pending = list(flag.steers)
    while pending:
        name = pending.pop(0)
        if name not in reached:
            reached[name] = None
            pending += [steered for other in flags if other.method == name for steered in other.steers]
    yield from (name for name in reached if name in state)


def _joined_draws(draws: list[Draw]) -> tuple[Draw, ...]:
    joined: dict[tuple[str, object], Draw] = {}
    for draw in draws:
        key = (draw.stream, draw.when)
        before = joined.get(key)
        if before is None:
            joined[key] = draw
            continue
        by = tuple(dict.fromkeys((*before.by, *draw.by)))
        joined[key] = replace(draw, by=by, places=tuple(dict.fromkeys((*before.places, *draw.places))))
    return tuple(sorted(joined.values(), key=lambda one: (one.stream, one.when.value)))


def _calls(machine: Machine, calls: list[ModelCall]) -> list[Called]:
    """The calls by place, each in all modes in which it was seen."""
    modes: dict[tuple[Location, str, str], set[bool | None]] = defaultdict(set)
    for call in calls:
        by = qualified_function(call.chain[0].decl) if call.chain else ""
        key = (location(machine, call.place), call.method, by)
        modes[key].update(training_of(call))
    return [Called(place, method, combined_mode(found), by) for (place, method, by), found in sorted(modes.items())]


def training_of(call: ModelCall) -> frozenset[bool | None]:
    """How the mode-dependent layers of a call acted; empty where it reached none and nothing asked for a mode."""
    if call.uses:
        return frozenset(use.training for use in call.uses)
    return frozenset({call.flagged}) if call.flagged is not None else frozenset()
