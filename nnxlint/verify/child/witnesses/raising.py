"""What runs at all: the watched calls raise nothing."""

from nnxlint.verify.child.witnesses.base import Evidence, WitnessOutcome
from nnxlint.verify.child.witnesses.stage import staged, watched


def raises_nothing(evidence: Evidence) -> WitnessOutcome:
    """Whether the watched calls run to their end."""
    with staged(evidence.program, evidence.case) as stage:
        for probe in watched(stage.case):
            try:
                stage.run(probe)
            except Exception as error:  # noqa: BLE001 - whatever the program raises is the answer
                return WitnessOutcome(holds=False, reason=f"{type(error).__name__}: {error}")
    return WitnessOutcome(holds=True, reason="nothing is raised")
