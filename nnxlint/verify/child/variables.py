"""Variables of any Flax version: their raw value, their metadata, and how to give them another value."""

from collections.abc import Mapping
from typing import Any

from flax import nnx


def raw_value(variable: nnx.Variable[Any]) -> Any:  # noqa: ANN401 - a Variable holds anything
    """What the Variable holds, without its hooks."""
    if hasattr(type(variable), "get_raw_value"):
        return variable.get_raw_value()
    return object.__getattribute__(variable, "raw_value")


def set_raw_value(variable: nnx.Variable[Any], value: object) -> None:
    """Give the Variable another value, without its hooks."""
    if hasattr(type(variable), "set_raw_value"):
        variable.set_raw_value(value)
    else:
        variable.raw_value = value


def metadata(variable: nnx.Variable[Any]) -> Mapping[str, object]:
    """All metadata of the Variable, hooks included."""
    if hasattr(variable, "get_metadata"):
        found: Mapping[str, object] = variable.get_metadata()
        return found
    return {name: value for name, value in vars(variable).items() if name not in ("raw_value", "_trace_state")}
