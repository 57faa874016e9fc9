"""A variational autoencoder: sampling noise in training, none in evaluation."""

import jax
import jax.numpy as jnp
import optax
from flax import nnx

OUTPUTS = 6
BATCH: dict[str, tuple[tuple[int, ...], str, int | None]] = {"x": ((8, 6), "float32", None)}
Batch = dict[str, jax.Array]


class Vae(nnx.Module):
    """Encodes into means and spreads, draws, and decodes."""

    def __init__(self, width: int, latent: int, *, rngs: nnx.Rngs) -> None:
        self.encoder = nnx.Linear(6, width, rngs=rngs)
        self.to_mean = nnx.Linear(width, latent, rngs=rngs)
        self.to_log_variance = nnx.Linear(width, latent, rngs=rngs)
        self.widen = nnx.Linear(latent, width, rngs=rngs)
        self.decoder = nnx.Linear(width, OUTPUTS, rngs=rngs)
        self.noise = rngs.noise.fork()

    def encode(self, x: jax.Array) -> tuple[jax.Array, jax.Array]:
        """Give the mean and the logarithm of the variance of each row's code."""
        hidden = nnx.tanh(self.encoder(x))
        return self.to_mean(hidden), self.to_log_variance(hidden)

    def decode(self, code: jax.Array) -> jax.Array:
        """Give the rows that the codes stand for."""
        return self.decoder(nnx.tanh(self.widen(code)))

    def __call__(self, x: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
        mean, log_variance = self.encode(x)
        drawn = jax.random.normal(self.noise(), mean.shape)
        return self.decode(mean + jnp.exp(0.5 * log_variance) * drawn), mean, log_variance


def create(rngs: nnx.Rngs) -> Vae:
    """Make the model."""
    return Vae(8, 2, rngs=rngs)


def example_batch() -> dict[str, jax.ShapeDtypeStruct]:
    """Give the shapes and data types of a batch."""
    return {name: jax.ShapeDtypeStruct(shape, dtype) for name, (shape, dtype, _) in BATCH.items()}


def loss(model: Vae, batch: Batch) -> jax.Array:
    """Give the error of reconstruction and the divergence of the codes from the prior."""
    decoded, mean, log_variance = model(batch["x"])
    divergence = 0.5 * jnp.sum(jnp.exp(log_variance) + mean**2 - 1.0 - log_variance, axis=-1)
    return jnp.mean(jnp.sum((decoded - batch["x"]) ** 2, axis=-1) + 0.1 * divergence)


def make_optimizer(model: Vae) -> nnx.Optimizer[Vae]:
    """Make the optimizer of all Params."""
    return nnx.Optimizer(model, optax.adam(1e-2), wrt=nnx.Param)


@nnx.jit
def train_step(model: Vae, optimizer: nnx.Optimizer[Vae], batch: Batch) -> jax.Array:
    """Move the model along the gradient of its loss."""
    value, grads = nnx.value_and_grad(loss)(model, batch)
    optimizer.update(model, grads)
    return value


@nnx.jit
def eval_step(model: Vae, batch: Batch) -> jax.Array:
    """Give the outputs decoded from the means."""
    return model.decode(model.encode(batch["x"])[0])
