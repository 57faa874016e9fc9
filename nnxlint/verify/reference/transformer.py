"""A Transformer block with dropout in its attention and behind it, which goes by the model's mode."""

import jax
import jax.numpy as jnp
import optax
from flax import nnx

OUTPUTS = 7
BATCH: dict[str, tuple[tuple[int, ...], str, int | None]] = {"x": ((4, 6), "int32", 7), "y": ((4, 6), "int32", 7)}
Batch = dict[str, jax.Array]


class Block(nnx.Module):
    """Causal self-attention and a feed-forward part, each added to what it gets."""

    def __init__(self, width: int, *, rngs: nnx.Rngs) -> None:
        self.attention_norm = nnx.LayerNorm(width, rngs=rngs)
        self.attention = nnx.MultiHeadAttention(
            num_heads=2, in_features=width, dropout_rate=0.1, deterministic=False, decode=False, rngs=rngs
        )
        self.forward_norm = nnx.LayerNorm(width, rngs=rngs)
        self.widen = nnx.Linear(width, 2 * width, rngs=rngs)
        self.narrow = nnx.Linear(2 * width, width, rngs=rngs)
        self.dropout = nnx.Dropout(0.1, rngs=rngs)

    def __call__(self, x: jax.Array, mask: jax.Array) -> jax.Array:
        x = x + self.attention(self.attention_norm(x), mask=mask)
        return x + self.dropout(self.narrow(nnx.gelu(self.widen(self.forward_norm(x)))))


class Transformer(nnx.Module):
    """Predicts the next of each row of tokens."""

    def __init__(self, length: int, width: int, *, rngs: nnx.Rngs) -> None:
        self.tokens = nnx.Embed(OUTPUTS, width, rngs=rngs)
        self.places = nnx.Embed(length, width, rngs=rngs)
        self.block = Block(width, rngs=rngs)
        self.head = nnx.Linear(width, OUTPUTS, rngs=rngs)

    def __call__(self, x: jax.Array) -> jax.Array:
        hidden = self.tokens(x) + self.places(jnp.arange(x.shape[1]))
        return self.head(self.block(hidden, nnx.make_causal_mask(x)))


def create(rngs: nnx.Rngs) -> Transformer:
    """Make the model."""
    return Transformer(6, 8, rngs=rngs)


def example_batch() -> dict[str, jax.ShapeDtypeStruct]:
    """Give the shapes and data types of a batch."""
    return {name: jax.ShapeDtypeStruct(shape, dtype) for name, (shape, dtype, _) in BATCH.items()}


def loss(model: Transformer, batch: Batch) -> jax.Array:
    """Give the mean cross-entropy."""
    return optax.softmax_cross_entropy_with_integer_labels(model(batch["x"]), batch["y"]).mean()


def make_optimizer(model: Transformer) -> nnx.Optimizer[Transformer]:
    """Make the optimizer of all Params."""
    return nnx.Optimizer(model, optax.adam(1e-2), wrt=nnx.Param)


@nnx.jit
def train_step(model: Transformer, optimizer: nnx.Optimizer[Transformer], batch: Batch) -> jax.Array:
    """Move the model along the gradient of its loss."""
    value, grads = nnx.value_and_grad(loss)(model, batch)
    optimizer.update(model, grads)
    return value


@nnx.jit
def eval_step(model: Transformer, batch: Batch) -> jax.Array:
    """Give the outputs without dropout."""
    evaluated = nnx.merge(*nnx.split(model))
    evaluated.eval()
    return evaluated(batch["x"])
