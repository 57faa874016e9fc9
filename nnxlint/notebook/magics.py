"""What IPython understands and Python does not, replaced by Python of equal length, so that offsets stay true.

Shell lines, line magics and help lines become statements without a meaning, and the values that they give
become names that nothing defines. The code that `%time` and its like run stays. A cell whose magic hands it to
another program, or that no one here knows, is blank.
"""

import re
from dataclasses import dataclass, field
from types import MappingProxyType

from nnxlint.edits import Edit, apply_edits
from nnxlint.spans import Span

_CELL_MAGIC = re.compile(r"(?:[ \t]*(?:\r\n|\r|\n))*%%(?P<name>\S*)(?P<rest>[^\r\n]*)(?:\r\n|\r|\n|$)")
_PYTHON_CELLS = frozenset(
    "capture debug heat ipytest memit prun pyinstrument scalene snakeviz time timeit wandb".split()
)

# The line magics that run the Python after them, each with the letters of its options that take a value.
_PYTHON_LINES = MappingProxyType(
    {
        "debug": "b",
        "lprun": "fmDTsu",
        "memit": "rti",
        "mprun": "fT",
        "prun": "DlsT",
        "pyinstrument": "",
        "snakeviz": "ft",
        "time": "",
        "timeit": "nrtp",
    }
)
_ESCAPE = re.compile(r"[%!?,;/]")
_LINE_MAGIC = re.compile(r"%(?P<name>\w+)[ \t]+")
_ALIASES = r"(?:pip3?|conda|mamba|uv|cd|ls|ll|cat|cp|mv|rm|mkdir|rmdir|man)[ \t]+"
_ALIAS_LINE = re.compile(_ALIASES + r"(?!(?:if|in|is|and|or|not|for|else)\b)(?:-{1,2}\w|[\w~./])[^=\r\n]*(?=[\r\n]|\Z)")
_TO_LINE_END = re.compile(r"(?:[^\\\r\n]|\\(?:\r\n|.|$))*", re.DOTALL)  # a backslash continues the line
_INDENTATION = re.compile(r"[ \t]*")
_BLANK_LINES = re.compile(r"(?:[ \t]*(?:\r\n|\r|\n))*")
_LINE_END = re.compile(r"\r\n|\r|\n|$")
_PRINTED = re.compile(r"[^\r\n]")
_SUSPECT = re.compile(rf"[%!?]|^[ \t]*(?:[,;/]|{_ALIASES})|\A\s", re.MULTILINE)
_LEXEME = re.compile(
    r"""
      \#[^\r\n]*
    | '''(?:[^\\]|\\.)*?''' | \"\"\"(?:[^\\]|\\.)*?\"\"\"
    | '(?:[^'\\\r\n]|\\(?:\r\n|.))*' | "(?:[^"\\\r\n]|\\(?:\r\n|.))*"
    | \\(?:\r\n|\r|\n)
    | (?P<open>[(\[{]) | (?P<close>[)\]}])
    | (?P<end>\r\n|\r|\n)
    | (?P<help>\?{1,2}[ \t]*(?:\#[^\r\n]*)?(?=[\r\n]|\Z))
    | [=!<>:+\-*/%&|^@]=
    | =[ \t]*(?P<value>[%!](?=\S))
    | [^\#'"()\[\]{}\\\r\n?=!<>:+\-*/%&|^@]+
    | .
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Masked:
    """The Python of a cell; `hidden` are the ranges that are not as the file has them.

    Nothing may be edited before `floor`: a cell magic must stay the first line of its cell.
    """

    text: str
    hidden: tuple[Span, ...] = ()
    floor: int = 0


def mask_cell(text: str) -> Masked:
    """Replace what is no Python in the text of a cell."""
    if _SUSPECT.search(text) is None:
        return Masked(text)
    floor = 0
    while (magic := _CELL_MAGIC.match(text, floor)) is not None:
        floor = magic.end()
        if magic["name"] not in _PYTHON_CELLS:
            return Masked(_blank(text), (Span(0, len(text)),), len(text) + 1)
    masker = _Masker(text, _outer_indentation(text, floor))
    if floor:
        masker.replace(0, floor, _blank(text[:floor]))
    position = floor
    while position < len(text):
        position = masker.mask_logical_line(position)
    return Masked(masker.masked(), tuple(span for span, _ in masker.replaced), floor)


@dataclass(slots=True)
class _Masker:
    """The text of a cell, the indentation that IPython takes from all of it, and what is replaced by what."""

    text: str
    outer: str
    replaced: list[tuple[Span, str]] = field(default_factory=list)

    def replace(self, start: int, end: int, content: str) -> None:
        self.replaced.append((Span(start, end), content))

    def masked(self) -> str:
        return apply_edits(self.text, (Edit(span, content) for span, content in self.replaced))

    def mask_logical_line(self, start: int) -> int:
        """Mask the statement, or the head of one, that starts on the line; give where the next line starts."""
        indentation = _matched(_INDENTATION, self.text, start)
        code = start + len(indentation)
        while (run := self._code_run_at(code)) is not None:
            code = run
        if code > start + len(indentation) or (self.outer and indentation.startswith(self.outer)):
            # A form feed sets the column that Python counts indentation from back to zero.
            kept = indentation.removeprefix(self.outer)
            self.replace(start, code, f"{' ' * (code - start - len(kept) - 1)}\f{kept}")
        if _ESCAPE.match(self.text, code) or _ALIAS_LINE.match(self.text, code):
            end = self._line_end(code)
            self.replace(code, end, _statement(self.text[code:end]))
            return _after_line_end(self.text, end)
        return self._mask_python(code)

    def _mask_python(self, code: int) -> int:
        depth, position = 0, code
        while (found := _LEXEME.match(self.text, position)) is not None:
            position = found.end()
            depth += bool(found["open"]) - bool(found["close"])
            if depth > 0:
                continue
            if found["end"]:
                return position
            if found["help"]:
                self.replaced = [each for each in self.replaced if each[0].end <= code]
                self.replace(code, position, _statement(self.text[code:position]))
            elif found["value"]:
                position = self._mask_value(found.start("value"))
        return len(self.text)

    def _mask_value(self, start: int) -> int:
        """Mask the magic or the shell line whose value is assigned; give where Python goes on."""
        run = self._code_run_at(start)
        end = run or self._line_end(start)
        masked = self.text[start:end]
        self.replace(start, end, _blank(masked) if run else _padded("__", masked))
        return end

    def _code_run_at(self, start: int) -> int | None:
        """Tell where the code starts that the line magic at this place runs, if it is one that does."""
        magic = _LINE_MAGIC.match(self.text, start)
        if magic is None or magic["name"] not in _PYTHON_LINES:
            return None
        letters = _PYTHON_LINES[magic["name"]]
        valued = rf"-[{letters}][ \t]*\S+|" if letters else ""
        options = re.compile(rf"(?:(?:{valued}--[\w-]+(?:=\S*)?|-[A-Za-z]+)[ \t]+)*")
        code = magic.end() + len(_matched(options, self.text, magic.end()))
        return code if self.text[code : self._line_end(code)].strip() else None

    def _line_end(self, start: int) -> int:
        return start + len(_matched(_TO_LINE_END, self.text, start))


def _outer_indentation(text: str, start: int) -> str:
    first = start + len(_matched(_BLANK_LINES, text, start))
    return _matched(_INDENTATION, text, first)


def _after_line_end(text: str, position: int) -> int:
    found = _LINE_END.search(text, position)
    return found.end() if found else len(text)


def _statement(masked: str) -> str:
    """Give a statement of the length of the text that does nothing: a block may hold no other."""
    return _padded("pass" if len(masked.splitlines()[0]) >= len("pass") else "0", masked)


def _padded(code: str, masked: str) -> str:
    return code + _blank(masked[len(code) :])


def _blank(text: str) -> str:
    return _PRINTED.sub(" ", text)


def _matched(pattern: re.Pattern[str], text: str, position: int) -> str:
    found = pattern.match(text, position)
    return found.group() if found else ""
