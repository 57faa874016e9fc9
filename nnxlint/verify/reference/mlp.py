"""Linear layers with dropout that goes by the model's mode."""

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


class Mlp(nnx.Module):
    """Two hidden layers."""

    def __init__(self, width: int, *, rngs: nnx.Rngs) -> None:
        self.first = nnx.Linear(4, width, rngs=rngs)
        self.second = nnx.Linear(width, width, rngs=rngs)
        self.dropout = nnx.Dropout(0.2, rngs=rngs)
        self.head = nnx.Linear(width, OUTPUTS, rngs=rngs)

    def __call__(self, x: jax.Array) -> jax.Array:
        x = self.dropout(nnx.tanh(self.first(x)))
        return self.head(nnx.tanh(self.second(x)))


def create(rngs: nnx.Rngs) -> Mlp:
    """Make the model."""
    return Mlp(16, rngs=rngs)


def example_batch() -> dict[str, jax.ShapeDtypeStruct]:
    """Give the shapes and data types of a batch."""
    return {name: jax.ShapeDtypeStruct(shape, dtype) for name, (shape, dtype, _) in BATCH.items()}


def loss(model: Mlp, batch: Batch) -> jax.Array:
    """Give the mean squared error."""
    return jnp.mean((model(batch["x"]) - batch["y"]) ** 2)


def make_optimizer(model: Mlp) -> nnx.Optimizer[Mlp]:
    """Make the optimizer of all Params."""
    return nnx.Optimizer(model, optax.adam(1e-2), wrt=nnx.Param)


@nnx.jit
def train_step(model: Mlp, optimizer: nnx.Optimizer[Mlp], batch: Batch) -> jax.Array:
    """Move the model along the gradient of its loss."""
    value, grads = nnx.value_and_grad(loss)(model, batch)
    optimizer.update(model, grads)
    return value


@nnx.jit
def eval_step(model: Mlp, batch: Batch) -> jax.Array:
    """Give the outputs of all units."""
    evaluated = nnx.merge(*nnx.split(model))
    evaluated.eval()
    return evaluated(batch["x"])
