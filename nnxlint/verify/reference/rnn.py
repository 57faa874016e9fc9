"""A recurrent network with dropout behind its cell, which a flag turns off."""

import jax
import jax.numpy as jnp
import optax
from flax import nnx

OUTPUTS = 2
BATCH: dict[str, tuple[tuple[int, ...], str, int | None]] = {
    "x": ((4, 5, 3), "float32", None),
    "y": ((4, 2), "float32", None),
}
Batch = dict[str, jax.Array]


class Reader(nnx.Module):
    """Reads a sequence and answers at its end."""

    def __init__(self, width: int, *, rngs: nnx.Rngs) -> None:
        self.rnn = nnx.RNN(nnx.GRUCell(3, width, rngs=rngs), rngs=rngs)
        self.dropout = nnx.Dropout(0.1, rngs=rngs)
        self.width = width
        self.head = nnx.Linear(width, OUTPUTS, rngs=rngs)

    def __call__(self, x: jax.Array, *, train: bool = True) -> jax.Array:
        nothing = jnp.zeros((x.shape[0], self.width))
        return self.head(self.dropout(self.rnn(x, initial_carry=nothing)[:, -1], deterministic=not train))


def create(rngs: nnx.Rngs) -> Reader:
    """Make the model."""
    return Reader(6, rngs=rngs)


def example_batch() -> dict[str, jax.ShapeDtypeStruct]:
    """Give the shapes and data types of a batch."""
    return {name: jax.ShapeDtypeStruct(shape, dtype) for name, (shape, dtype, _) in BATCH.items()}


def loss(model: Reader, batch: Batch) -> jax.Array:
    """Give the mean squared error."""
    return jnp.mean((model(batch["x"], train=True) - batch["y"]) ** 2)


def make_optimizer(model: Reader) -> nnx.Optimizer[Reader]:
    """Make the optimizer of all Params."""
    return nnx.Optimizer(model, optax.adam(1e-2), wrt=nnx.Param)


@nnx.jit
def train_step(model: Reader, optimizer: nnx.Optimizer[Reader], batch: Batch) -> jax.Array:
    """Move the model along the gradient of its loss."""
    value, grads = nnx.value_and_grad(loss)(model, batch)
    optimizer.update(model, grads)
    return value


@nnx.jit
def eval_step(model: Reader, batch: Batch) -> jax.Array:
    """Give the outputs of all units."""
    return model(batch["x"], train=False)
