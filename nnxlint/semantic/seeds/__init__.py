"""Seeds of `nnx.Rngs`: streams that are missing, streams and modules that share one."""

from nnxlint.semantic.seeds.missing import MissingStreamsSite, missing_streams
from nnxlint.semantic.seeds.shared import SharedSeedSite, shared_seeds
from nnxlint.semantic.seeds.streams import EqualStreamsSite, equal_streams

__all__ = [
    "EqualStreamsSite",
    "MissingStreamsSite",
    "SharedSeedSite",
    "equal_streams",
    "missing_streams",
    "shared_seeds",
]
