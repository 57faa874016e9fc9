"""A batch normalization written by hand: its statistics are Variables that no gradient reaches."""

import jax
import jax.numpy as jnp
import optax
from flax import nnx

OUTPUTS = 3
DECAY = 0.9
BATCH: dict[str, tuple[tuple[int, ...], str, int | None]] = {
    "x": ((8, 4), "float32", None),
    "y": ((8, 3), "float32", None),
}
Batch = dict[str, jax.Array]


class Norm(nnx.Module):
    """Normalizes by the batch in training, by what it has seen in evaluation."""

    def __init__(self, size: int) -> None:
        self.gain = nnx.Param(jnp.ones(size))
        self.shift = nnx.Param(jnp.zeros(size))
        self.mean = nnx.BatchStat(jnp.zeros(size))
        self.variance = nnx.BatchStat(jnp.ones(size))

    def __call__(self, x: jax.Array, *, train: bool = True) -> jax.Array:
        if train:
            mean, variance = x.mean(axis=0), x.var(axis=0)
            self.mean[...] = DECAY * self.mean[...] + (1 - DECAY) * mean
            self.variance[...] = DECAY * self.variance[...] + (1 - DECAY) * variance
        else:
            mean, variance = self.mean[...], self.variance[...]
        return self.gain[...] * (x - mean) * jax.lax.rsqrt(variance + 1e-5) + self.shift[...]


class Normalized(nnx.Module):
    """A linear layer, its normalization, and a head."""

    def __init__(self, *, rngs: nnx.Rngs) -> None:
        self.inner = nnx.Linear(4, 6, rngs=rngs)
        self.norm = Norm(6)
        self.head = nnx.Linear(6, OUTPUTS, rngs=rngs)

    def __call__(self, x: jax.Array, *, train: bool = True) -> jax.Array:
        return self.head(nnx.tanh(self.norm(self.inner(x), train=train)))


def create(rngs: nnx.Rngs) -> Normalized:
    """Make the model."""
    return Normalized(rngs=rngs)


def example_batch() -> dict[str, jax.ShapeDtypeStruct]:
    """Give the shapes and data types of a batch."""
    return {name: jax.ShapeDtypeStruct(shape, dtype) for name, (shape, dtype, _) in BATCH.items()}


def loss(model: Normalized, batch: Batch) -> jax.Array:
    """Give the mean squared error."""
    return jnp.mean((model(batch["x"], train=True) - batch["y"]) ** 2)


def make_optimizer(model: Normalized) -> nnx.Optimizer[Normalized]:
    """Make the optimizer of all Params."""
    return nnx.Optimizer(model, optax.adam(1e-2), wrt=nnx.Param)


@nnx.jit
def train_step(model: Normalized, optimizer: nnx.Optimizer[Normalized], batch: Batch) -> jax.Array:
    """Move the model along the gradient of its loss."""
    value, grads = nnx.value_and_grad(loss)(model, batch)
    optimizer.update(model, grads)
    return value


@nnx.jit
def eval_step(model: Normalized, batch: Batch) -> jax.Array:
    """Give the outputs by the statistics that training left."""
    return model(batch["x"], train=False)
