"""Layers of equal shape, stacked by `nnx.vmap` and run one after the other by `nnx.scan`."""

import jax
import jax.numpy as jnp
import optax
from flax import nnx

OUTPUTS = 4
LAYERS = 3
BATCH: dict[str, tuple[tuple[int, ...], str, int | None]] = {
    "x": ((8, 4), "float32", None),
    "y": ((8, 4), "float32", None),
}
Batch = dict[str, jax.Array]


class Layer(nnx.Module):
    """A normalized linear layer, added to what it gets."""

    def __init__(self, width: int, *, rngs: nnx.Rngs) -> None:
        self.norm = nnx.LayerNorm(width, rngs=rngs)
        self.linear = nnx.Linear(width, width, rngs=rngs)

    def __call__(self, x: jax.Array) -> jax.Array:
        return x + nnx.tanh(self.linear(self.norm(x)))


class Stack(nnx.Module):
    """The layers, whose Variables have a leading axis, and a head."""

    def __init__(self, width: int, *, rngs: nnx.Rngs) -> None:
        @nnx.split_rngs(splits=LAYERS)
        @nnx.vmap
        def make(rngs: nnx.Rngs) -> Layer:
            return Layer(width, rngs=rngs)

        self.layers = make(rngs)
        self.head = nnx.Linear(width, OUTPUTS, rngs=rngs)

    def __call__(self, x: jax.Array) -> jax.Array:
        @nnx.scan(in_axes=(nnx.Carry, 0), out_axes=nnx.Carry)
        def forward(x: jax.Array, layer: Layer) -> jax.Array:
            return layer(x)

        return self.head(forward(x, self.layers))


def create(rngs: nnx.Rngs) -> Stack:
    """Make the model."""
    return Stack(4, rngs=rngs)


def example_batch() -> dict[str, jax.ShapeDtypeStruct]:
    """Give the shapes and data types of a batch."""
    return {name: jax.ShapeDtypeStruct(shape, dtype) for name, (shape, dtype, _) in BATCH.items()}


def loss(model: Stack, batch: Batch) -> jax.Array:
    """Give the mean squared error."""
    return jnp.mean((model(batch["x"]) - batch["y"]) ** 2)


def make_optimizer(model: Stack) -> nnx.Optimizer[Stack]:
    """Make the optimizer of all Params."""
    return nnx.Optimizer(model, optax.adam(1e-2), wrt=nnx.Param)


@nnx.jit
def train_step(model: Stack, optimizer: nnx.Optimizer[Stack], batch: Batch) -> jax.Array:
    """Move the model along the gradient of its loss."""
    value, grads = nnx.value_and_grad(loss)(model, batch)
    optimizer.update(model, grads)
    return value


@nnx.jit
def eval_step(model: Stack, batch: Batch) -> jax.Array:
    """Give the outputs."""
    return model(batch["x"])
