"""What the interpreter saw: one record for each event that a rule may ask about, and the log of them."""

from nnxlint.semantic.observe.log import Log, Noise
from nnxlint.semantic.observe.records import (
    Activation,
    Arguments,
    Construction,
    Declaration,
    Entered,
    Filtering,
    Held,
    Holder,
    LayerUse,
    LibraryCall,
    ModelCall,
    RngsMade,
    Step,
    Storing,
    StreamDraw,
    VariableRead,
    VariableWrite,
)

__all__ = [
    "Activation",
    "Arguments",
    "Construction",
    "Declaration",
    "Entered",
    "Filtering",
    "Held",
    "Holder",
    "LayerUse",
    "LibraryCall",
    "Log",
    "ModelCall",
    "Noise",
    "RngsMade",
    "Step",
    "Storing",
    "StreamDraw",
    "VariableRead",
    "VariableWrite",
]
