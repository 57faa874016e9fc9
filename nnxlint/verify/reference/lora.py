"""Low-rank adapters are trained beside frozen layers."""

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


class Adapted(nnx.Module):
    """Two linear layers, each with an adapter."""

    def __init__(self, width: int, rank: int, *, rngs: nnx.Rngs) -> None:
        self.inner = nnx.LoRALinear(4, width, lora_rank=rank, rngs=rngs)
        self.outer = nnx.LoRALinear(width, OUTPUTS, lora_rank=rank, rngs=rngs)

    def __call__(self, x: jax.Array) -> jax.Array:
        return self.outer(nnx.tanh(self.inner(x)))


def create(rngs: nnx.Rngs) -> Adapted:
    """Make the model."""
    return Adapted(8, 2, rngs=rngs)


def example_batch() -> dict[str, jax.ShapeDtypeStruct]:
    """Give the shapes and data types of a batch."""
    return {name: jax.ShapeDtypeStruct(shape, dtype) for name, (shape, dtype, _) in BATCH.items()}


def loss(model: Adapted, batch: Batch) -> jax.Array:
    """Give the mean squared error."""
    return jnp.mean((model(batch["x"]) - batch["y"]) ** 2)


def make_optimizer(model: Adapted) -> nnx.Optimizer[Adapted]:
    """Make the optimizer of the adapters; the layers that they adapt stay as they are."""
    return nnx.Optimizer(model, optax.adam(1e-2), wrt=nnx.LoRAParam)


@nnx.jit
def train_step(model: Adapted, optimizer: nnx.Optimizer[Adapted], batch: Batch) -> jax.Array:
    """Move the adapters along the gradient of the loss."""
    value, grads = nnx.value_and_grad(loss, argnums=nnx.DiffState(0, nnx.LoRAParam))(model, batch)
    optimizer.update(model, grads)
    return value


@nnx.jit
def eval_step(model: Adapted, batch: Batch) -> jax.Array:
    """Give the outputs."""
    return model(batch["x"])
