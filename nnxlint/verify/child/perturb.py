"""Another value of the same kind: what a changed program computes with in place of an edited expression's value."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

PERTURB = "__nnxlint_other__"


def other_value(value: Any) -> Any:  # noqa: ANN401 - whatever an expression gives
    """Arrays with other numbers, wherever they lie in the value; `TypeError` where there are none."""
    if not any(isinstance(leaf, jax.Array | np.ndarray) for leaf in jax.tree.leaves(value)):
        message = "there is no array to change"
        raise TypeError(message)
    return jax.tree.map(_other, value)


def _other(leaf: Any) -> Any:  # noqa: ANN401 - a leaf of a tree
    if not isinstance(leaf, jax.Array | np.ndarray):
        return leaf
    if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
        return jax.random.wrap_key_data(jax.random.key_data(leaf) ^ 1, impl=jax.random.key_impl(leaf))
    if leaf.dtype == jnp.bool_:
        return ~leaf
    return (leaf * 3 + 1).astype(leaf.dtype)
