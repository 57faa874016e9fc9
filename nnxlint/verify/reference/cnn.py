"""Convolution, batch normalization, dropout and a linear layer, all steered by one flag."""

import jax
import optax
from flax import nnx

OUTPUTS = 4
BATCH: dict[str, tuple[tuple[int, ...], str, int | None]] = {
    "x": ((8, 8, 8, 1), "float32", None),
    "y": ((8,), "int32", 4),
}
Batch = dict[str, jax.Array]


class Cnn(nnx.Module):
    """Classifies small grey images."""

    def __init__(self, channels: int, *, rngs: nnx.Rngs) -> None:
        self.conv = nnx.Conv(1, channels, kernel_size=(3, 3), padding="VALID", rngs=rngs)
        self.norm = nnx.BatchNorm(channels, rngs=rngs)
        self.dropout = nnx.Dropout(0.2, rngs=rngs)
        self.linear = nnx.Linear(channels * 6 * 6, OUTPUTS, rngs=rngs)

    def __call__(self, x: jax.Array, *, train: bool = True) -> jax.Array:
        x = nnx.relu(self.norm(self.conv(x), use_running_average=not train))
        x = self.dropout(x, deterministic=not train)
        return self.linear(x.reshape(x.shape[0], -1))


def create(rngs: nnx.Rngs) -> Cnn:
    """Make the model."""
    return Cnn(3, rngs=rngs)


def example_batch() -> dict[str, jax.ShapeDtypeStruct]:
    """Give the shapes and data types of a batch."""
    return {name: jax.ShapeDtypeStruct(shape, dtype) for name, (shape, dtype, _) in BATCH.items()}


def loss(model: Cnn, batch: Batch) -> jax.Array:
    """Give the mean cross-entropy."""
    return optax.softmax_cross_entropy_with_integer_labels(model(batch["x"], train=True), batch["y"]).mean()


def make_optimizer(model: Cnn) -> nnx.Optimizer[Cnn]:
    """Make the optimizer of all Params."""
    return nnx.Optimizer(model, optax.adam(1e-2), wrt=nnx.Param)


@nnx.jit
def train_step(model: Cnn, optimizer: nnx.Optimizer[Cnn], batch: Batch) -> jax.Array:
    """Move the model along the gradient of its loss."""
    value, grads = nnx.value_and_grad(loss)(model, batch)
    optimizer.update(model, grads)
    return value


@nnx.jit
def eval_step(model: Cnn, batch: Batch) -> jax.Array:
    """Give the outputs in evaluation mode."""
    return model(batch["x"], train=False)
