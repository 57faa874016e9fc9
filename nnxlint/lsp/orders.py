"""What the server and its processes say to each other: JSON with the one that verifies, pickles with the analysis."""

import msgspec

from nnxlint.lsp.preferences import Preferences

# The analysis answers with pairs of one of these and a value; `STOP` is the method that ends another one.
RESULT, COUNT, OUTDATED, MISTAKE, CRASH = "result", "count", "outdated", "mistake", "crash"
STOP = "stop"


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """Verify the fix of the finding of a rule at a span; `contents` are the texts of open files."""

    path: str
    code: str
    start: int
    end: int
    contents: dict[str, bytes]
    preferences: Preferences


class Step(msgspec.Struct, frozen=True, tag="step"):
    """So many of how many programs were run, as far as they are known."""

    done: int
    total: int


class Judgement(msgspec.Struct, frozen=True, tag="judgement"):
    """The verdict, and why."""

    verdict: str
    reason: str


class Failure(msgspec.Struct, frozen=True, tag="failure"):
    """Why there is no verdict; `traceback` where that is a defect."""

    message: str
    traceback: str = ""


Said = Step | Judgement | Failure
