"""A residual block with batch normalization that goes by the model's mode."""

import jax
import optax
from flax import nnx

OUTPUTS = 4
BATCH: dict[str, tuple[tuple[int, ...], str, int | None]] = {
    "x": ((8, 6, 6, 2), "float32", None),
    "y": ((8,), "int32", 4),
}
Batch = dict[str, jax.Array]


class Block(nnx.Module):
    """Two convolutions around which the input is carried along."""

    def __init__(self, channels: int, *, rngs: nnx.Rngs) -> None:
        self.first = nnx.Conv(channels, channels, kernel_size=(3, 3), rngs=rngs)
        self.first_norm = nnx.BatchNorm(channels, rngs=rngs)
        self.second = nnx.Conv(channels, channels, kernel_size=(3, 3), rngs=rngs)
        self.second_norm = nnx.BatchNorm(channels, rngs=rngs)

    def __call__(self, x: jax.Array) -> jax.Array:
        inner = nnx.relu(self.first_norm(self.first(x)))
        return nnx.relu(x + self.second_norm(self.second(inner)))


class ResNet(nnx.Module):
    """A residual block and a classifier of what it sees on average."""

    def __init__(self, channels: int, *, rngs: nnx.Rngs) -> None:
        self.block = Block(channels, rngs=rngs)
        self.head = nnx.Linear(channels, OUTPUTS, rngs=rngs)

    def __call__(self, x: jax.Array) -> jax.Array:
        return self.head(self.block(x).mean(axis=(1, 2)))


def create(rngs: nnx.Rngs) -> ResNet:
    """Make the model."""
    return ResNet(2, rngs=rngs)


def example_batch() -> dict[str, jax.ShapeDtypeStruct]:
    """Give the shapes and data types of a batch."""
    return {name: jax.ShapeDtypeStruct(shape, dtype) for name, (shape, dtype, _) in BATCH.items()}


def loss(model: ResNet, batch: Batch) -> jax.Array:
    """Give the mean cross-entropy."""
    return optax.softmax_cross_entropy_with_integer_labels(model(batch["x"]), batch["y"]).mean()


def make_optimizer(model: ResNet) -> nnx.Optimizer[ResNet]:
    """Make the optimizer of all Params."""
    return nnx.Optimizer(model, optax.adam(1e-2), wrt=nnx.Param)


@nnx.jit
def train_step(model: ResNet, optimizer: nnx.Optimizer[ResNet], batch: Batch) -> jax.Array:
    """Move the model along the gradient of its loss."""
    value, grads = nnx.value_and_grad(loss)(model, batch)
    optimizer.update(model, grads)
    return value


@nnx.jit
def eval_step(model: ResNet, batch: Batch) -> jax.Array:
    """Give the outputs by the statistics that training left."""
    evaluated = nnx.merge(*nnx.split(model))
    evaluated.eval()
    return evaluated(batch["x"])
