"""The state map as JSON. The shape is described in `docs/state.md`; it grows, and nothing in it is taken back."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from nnxlint.render.documents import json_document
from nnxlint.render.places import locate
from nnxlint.semantic.statemap import ClassState, Held, Location, Part
from nnxlint.source import Source

VERSION = 1


class PlaceDocument(msgspec.Struct, frozen=True):
    """Where something is: rows and columns from 1, the cell of a notebook or null."""

    filename: str
    cell: int | None
    row: int
    column: int


class HeldDocument(msgspec.Struct, frozen=True):
    """What an attribute, or an element of a list, may hold."""

    kind: str
    type: str
    qualified_name: str
    base: str | None
    shape: tuple[int | None, ...] | None
    dtype: str | None
    streams: tuple[str, ...]
    complete: bool
    mapped: bool
    attributes: tuple["AttributeDocument", ...]


class AttributeDocument(msgspec.Struct, frozen=True):
    """An attribute of a module, or an element of a list; a name `*` stands for any number of elements."""

    name: str
    holds: tuple[HeldDocument, ...]
    optional: bool
    declared_by: str | None
    place: PlaceDocument | None


class CountDocument(msgspec.Struct, frozen=True):
    """How many Variables of a type there are; no `most`: any number."""

    least: int
    most: int | None


class TotalsDocument(msgspec.Struct, frozen=True):
    """What a class holds in all; not complete: there may be Variables of which nothing is known."""

    variables: dict[str, CountDocument]
    streams: tuple[str, ...]
    complete: bool


class DrawDocument(msgspec.Struct, frozen=True):
    """A stream that is drawn from."""

    stream: str
    when: str
    by: tuple[str, ...]
    places: tuple[PlaceDocument, ...]


class FlagDocument(msgspec.Struct, frozen=True):
    """A mode flag, and the attributes whose layers go by it."""

    name: str
    method: str
    true_means: str
    default: str | None
    steers: tuple[str, ...]
    place: PlaceDocument


class ChangeDocument(msgspec.Struct, frozen=True):
    """A place that writes state outside of construction; no attribute: Params by an optimizer, or all state."""

    attribute: str | None
    by: str | None
    how: str
    place: PlaceDocument


class CallDocument(msgspec.Struct, frozen=True):
    """A place that calls a module of the class."""

    method: str
    mode: str
    by: str | None
    place: PlaceDocument


class ClassDocument(msgspec.Struct, frozen=True):
    """A module class."""

    name: str
    qualified_name: str
    place: PlaceDocument
    bases: tuple[str, ...]
    complete: bool
    constructed: bool
    totals: TotalsDocument
    attributes: tuple[AttributeDocument, ...]
    draws: tuple[DrawDocument, ...]
    mode_flags: tuple[FlagDocument, ...]
    changes: tuple[ChangeDocument, ...]
    built: tuple[PlaceDocument, ...]
    calls: tuple[CallDocument, ...]


class StateDocument(msgspec.Struct, frozen=True):
    """The whole document."""

    version: int
    classes: tuple[ClassDocument, ...]


def state_document(
    classes: Sequence[ClassState], sources: Mapping[str, Source], directory: Path, depth: int | None = None
) -> str:
    """Give the document; `depth`: how far into what the classes hold, by default to the end."""
    writer = _Writer(sources, directory)
    document = StateDocument(VERSION, tuple(writer.of_class(state, depth) for state in classes))
    return json_document(document)


class _Writer:
    """Turns data into documents, with places as a reader in the directory knows them."""

    def __init__(self, sources: Mapping[str, Source], directory: Path) -> None:
        self._sources = sources
        self._directory = directory

    def place(self, place: Location) -> PlaceDocument:
        """Give a place."""
        found = locate(self._sources, place.path, place.span, self._directory)
        return PlaceDocument(found.filename, found.cell, found.start.row, found.start.column)

    def of_class(self, state: ClassState, depth: int | None) -> ClassDocument:
        """Give a class."""
        counts = {one.type: CountDocument(one.least, one.most) for one in state.totals.variables}
        totals = TotalsDocument(counts, state.totals.streams, state.totals.complete)
        flags = (
            FlagDocument(
                one.name,
                one.method,
                "training" if one.asks_training else "evaluation",
                one.default,
                one.steers,
                self.place(one.place),
            )
            for one in state.flags
        )
        return ClassDocument(
            name=state.name,
            qualified_name=state.qualified,
            place=self.place(state.place),
            bases=state.bases,
            complete=state.complete,
            constructed=state.seen,
            totals=totals,
            attributes=self._parts(state.parts, depth),
            draws=tuple(
                DrawDocument(one.stream, one.when.value, one.by, tuple(map(self.place, one.places)))
                for one in state.draws
            ),
            mode_flags=tuple(flags),
            changes=tuple(
                ChangeDocument(one.attribute or None, one.by or None, one.how, self.place(one.place))
                for one in state.changes
            ),
            built=tuple(map(self.place, state.built)),
            calls=tuple(
                CallDocument(one.method, one.mode.value, one.by or None, self.place(one.place)) for one in state.calls
            ),
        )

    def _parts(self, parts: Sequence[Part], depth: int | None) -> tuple[AttributeDocument, ...]:
        if depth == 0:
            return ()
        return tuple(self._part(part, depth) for part in parts)

    def _part(self, part: Part, depth: int | None) -> AttributeDocument:
        inner = depth - 1 if depth is not None else None
        return AttributeDocument(
            part.name,
            tuple(self._held(held, inner) for held in part.held),
            part.optional,
            part.owner or None,
            self.place(part.place) if part.place is not None else None,
        )

    def _held(self, held: Held, depth: int | None) -> HeldDocument:
        return HeldDocument(
            held.kind.value,
            held.type,
            held.qualified,
            held.base or None,
            held.shape,
            held.dtype,
            held.streams,
            held.complete,
            held.mapped,
            self._parts(held.parts, depth),
        )
