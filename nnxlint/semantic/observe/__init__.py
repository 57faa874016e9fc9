"""What the interpreter saw: one record for each event that a rule may ask about, and the log of them."""

from nnxlint.semantic.observe.ground import Ground
from nnxlint.semantic.observe.log import Log, Noise
from nnxlint.semantic.observe.records import (
    Activation,
    Arguments,
    Construction,
    Declaration,
    Filtering,
    Held,
    Holder,
    LayerUse,
    LibraryCall,
    ModelCall,
    ModelRead,
    RngsMade,
    Step,
    Storing,
    StreamDraw,
    VariableRead,
    VariableWrite,
)
from nnxlint.semantic.observe.watching import Built, Entered, Sighting, Watched
from nnxlint.semantic.observe.whole import Whole

__all__ = [
    "Activation",
    "Arguments",
    "Built",
    "Construction",
    "Declaration",
    "Entered",
    "Filtering",
    "Ground",
    "Held",
    "Holder",
    "LayerUse",
    "LibraryCall",
    "Log",
    "ModelCall",
    "ModelRead",
    "Noise",
    "RngsMade",
    "Sighting",
    "Step",
    "Storing",
    "StreamDraw",
    "VariableRead",
    "VariableWrite",
    "Watched",
    "Whole",
]
