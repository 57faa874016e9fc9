"""Which Python a file needs that the running one cannot parse, as LibCST tells it.

Deep nesting overflows the stack of LibCST's parser, which ends the whole process, so it reads a file that may
well be broken in a child process. That runs this very file, and imports nothing from the working directory.
"""

import re
import subprocess
import sys
from collections.abc import Iterator

import libcst as cst
import libcst.matchers as m

PythonVersion = tuple[int, int]

# On a busy machine even a short file takes a while, and who gives up calls it broken.
_PATIENCE = 60.0
_ANSWER = re.compile(rb"(\d+)\.(\d+)")
_NEWER_SYNTAX = (
    (m.TypeAlias() | m.TypeParameters(), (3, 12)),
    (m.TypeParam(equal=m.AssignEqual()), (3, 13)),
    (m.TemplatedString(), (3, 14)),
    (m.ExceptHandler(type=m.Tuple(lpar=[])) | m.ExceptStarHandler(type=m.Tuple(lpar=[])), (3, 14)),
)
# A file without any of these has none of the syntax above; most files that are broken end here.
_HINT = re.compile(
    r"^\s*(?:type\s+\w|except\b[^:\n]*,|(?:async\s+)?(?:def|class)\s+\w+\s*\[)|\b[rR]?[fFtT][rR]?['\"]",
    re.MULTILINE,
)


def newer_python_needed(text: str, running: PythonVersion = sys.version_info[:2]) -> PythonVersion | None:
    """Tell which newer Python reads the text; None when it is a syntax error to all that are known."""
    if not _HINT.search(text) or not sys.executable:
        return None
    command = (sys.executable, "-P", __file__)
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            command,
            input=text.encode("utf-8", "replace"),
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    answer = _ANSWER.fullmatch(done.stdout.strip())
    needed = (int(answer[1]), int(answer[2])) if answer else running
    return needed if needed > running else None


def python_needed(text: str) -> PythonVersion | None:
    """Tell the oldest Python that has all the newer syntax of the text; None if there is none or an error."""
    try:
        tree = cst.parse_module(text)
    except (cst.ParserSyntaxError, RecursionError):
        return None
    return max(_versions_needed(tree), default=None)


def _versions_needed(tree: cst.Module) -> Iterator[PythonVersion]:
    yield from (version for shape, version in _NEWER_SYNTAX if m.findall(tree, shape))
    if any(_is_nested_freely(tree, node) for node in m.findall(tree, m.FormattedString())):
        yield (3, 12)


def _is_nested_freely(tree: cst.Module, node: cst.CSTNode) -> bool:
    """Tell whether an f-string holds in its braces what only Python 3.12 allows there (PEP 701)."""
    if not isinstance(node, cst.FormattedString):
        return False
    quote = node.end
    refused = ("\\", "#", quote) if len(quote) == len('"""') else ("\\", "#", "\n", quote)
    inner = (tree.code_for_node(part) for part in node.parts if isinstance(part, cst.FormattedStringExpression))
    return any(text in code for code in inner for text in refused)


if __name__ == "__main__":
    found = python_needed(sys.stdin.buffer.read().decode("utf-8", "replace"))
    sys.stdout.write(f"{found[0]}.{found[1]}" if found else "")
