"""The code cells of a notebook joined to one text, and the places of that text in them."""

import ast
import warnings
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from nnxlint.edits import Edit
from nnxlint.notebook.document import CodeCell, read_code_cells, read_document, rewritten, written_span
from nnxlint.notebook.magics import Masked, mask_cell
from nnxlint.spans import LineIndex, Position, Span

_JOINED = "\n"
_FLAGS = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT


@dataclass(frozen=True, slots=True)
class Cell:
    """A code cell in the joined text: its span without the line end that joins, and its rows there.

    Edits must keep clear of `hidden`, the places where the joined text differs from the file's, and must not
    start before `floor`.
    """

    number: int
    span: Span
    first_row: int
    last_row: int
    hidden: tuple[Span, ...]
    floor: int


@dataclass(frozen=True, slots=True)
class BrokenCell:
    """A cell that cannot be parsed; the place is as `SyntaxError` tells it, in rows of the joined text."""

    cell: Cell
    text: str
    message: str
    start: Position
    end: Position | None

    @property
    def error(self) -> SyntaxError:
        """What the parser said."""
        end = (self.end.row, self.end.column) if self.end else (None, None)
        return SyntaxError(self.message, ("", self.start.row, self.start.column, None, *end))


@dataclass(frozen=True, slots=True)
class Notebook:
    """A notebook: its document, and its code cells joined, with a line end after each.

    `text` is what Python reads: magics replaced, broken cells blank. `original` is what a reader sees; both
    have their line ends at the same places.
    """

    document: str
    text: str = field(repr=False)
    original: str = field(repr=False)
    cells: tuple[Cell, ...]
    broken: tuple[BrokenCell, ...]
    code_cells: tuple[CodeCell, ...] = field(repr=False)
    lines: LineIndex = field(repr=False, compare=False)

    def written(self, span: Span) -> Span:
        """Give where a part of the joined text, of one cell, is written in the document."""
        cell = self.cell_at(span.start)
        if cell is None:
            return Span(0, 0)
        code_cell = next(each for each in self.code_cells if each.number == cell.number)
        start = cell.span.start
        return written_span(self.document, code_cell, Span(span.start - start, span.end - start))

    def cell_at(self, offset: int) -> Cell | None:
        """Give the cell of an offset of the joined text; the line end that joins belongs to the cell before."""
        index = bisect_right(self.cells, offset, key=lambda cell: cell.span.start)
        return self.cells[max(index - 1, 0)] if self.cells else None

    def code(self, cell: Cell) -> str:
        """Give the text of a cell as a reader sees it."""
        return self.original[cell.span.start : cell.span.end]

    def fitted(self, edits: Iterable[Edit]) -> tuple[Edit, ...] | None:
        """Give the edits such that each lies in one cell; None where one cannot be written to the file."""
        fitted = tuple(self._fitted(edit) for edit in edits)
        possible = tuple(edit for edit in fitted if edit is not None)
        return possible if len(possible) == len(fitted) else None

    def edited(self, edits: Iterable[Edit]) -> str:
        """Give the document with the edits made, which must be fitted."""
        by_cell: dict[int, list[Edit]] = {}
        for edit in edits:
            cell = self.cell_at(edit.span.start)
            if cell is not None:
                start = cell.span.start
                moved = Edit(Span(edit.span.start - start, edit.span.end - start), edit.content)
                by_cell.setdefault(cell.number, []).append(moved)
        return rewritten(self.document, {each: by_cell.get(each.number, ()) for each in self.code_cells})

    def _fitted(self, edit: Edit) -> Edit | None:
        cell = self.cell_at(edit.span.start)
        if cell is None or "\f" in edit.content:  # where a rule copied what stands for a magic
            return None
        if edit.span.end == cell.span.end + len(_JOINED):  # the line end that joins is not in the file
            gap = _JOINED if edit.span.start == edit.span.end else ""
            span = Span(min(edit.span.start, cell.span.end), cell.span.end)
            edit = Edit(span, gap + edit.content.removesuffix("\n").removesuffix("\r"))
        inside = cell.floor <= edit.span.start and edit.span.end <= cell.span.end
        return edit if inside and not any(_touches(edit.span, hidden) for hidden in cell.hidden) else None


def read_notebook(content: bytes) -> Notebook:
    """Read the bytes of a notebook without their BOM; `NotebookError` for what is none."""
    document = read_document(content)
    code_cells = read_code_cells(document)
    masked = [mask_cell(cell.text) for cell in code_cells]
    original = _join(cell.text for cell in code_cells)
    rows = LineIndex(original)
    cells = tuple(_cells(code_cells, masked, rows))
    broken = tuple(
        found for cell, code in zip(cells, masked, strict=True) if (found := _broken(cell, code.text)) is not None
    )
    unusable = {each.cell.number for each in broken}
    texts = (
        _blank(code.text) if cell.number in unusable else code.text for cell, code in zip(cells, masked, strict=True)
    )
    return Notebook(document, _join(texts), original, cells, broken, code_cells, LineIndex(document))


def notebook_code(content: bytes) -> bytes:
    """Give the code of a notebook as bytes of a Python file, magics and all."""
    return _join(cell.text for cell in read_code_cells(read_document(content))).encode("utf-8", "replace")


def _cells(code_cells: Sequence[CodeCell], masked: Sequence[Masked], rows: LineIndex) -> Iterator[Cell]:
    start = 0
    for cell, code in zip(code_cells, masked, strict=True):
        end = start + len(cell.text)
        yield Cell(
            number=cell.number,
            span=Span(start, end),
            first_row=rows.position(start).row,
            last_row=rows.position(end).row,
            hidden=tuple(Span(start + each.start, start + each.end) for each in code.hidden),
            floor=start + code.floor,
        )
        start = end + len(_JOINED)


def _broken(cell: Cell, text: str) -> BrokenCell | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of invalid escapes and the like: none of our business
            compile(text + _JOINED, "<cell>", "exec", _FLAGS, dont_inherit=True)
    except SyntaxError as error:
        return _broken_cell(cell, text, error)
    except (ValueError, RecursionError, MemoryError) as error:
        return _broken_cell(cell, text, SyntaxError(str(error)))
    return None


def _broken_cell(cell: Cell, text: str, error: SyntaxError) -> BrokenCell:
    last = LineIndex(text).row_count
    row, column = error.lineno or 1, error.offset or 1
    if row > last:  # the parser missed something after the last line
        row, column = last, len(text) + 1
    end = None
    if error.end_lineno is not None and error.end_offset is not None and error.end_lineno <= last:
        end = Position(cell.first_row + error.end_lineno - 1, error.end_offset)
    return BrokenCell(cell, text, error.msg, Position(cell.first_row + row - 1, column), end)


def _join(texts: Iterable[str]) -> str:
    return "".join(text + _JOINED for text in texts)


def _blank(text: str) -> str:
    return "".join(character if character in "\r\n" else " " for character in text)


def _touches(span: Span, hidden: Span) -> bool:
    """Whether an edit changes what the joined text hides; inserting at its edges does not."""
    return span.start < hidden.end and hidden.start < span.end
