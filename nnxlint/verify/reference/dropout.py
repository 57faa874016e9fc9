"""A model with dropout that a flag turns off."""

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


class Masked(nnx.Module):
    """Two linear layers with dropout between them."""

    def __init__(self, width: int, *, rngs: nnx.Rngs) -> None:
        self.inner = nnx.Linear(4, width, rngs=rngs)
        self.dropout = nnx.Dropout(0.2, rngs=rngs)
        self.outer = nnx.Linear(width, OUTPUTS, rngs=rngs)

    def __call__(self, x: jax.Array, *, train: bool = True) -> jax.Array:
        x = nnx.tanh(self.inner(x))
        if train:
            x = self.dropout(x)
        return self.outer(x)


def create(rngs: nnx.Rngs) -> Masked:
    """Make the model."""
    return Masked(16, rngs=rngs)


def example_batch() -> dict[str, jax.ShapeDtypeStruct]:
    """Give the shapes and data types of a batch."""
    return {name: jax.ShapeDtypeStruct(shape, dtype) for name, (shape, dtype, _) in BATCH.items()}


def loss(model: Masked, batch: Batch) -> jax.Array:
    """Give the mean squared error."""
    return jnp.mean((model(batch["x"], train=True) - batch["y"]) ** 2)


def make_optimizer(model: Masked) -> nnx.Optimizer[Masked]:
    """Make the optimizer of all Params."""
    return nnx.Optimizer(model, optax.adam(1e-2), wrt=nnx.Param)


@nnx.jit
def train_step(model: Masked, optimizer: nnx.Optimizer[Masked], batch: Batch) -> jax.Array:
    """Move the model along the gradient of its loss."""
    value, grads = nnx.value_and_grad(loss)(model, batch)
    optimizer.update(model, grads)
    return value


@nnx.jit
def eval_step(model: Masked, batch: Batch) -> jax.Array:
    """Give the outputs of all units."""
    return model(batch["x"], train=False)
