"""How far numbers may lie apart and still count as equal, by dtype and device. Proofs need none."""

import math

import msgspec


class Tolerance(msgspec.Struct, frozen=True):
    """Two numbers are equal when they differ by at most `absolute + relative * magnitude`."""

    relative: float
    absolute: float

    def __str__(self) -> str:
        """As it is told in a reason."""
        return "exactly" if self == EXACT else f"within {self.relative:g} relative, {self.absolute:g} absolute"


EXACT = Tolerance(0.0, 0.0)

CPU, GPU, TPU = "cpu", "gpu", "tpu"

# Eager and jitted code round differently, and so do fused and unfused sums: some hundred times the distance between
# neighbouring numbers of the dtype (1.2e-7 for float32). Accelerators multiply float32 matrices with fewer bits unless
# they are told otherwise: GPUs in TF32 (10 bits of mantissa), TPUs in bfloat16 (7 bits).
_TABLE: dict[str, dict[str, Tolerance]] = {
    "float64": {CPU: Tolerance(1e-9, 1e-11), GPU: Tolerance(1e-9, 1e-11), TPU: Tolerance(1e-5, 1e-6)},
    "float32": {CPU: Tolerance(2e-5, 2e-6), GPU: Tolerance(5e-3, 1e-3), TPU: Tolerance(2e-2, 5e-3)},
    "float16": {CPU: Tolerance(5e-3, 1e-3), GPU: Tolerance(1e-2, 2e-3), TPU: Tolerance(2e-2, 5e-3)},
    "bfloat16": {CPU: Tolerance(3e-2, 1e-2), GPU: Tolerance(3e-2, 1e-2), TPU: Tolerance(3e-2, 1e-2)},
}
_SMALL_FLOAT = Tolerance(0.25, 0.1)
# JAX names its platforms; these are the names of the tables.
_PLATFORMS = {"cuda": GPU, "rocm": GPU, "metal": GPU}
_PARTS = {"complex64": "float32", "complex128": "float64"}


def tolerance_of(dtype: str, platform: str) -> Tolerance:
    """The tolerance for arrays of a dtype (`float32`, as NumPy names it) on a platform (`cpu`, `gpu`, `tpu`).

    Integers, booleans and random keys must be equal, as must dtypes that nobody knows. An unknown platform counts as
    a GPU. Numbers of two devices are compared by the tolerance of the accelerator, which is never the narrower one.
    """
    if dtype.startswith("float8"):
        return _SMALL_FLOAT
    row = _TABLE.get(_PARTS.get(dtype, dtype))
    if row is None:
        return EXACT
    return row.get(_PLATFORMS.get(platform, platform), row[GPU])


def are_close(one: float, other: float, tolerance: Tolerance) -> bool:
    """Whether two numbers are equal within the tolerance; two that are no number are equal, too."""
    if one == other or (one != one and other != other):  # noqa: PLR0124 - true of nothing but NaN
        return True
    if math.isinf(one) or math.isinf(other):
        return False
    return abs(one - other) <= tolerance.absolute + tolerance.relative * max(abs(one), abs(other))
