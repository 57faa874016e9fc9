"""An actor, a critic, and a target network that follows the critic slowly."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from flax import nnx

OUTPUTS = 2
DISCOUNT = 0.9
FOLLOW = 0.05
BATCH: dict[str, tuple[tuple[int, ...], str, int | None]] = {
    "x": ((8, 4), "float32", None),
    "action": ((8, 2), "float32", None),
    "reward": ((8,), "float32", None),
    "after": ((8, 4), "float32", None),
}
Batch = dict[str, jax.Array]


class Actor(nnx.Module):
    """Chooses actions."""

    def __init__(self, *, rngs: nnx.Rngs) -> None:
        self.inner = nnx.Linear(4, 8, rngs=rngs)
        self.outer = nnx.Linear(8, OUTPUTS, rngs=rngs)

    def __call__(self, x: jax.Array) -> jax.Array:
        return nnx.tanh(self.outer(nnx.tanh(self.inner(x))))


class Critic(nnx.Module):
    """Values actions."""

    def __init__(self, *, rngs: nnx.Rngs) -> None:
        self.inner = nnx.Linear(4 + OUTPUTS, 8, rngs=rngs)
        self.outer = nnx.Linear(8, 1, rngs=rngs)

    def __call__(self, x: jax.Array, action: jax.Array) -> jax.Array:
        return self.outer(nnx.tanh(self.inner(jnp.concatenate((x, action), axis=-1))))[:, 0]


class Agent(nnx.Module):
    """The three networks; the target starts as a copy of the critic."""

    def __init__(self, *, rngs: nnx.Rngs) -> None:
        self.actor = Actor(rngs=rngs)
        self.critic = Critic(rngs=rngs)
        self.target = nnx.clone(self.critic)

    def __call__(self, x: jax.Array) -> jax.Array:
        return self.actor(x)


def create(rngs: nnx.Rngs) -> Agent:
    """Make the model."""
    return Agent(rngs=rngs)


def example_batch() -> dict[str, jax.ShapeDtypeStruct]:
    """Give the shapes and data types of a batch."""
    return {name: jax.ShapeDtypeStruct(shape, dtype) for name, (shape, dtype, _) in BATCH.items()}


def critic_loss(critic: Critic, actor: Actor, target: Critic, batch: Batch) -> jax.Array:
    """Give the squared error against the reward and what the target expects afterwards."""
    expected = batch["reward"] + DISCOUNT * target(batch["after"], actor(batch["after"]))
    return jnp.mean((critic(batch["x"], batch["action"]) - jax.lax.stop_gradient(expected)) ** 2)


def actor_loss(actor: Actor, critic: Critic, batch: Batch) -> jax.Array:
    """Give how little the critic thinks of the actor's choices."""
    return -critic(batch["x"], actor(batch["x"])).mean()


def loss(model: Agent, batch: Batch) -> jax.Array:
    """Give the critic's loss."""
    return critic_loss(model.critic, model.actor, model.target, batch)


class Optimizers(NamedTuple):
    """One for each network that learns; the target follows the critic."""

    actor: nnx.Optimizer[Actor]
    critic: nnx.Optimizer[Critic]


def make_optimizer(model: Agent) -> Optimizers:
    """Make the optimizers of the actor and of the critic."""
    return Optimizers(
        nnx.Optimizer(model.actor, optax.adam(1e-2), wrt=nnx.Param),
        nnx.Optimizer(model.critic, optax.adam(1e-2), wrt=nnx.Param),
    )


@nnx.jit
def train_step(model: Agent, optimizer: Optimizers, batch: Batch) -> jax.Array:
    """Move critic and actor along their gradients, and the target towards the critic."""
    value, grads = nnx.value_and_grad(critic_loss)(model.critic, model.actor, model.target, batch)
    optimizer.critic.update(model.critic, grads)
    grads = nnx.grad(actor_loss)(model.actor, model.critic, batch)
    optimizer.actor.update(model.actor, grads)
    critic, target = nnx.state(model.critic, nnx.Param), nnx.state(model.target, nnx.Param)
    nnx.update(model.target, jax.tree.map(lambda old, new: (1 - FOLLOW) * old + FOLLOW * new, target, critic))
    return value


@nnx.jit
def eval_step(model: Agent, batch: Batch) -> jax.Array:
    """Give the outputs of the actor."""
    return model(batch["x"])
