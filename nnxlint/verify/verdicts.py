"""What the companion can say of a fix."""

import enum


class Verdict(enum.StrEnum):
    """How sure it is that a fix keeps its contract, and by what means."""

    PROVED = "PROVED"
    """The same computation, for all inputs of the shapes that were tried."""
    TESTED = "TESTED"
    """Equal numbers over several seeds, steps and ways to run, within the tolerance of the device."""
    REVIVED = "REVIVED"
    """The bad program raises the promised error at the reported place; the fixed one runs and equals the good one."""
    REPAIRED = "REPAIRED"
    """The witness fails before and holds after, and what lies outside the declared difference is unchanged."""
    DIFFERS = "DIFFERS"
    """A counterexample was found."""
    UNVERIFIED = "UNVERIFIED"
    """Nothing can be said, for the reason given."""

    @property
    def keeps(self) -> bool:
        """Whether a fix with this verdict may stay."""
        return self not in (Verdict.DIFFERS, Verdict.UNVERIFIED)
