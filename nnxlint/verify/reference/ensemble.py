"""An ensemble made and called by `nnx.vmap`: each member has its own parameters and masks."""

import jax
import jax.numpy as jnp
import optax
from flax import nnx

OUTPUTS = 3
MEMBERS = 4
BATCH: dict[str, tuple[tuple[int, ...], str, int | None]] = {
    "x": ((8, 4), "float32", None),
    "y": ((8, 3), "float32", None),
}
Batch = dict[str, jax.Array]


class Member(nnx.Module):
    """One of the networks; of the ensemble, all Variables have a leading axis."""

    def __init__(self, *, rngs: nnx.Rngs) -> None:
        self.inner = nnx.Linear(4, 8, rngs=rngs)
        self.outer = nnx.Linear(8, OUTPUTS, rngs=rngs)

    def __call__(self, x: jax.Array) -> jax.Array:
        return self.outer(nnx.tanh(self.inner(x)))


@nnx.split_rngs(splits=MEMBERS)
@nnx.vmap
def create(rngs: nnx.Rngs) -> Member:
    """Make the members, each from a stream of its own."""
    return Member(rngs=rngs)


@nnx.vmap(in_axes=(0, None))
def call(members: Member, x: jax.Array) -> jax.Array:
    """Give each member's outputs for the same inputs."""
    return members(x)


def example_batch() -> dict[str, jax.ShapeDtypeStruct]:
    """Give the shapes and data types of a batch."""
    return {name: jax.ShapeDtypeStruct(shape, dtype) for name, (shape, dtype, _) in BATCH.items()}


def loss(model: Member, batch: Batch) -> jax.Array:
    """Give the mean squared error of all members."""
    return jnp.mean((call(model, batch["x"]) - batch["y"]) ** 2)


def make_optimizer(model: Member) -> nnx.Optimizer[Member]:
    """Make the optimizer of all Params."""
    return nnx.Optimizer(model, optax.adam(1e-2), wrt=nnx.Param)


@nnx.jit
def train_step(model: Member, optimizer: nnx.Optimizer[Member], batch: Batch) -> jax.Array:
    """Move the model along the gradient of its loss."""
    value, grads = nnx.value_and_grad(loss)(model, batch)
    optimizer.update(model, grads)
    return value


@nnx.jit
def eval_step(model: Member, batch: Batch) -> jax.Array:
    """Give the outputs on which the members agree on average."""
    return call(model, batch["x"]).mean(axis=0)
