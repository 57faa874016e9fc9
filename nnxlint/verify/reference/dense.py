"""A layer whose weight and bias are Params of its own."""

import jax
import jax.numpy as jnp
import optax
from flax import nnx

OUTPUTS = 3
BATCH: dict[str, tuple[tuple[int, ...], str, int | None]] = {
    "x": ((8, 4), "float32", None),
    "y": ((8, 3), "float32", None),
}
Batch = dict[str, jax.Array]


class Dense(nnx.Module):
    """Affine map."""

    def __init__(self, inputs: int, outputs: int, *, rngs: nnx.Rngs) -> None:
        draw = nnx.initializers.lecun_normal()
        self.weight = nnx.Param(draw(rngs.params(), (inputs, outputs)))
        self.bias = nnx.Param(jnp.zeros(outputs))

    def __call__(self, x: jax.Array) -> jax.Array:
        return x @ self.weight[...] + self.bias[...]


def create(rngs: nnx.Rngs) -> Dense:
    """Make the model."""
    return Dense(4, OUTPUTS, rngs=rngs)


def example_batch() -> dict[str, jax.ShapeDtypeStruct]:
    """Give the shapes and data types of a batch."""
    return {name: jax.ShapeDtypeStruct(shape, dtype) for name, (shape, dtype, _) in BATCH.items()}


def loss(model: Dense, batch: Batch) -> jax.Array:
    """Give the mean squared error."""
    return jnp.mean((model(batch["x"]) - batch["y"]) ** 2)


def make_optimizer(model: Dense) -> nnx.Optimizer[Dense]:
    """Make the optimizer of all Params."""
    return nnx.Optimizer(model, optax.adam(1e-2), wrt=nnx.Param)


@nnx.jit
def train_step(model: Dense, optimizer: nnx.Optimizer[Dense], batch: Batch) -> jax.Array:
    """Move the model along the gradient of its loss."""
    value, grads = nnx.value_and_grad(loss)(model, batch)
    optimizer.update(model, grads)
    return value


@nnx.jit
def eval_step(model: Dense, batch: Batch) -> jax.Array:
    """Give the outputs."""
    return model(batch["x"])
