"""Everything that was observed of a project: the logs of its parts, looked at as one.

What is asked is put together when it is first asked for: rules ask little of the much that there is.
"""

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import TypeVar

from nnxlint.semantic.observe.log import Log
from nnxlint.semantic.observe.records import (
    Construction,
    Declaration,
    Filtering,
    Holder,
    LibraryCall,
    ModelCall,
    ModelRead,
    RngsMade,
    Storing,
    StreamDraw,
    VariableRead,
    VariableWrite,
)
from nnxlint.semantic.observe.watching import Entered, Watched
from nnxlint.semantic.values import Place

K = TypeVar("K")
T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Whole:
    """The logs of all parts, in their order; for what the fields hold see `Log`."""

    parts: tuple[Log, ...] = ()
    beyond: "Whole | None" = None

    @property
    def everywhere(self) -> "Whole":
        """All of the project, where this is only what has to do with some files."""
        return self.beyond or self

    @property
    def entered(self) -> Sequence[Entered]:
        """With which values functions ran, where somebody asked."""
        return self.parts[0].entered or () if self.parts else ()

    @cached_property
    def watched(self) -> Watched | None:
        """How objects were, where somebody asked."""
        several = [part.watched for part in self.parts if part.watched is not None]
        if not several:
            return None
        together = Watched()
        for one in several:
            together.take(one)
        return together

    @cached_property
    def model_calls(self) -> list[ModelCall]:
        """The calls of modules."""
        return _all(part.model_calls for part in self.parts)

    @cached_property
    def library_calls(self) -> list[LibraryCall]:
        """The calls of libraries."""
        return _all(part.library_calls for part in self.parts)

    @cached_property
    def writes(self) -> list[VariableWrite]:
        """The writes of Variables."""
        return _all(part.writes for part in self.parts)

    @cached_property
    def declarations(self) -> list[Declaration]:
        """The declarations of Variables and arrays."""
        return _all(part.declarations for part in self.parts)

    @cached_property
    def reads(self) -> list[VariableRead]:
        """The reads of Variables."""
        return _all(part.reads for part in self.parts)

    @cached_property
    def models_read(self) -> list[ModelRead]:
        """The optimizers that were asked for their model."""
        return _all(part.models_read for part in self.parts)

    @cached_property
    def draws(self) -> list[StreamDraw]:
        """The draws from streams."""
        return _all(part.draws for part in self.parts)

    @cached_property
    def constructions(self) -> list[Construction]:
        """The modules that were built."""
        return _all(part.constructions for part in self.parts)

    @cached_property
    def rngs(self) -> Mapping[str, list[RngsMade]]:
        """The `Rngs` that were made, by file."""
        return _grouped((path, one) for part in self.parts for path, several in part.rngs.items() for one in several)

    @cached_property
    def escaped(self) -> frozenset[int]:
        """The objects that went to code that is not known."""
        return frozenset(chain.from_iterable(part.escaped for part in self.parts))

    @cached_property
    def kept(self) -> frozenset[int]:
        """The `Rngs` that became attributes."""
        return frozenset(chain.from_iterable(part.kept for part in self.parts))

    @cached_property
    def loaded(self) -> frozenset[int]:
        """The modules that were given new weights."""
        return frozenset(chain.from_iterable(part.loaded for part in self.parts))

    @cached_property
    def modes_set(self) -> frozenset[tuple[int, int]]:
        """The modules that were given another mode, and by which activation, by the identity of that."""
        return frozenset((target, id(activation)) for part in self.parts for target, activation in part.modes_set)

    @cached_property
    def trained(self) -> frozenset[ast.AST]:
        """The calls seen under a gradient."""
        return frozenset(chain.from_iterable(part.trained for part in self.parts))

    @cached_property
    def relayed(self) -> frozenset[ast.AST]:
        """The calls in which a library calls what is handed to it."""
        return frozenset(chain.from_iterable(part.relayed for part in self.parts))

    @cached_property
    def incomplete(self) -> frozenset[str]:
        """The files in which a run was ended early."""
        return frozenset(chain.from_iterable(part.incomplete for part in self.parts))

    @cached_property
    def cut_short(self) -> frozenset[int]:
        """The activations that were ended early."""
        return frozenset(chain.from_iterable(part.cut_short for part in self.parts))

    @cached_property
    def holders(self) -> Mapping[int, set[Holder]]:
        """The containers that hold a module made in a loop, by the module's number."""
        found: dict[int, set[Holder]] = defaultdict(set)
        for part in self.parts:
            for target, several in part.holders.items():
                found[target] |= several
        return found

    @cached_property
    def calls_seen(self) -> Mapping[ast.Call, tuple[str, str]]:
        """The best that was ever known of what a call calls."""
        best = Log()
        for part in self.parts:
            for node, (kind, detail) in part.calls_seen.items():
                best.note_called(node, kind, detail)
        return best.calls_seen

    @cached_property
    def crashes(self) -> Mapping[str, Exception]:
        """The first defect of ours in each file."""
        found: dict[str, Exception] = {}
        for part in self.parts:
            for path, error in part.crashes.items():
                found.setdefault(path, error)
        return found

    @cached_property
    def filterings(self) -> list[Filtering]:
        """What was taken by filters."""
        return _all(part.filterings for part in self.parts)

    def calls_of(self, path: str, name: str) -> tuple[LibraryCall, ...]:
        """The calls of a canonical name in a file."""
        return tuple(self._by_name.get((path, name), ()))

    def newest_rngs(self, target: int) -> RngsMade | None:
        """How the `Rngs` of this number was made, last."""
        return self._newest.get(target)

    def built_from(self, target: int) -> tuple[Construction, ...]:
        """The modules that were given an `Rngs`."""
        return tuple(self._built.get(target, ()))

    def built_at(self, place: Place) -> frozenset[int]:
        """The modules that were built at a place, by number."""
        return frozenset(self._at.get(place, ()))

    def draws_of(self, target: int) -> tuple[StreamDraw, ...]:
        """The draws from an `Rngs`."""
        return tuple(self._draws.get(target, ()))

    def is_drawn(self, stream: str) -> bool:
        """Whether a stream of this name is drawn from any `Rngs`."""
        return stream in self.everywhere._streams  # noqa: SLF001 - its own, of the whole

    def storings_of(self, path: str) -> tuple[Storing, ...]:
        """The saves and restores of a file, those to memory only where what they made was written later."""
        stored = ((number, one) for part in self.parts for number, one in part.storings.items())
        here = ((number, one) for number, one in stored if one.place.path == path)
        return tuple(replace(one, to_file=True) if number in self._written else one for number, one in here)

    def filterings_of(self, path: str) -> tuple[Filtering, ...]:
        """What a file takes by filters."""
        return tuple(one for one in self.filterings if one.place.path == path)

    @cached_property
    def _streams(self) -> frozenset[str]:
        return frozenset(draw.stream for draw in self.draws)

    @cached_property
    def _written(self) -> frozenset[int]:
        return frozenset(chain.from_iterable(part.written for part in self.parts))

    @cached_property
    def _by_name(self) -> Mapping[tuple[str, str], list[LibraryCall]]:
        return _grouped(((call.place.path, call.name), call) for call in self.library_calls)

    @cached_property
    def _newest(self) -> Mapping[int, RngsMade]:
        return {made.target: made for part in self.parts for made in part.layer.made.values()}

    @cached_property
    def _built(self) -> Mapping[int, list[Construction]]:
        return _grouped((target, one) for one in self.constructions for target in one.rngs)

    @cached_property
    def _at(self) -> Mapping[Place, list[int]]:
        return _grouped((one.place, one.target) for one in self.constructions)

    @cached_property
    def _draws(self) -> Mapping[int, list[StreamDraw]]:
        return _grouped((draw.rngs, draw) for draw in self.draws)


def _all(lists: Iterable[list[T]]) -> list[T]:
    return list(chain.from_iterable(lists))


def _grouped(pairs: Iterator[tuple[K, T]]) -> Mapping[K, list[T]]:
    found: dict[K, list[T]] = defaultdict(list)
    for key, value in pairs:
        found[key].append(value)
    return found
