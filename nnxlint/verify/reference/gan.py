"""A generator and a discriminator that learn against each other, each with its own optimizer."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from flax import nnx

OUTPUTS = 1
LATENT = 2
BATCH: dict[str, tuple[tuple[int, ...], str, int | None]] = {"x": ((16, 4), "float32", None)}
Batch = dict[str, jax.Array]


class Generator(nnx.Module):
    """Makes rows of noise."""

    def __init__(self, *, rngs: nnx.Rngs) -> None:
        self.inner = nnx.Linear(LATENT, 8, rngs=rngs)
        self.outer = nnx.Linear(8, 4, rngs=rngs)
        self.noise = rngs.noise.fork()

    def __call__(self, count: int) -> jax.Array:
        drawn = jax.random.normal(self.noise(), (count, LATENT))
        return self.outer(nnx.tanh(self.inner(drawn)))


class Discriminator(nnx.Module):
    """Scores rows: high for those of the data."""

    def __init__(self, *, rngs: nnx.Rngs) -> None:
        self.inner = nnx.Linear(4, 8, rngs=rngs)
        self.outer = nnx.Linear(8, OUTPUTS, rngs=rngs)

    def __call__(self, x: jax.Array) -> jax.Array:
        return self.outer(nnx.leaky_relu(self.inner(x)))


class Gan(nnx.Module):
    """The pair."""

    def __init__(self, *, rngs: nnx.Rngs) -> None:
        self.generator = Generator(rngs=rngs)
        self.discriminator = Discriminator(rngs=rngs)


def create(rngs: nnx.Rngs) -> Gan:
    """Make the model."""
    return Gan(rngs=rngs)


def example_batch() -> dict[str, jax.ShapeDtypeStruct]:
    """Give the shapes and data types of a batch."""
    return {name: jax.ShapeDtypeStruct(shape, dtype) for name, (shape, dtype, _) in BATCH.items()}


def discriminator_loss(discriminator: Discriminator, real: jax.Array, fakes: jax.Array) -> jax.Array:
    """Give how far the scores are from 1 for the data and from 0 for the generator's rows."""
    return jnp.mean((discriminator(real) - 1.0) ** 2) + jnp.mean(discriminator(fakes) ** 2)


def generator_loss(generator: Generator, discriminator: Discriminator, count: int) -> jax.Array:
    """Give how far the generator's rows are from being taken for data."""
    return jnp.mean((discriminator(generator(count)) - 1.0) ** 2)


def loss(model: Gan, batch: Batch) -> jax.Array:
    """Give the discriminator's loss."""
    return discriminator_loss(model.discriminator, batch["x"], model.generator(batch["x"].shape[0]))


class Optimizers(NamedTuple):
    """One for each of the two networks."""

    generator: nnx.Optimizer[Generator]
    discriminator: nnx.Optimizer[Discriminator]


def make_optimizer(model: Gan) -> Optimizers:
    """Make the optimizers of the two networks."""
    return Optimizers(
        nnx.Optimizer(model.generator, optax.adam(1e-3), wrt=nnx.Param),
        nnx.Optimizer(model.discriminator, optax.adam(1e-2), wrt=nnx.Param),
    )


@nnx.jit
def train_step(model: Gan, optimizer: Optimizers, batch: Batch) -> jax.Array:
    """Move each network along the gradient of its own loss."""
    fakes = model.generator(batch["x"].shape[0])
    value, grads = nnx.value_and_grad(discriminator_loss)(model.discriminator, batch["x"], fakes)
    optimizer.discriminator.update(model.discriminator, grads)
    grads = nnx.grad(generator_loss)(model.generator, model.discriminator, batch["x"].shape[0])
    optimizer.generator.update(model.generator, grads)
    return value


@nnx.jit
def eval_step(model: Gan, batch: Batch) -> jax.Array:
    """Give the outputs of the discriminator."""
    return model.discriminator(batch["x"])
