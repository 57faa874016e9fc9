"""What a witness is given and what it gives."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from nnxlint.verify.child.loading import LoadedProgram
from nnxlint.verify.protocol import Case, Series


@dataclass(frozen=True, slots=True)
class WitnessOutcome:
    """Whether the property holds, why (with numbers), and what there is to draw."""

    holds: bool
    reason: str
    series: tuple[Series, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a witness looks at: programs, active while it runs one at a time, the case, and its own options.

    `other` is there only for frames, which compare two programs.
    """

    program: LoadedProgram
    case: Case
    options: Mapping[str, str]
    other: LoadedProgram | None = None


Witness = Callable[[Evidence], WitnessOutcome]
