"""Texts for what primitives are parametrised with, by an allow-list of kinds: what is not on it cannot be compared."""

import dataclasses
from collections.abc import Callable, Mapping

import jax
import numpy as np
from jax.extend.core import ClosedJaxpr, Jaxpr

from nnxlint.verify.child.fingerprint import OpaqueError, array_text, data_text, fingerprint

# These act on the world, or run what jax cannot see.
OUTSIDE = frozenset(
    """pure_callback io_callback debug_callback debug_print ffi_call custom_call infeed outfeed pallas_call
    tpu_custom_call xla_call_module host_callback run_state rng_uniform""".split()
)
# Kinds whose own text says all.
BY_TEXT = frozenset(
    """UnspecifiedValue AUTO NamedSharding SingleDeviceSharding PositionalSharding GSPMDSharding Mesh AbstractMesh
    PyTreeDef PRNGImpl Layout Format DeviceLocalLayout AxisType Infeasible""".split()
)

InnerText = Callable[[ClosedJaxpr], str]


def parameter_text(value: object, inner: InnerText) -> str:
    """A text that is equal for equal parameters; `inner` gives one for a jaxpr among them.

    `OpaqueError` for a kind that is not known.
    """
    text = data_text(value)
    if text is not None:
        return text
    match value:
        case tuple() | list():
            parts = ",".join(parameter_text(each, inner) for each in value)
            return f"{_name(value) if hasattr(value, '_fields') else ''}[{parts}]"
        case Mapping():
            parts = ",".join(f"{key}:{parameter_text(value[key], inner)}" for key in sorted(value, key=str))
            return f"{{{parts}}}"
        case set() | frozenset():
            return f"{{{sorted(parameter_text(each, inner) for each in value)}}}"
        case ClosedJaxpr():
            return inner(value)
        case Jaxpr():
            return inner(ClosedJaxpr(value, ()))
        case np.ndarray() | jax.Array() if not isinstance(value, jax.core.Tracer):
            return array_text(value)
        case jax.core.ShapedArray():
            return f"{value.dtype}{list(value.shape)}"
        case _:
            return _other_text(value, inner)


def _other_text(value: object, inner: InnerText) -> str:
    if _name(value) in BY_TEXT:
        return f"{_name(value)} {value}"
    if isinstance(value, jax.dtypes.extended) or _name(value).endswith(("DType", "KeyTy")):
        return str(value)
    if dataclasses.is_dataclass(value) and type(value).__module__.startswith("jax"):
        fields = [parameter_text(getattr(value, each.name), inner) for each in dataclasses.fields(value)]
        return f"{_name(value)}{fields}"
    if callable(value):
        return fingerprint(value)
    message = f"a {_name(value)}"
    raise OpaqueError(message)


def _name(value: object) -> str:
    return type(value).__name__
