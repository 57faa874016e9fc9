"""What a broken promise says."""

import pprint
from pathlib import Path

MAX_MESSAGE_LENGTH = 90


def demand(holds: object, problem: str) -> None:
    """Raise `AssertionError` with the problem where something does not hold."""
    if not holds:
        raise AssertionError(problem)


def demand_equal(found: object, expected: object, what: str) -> None:
    """Raise `AssertionError` that shows both where they differ."""
    if found != expected:
        shown = f"{pprint.pformat(found, width=100)}\n\nis not\n\n{pprint.pformat(expected, width=100)}"
        message = f"{what} differ:\n\n{shown}"
        raise AssertionError(message)


def demand_golden(path: Path, text: str | None, *, bless: bool) -> None:
    """Compare a text with its golden file (None: there must be none), or write that."""
    if bless:
        if text is None:
            path.unlink(missing_ok=True)
        else:
            path.write_bytes(text.encode())
        return
    blessed = path.read_bytes().decode() if path.is_file() else None
    demand_equal(text, blessed, f"what comes out and {path} (look at it, then bless it)")


def demand_conventional(line: str, *, fits: bool) -> None:
    """Raise `AssertionError` where a message is not written as messages are."""
    starts_well = bool(line) and (line[0].islower() or line[0] in "`'")
    demand(starts_well and not line.endswith("."), f"in lower case, without a full stop: {line!r}")
    demand(not fits or len(line) <= MAX_MESSAGE_LENGTH, f"at most {MAX_MESSAGE_LENGTH} characters: {line!r}")
