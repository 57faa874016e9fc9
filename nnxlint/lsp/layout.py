"""Where the places of a source are in the editor: in its document, or in those of its cells."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from lsprotocol import types

from nnxlint.edits import Edit
from nnxlint.lsp.positions import Positions, positions_of
from nnxlint.notebook.cells import Cell
from nnxlint.source import Source
from nnxlint.spans import Span

_TOP = types.Range(types.Position(0, 0), types.Position(0, 0))


@dataclass(frozen=True, slots=True)
class Layout:
    """Converts the places of one source. `cells` are the URIs of a notebook's cells by number, where it is open."""

    source: Source
    uri: str
    encoding: types.PositionEncodingKind
    cells: Mapping[int, str] = field(default_factory=dict)

    def location(self, span: Span) -> types.Location:
        """Give the place of a span. In a notebook that is not open that is its beginning: it shows no lines."""
        if self.source.notebook is None:
            return types.Location(self.uri, self._positions().range(span))
        cell = self._cell_at(span.start)
        if cell is None:
            return types.Location(self.uri, _TOP)
        inside = Span(span.start - cell.span.start, min(span.end, cell.span.end) - cell.span.start)
        return types.Location(self.cells[cell.number], self._positions(cell).range(inside))

    def span(self, uri: str, given: types.Range) -> Span | None:
        """Give the span of a range in one of the documents of the source."""
        if self.source.notebook is None:
            return self._positions().span(given)
        cell = next((each for each in self.source.notebook.cells if self.cells.get(each.number) == uri), None)
        if cell is None:
            return None
        inside = self._positions(cell).span(given)
        return Span(inside.start + cell.span.start, inside.end + cell.span.start)

    def text_edits(self, edits: Iterable[Edit]) -> dict[str, list[types.TextEdit]]:
        """Give the edits by document; those of a notebook are fitted into its cells already."""
        by_uri: dict[str, list[types.TextEdit]] = {}
        for edit in sorted(edits):
            place = self.location(edit.span)
            by_uri.setdefault(place.uri, []).append(types.TextEdit(place.range, edit.content))
        return by_uri

    @property
    def uris(self) -> tuple[str, ...]:
        """The documents that the source may be shown in: of an open notebook its cells, and no more the file itself."""
        return (*self.cells.values(), self.uri)

    def _positions(self, cell: Cell | None = None) -> Positions:
        notebook = self.source.notebook
        if notebook is None:
            return Positions(self.source.text, self.source.lines, self.encoding)
        return positions_of(notebook.original if cell is None else notebook.code(cell), self.encoding)

    def _cell_at(self, offset: int) -> Cell | None:
        cell = self.source.notebook.cell_at(offset) if self.source.notebook else None
        return cell if cell is not None and cell.number in self.cells else None
