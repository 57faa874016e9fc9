"""Small programs of the kinds people write, on which the verifier is measured, and how each is exercised."""

from nnxlint.verify.protocol import ArraySpec, Case, Maker, Probe

CLASSIFIER = """\
import jax
import jax.numpy as jnp
import optax
from flax import nnx

RATE = 0.25
SMOOTHING = 0.1


class Classifier(nnx.Module):
    def __init__(self, features, classes, *, rngs):
        self.first = nnx.Linear(features, 8, rngs=rngs)
        self.norm = nnx.BatchNorm(8, momentum=0.9, rngs=rngs)
        self.drop = nnx.Dropout(RATE, rngs=rngs)
        self.last = nnx.Linear(8, classes, rngs=rngs)
        self.classes = classes

    def features(self, x):
        x = nnx.relu(self.norm(self.first(x)))
        return self.drop(x)

    def __call__(self, x):
        return self.last(self.features(x))


def create(rngs):
    return Classifier(4, 3, rngs=rngs)


def make_optimizer(model):
    return nnx.Optimizer(model, optax.adamw(1e-2, weight_decay=1e-3), wrt=nnx.Param)


def loss_fn(model, batch):
    logits = model(batch["x"])
    labels = optax.smooth_labels(jax.nn.one_hot(batch["y"], model.classes), SMOOTHING)
    losses = optax.softmax_cross_entropy(logits, labels)
    return jnp.mean(losses), logits


@nnx.jit
def train_step(model, optimizer, batch):
    model.train()
    (loss, logits), grads = nnx.value_and_grad(loss_fn, has_aux=True)(model, batch)
    optimizer.update(model, grads)
    accuracy = jnp.mean(jnp.argmax(logits, axis=-1) == batch["y"])
    return {"loss": loss, "accuracy": accuracy}


@nnx.jit
def eval_step(model, batch):
    model.eval()
    logits = model(batch["x"])
    return jnp.argmax(logits, axis=-1), logits
"""

TRANSFORMER = """\
import jax.numpy as jnp
import optax
from flax import nnx

LAYERS = 3


class Block(nnx.Module):
    def __init__(self, width, *, rngs):
        self.attention = nnx.MultiHeadAttention(
            2, width, dropout_rate=0.1, deterministic=False, decode=False, rngs=rngs
        )
        self.norm = nnx.LayerNorm(width, rngs=rngs)
        self.up = nnx.Linear(width, 2 * width, rngs=rngs)
        self.down = nnx.Linear(2 * width, width, rngs=rngs)

    def __call__(self, x, mask):
        x = x + self.attention(self.norm(x), mask=mask)
        hidden = nnx.gelu(self.up(x))
        return x + self.down(hidden)


class Model(nnx.Module):
    def __init__(self, rngs):
        self.embed = nnx.Embed(7, 4, rngs=rngs)

        @nnx.split_rngs(splits=LAYERS)
        @nnx.vmap(in_axes=(0,), out_axes=0)
        def make(rngs):
            return Block(4, rngs=rngs)

        self.blocks = make(rngs)
        self.head = nnx.Linear(4, 7, use_bias=False, rngs=rngs)

    def __call__(self, tokens):
        mask = nnx.make_causal_mask(tokens)

        @nnx.scan(in_axes=(nnx.Carry, 0), out_axes=nnx.Carry)
        def run(x, block):
            return block(x, mask)

        x = self.embed(tokens)
        return self.head(run(x, self.blocks))


def create(rngs):
    return Model(rngs)


def make_optimizer(model):
    schedule = optax.cosine_decay_schedule(1e-2, 100)
    return nnx.Optimizer(model, optax.chain(optax.clip_by_global_norm(1.0), optax.adam(schedule)), wrt=nnx.Param)


def loss_fn(model, tokens):
    logits = model(tokens[:, :-1])
    losses = optax.softmax_cross_entropy_with_integer_labels(logits, tokens[:, 1:])
    return losses.mean()


def train_step(model, optimizer, tokens):
    loss, grads = nnx.value_and_grad(loss_fn)(model, tokens)
    optimizer.update(model, grads)
    return loss
"""

VAE = """\
import jax
import jax.numpy as jnp
import optax
from flax import nnx

BETA = 0.5


class Count(nnx.Variable):
    pass


class Encoder(nnx.Module):
    def __init__(self, *, rngs):
        self.body = nnx.Linear(6, 5, rngs=rngs)
        self.mean = nnx.Linear(5, 2, rngs=rngs)
        self.spread = nnx.Linear(5, 2, rngs=rngs)
        self.rngs = rngs

    def __call__(self, x):
        hidden = jnp.tanh(self.body(x))
        mean = self.mean(hidden)
        deviation = jnp.exp(0.5 * self.spread(hidden))
        key = self.rngs.noise()
        return mean, deviation, mean + deviation * jax.random.normal(key, mean.shape)


class VAE(nnx.Module):
    def __init__(self, *, rngs):
        self.encoder = Encoder(rngs=rngs)
        self.decoder = nnx.Linear(2, 6, rngs=rngs)
        self.seen = Count(jnp.zeros((), jnp.int32))

    def __call__(self, x):
        mean, deviation, latent = self.encoder(x)
        self.seen[...] += 1
        return self.decoder(latent), mean, deviation


def create(rngs):
    return VAE(rngs=rngs)


def make_optimizer(model):
    return nnx.Optimizer(model, optax.sgd(0.1, momentum=0.9), wrt=nnx.Param)


def loss_fn(model, x):
    logits, mean, deviation = model(x)
    fit = optax.sigmoid_binary_cross_entropy(logits, x).sum(axis=-1)
    penalty = 0.5 * jnp.sum(mean**2 + deviation**2 - 2.0 * jnp.log(deviation) - 1.0, axis=-1)
    return jnp.mean(fit + BETA * penalty)


@nnx.jit
def train_step(model, optimizer, x):
    loss, grads = nnx.value_and_grad(loss_fn)(model, x)
    optimizer.update(model, grads)
    return loss


def sample(model, rngs, x):
    key = rngs.prior()
    latent = jax.random.normal(key, (3, 2))
    shift = jax.random.uniform(rngs.shift(), (3, 6))
    return nnx.sigmoid(model.decoder(latent)) + 0.0 * x + shift
"""

GAN = """\
import jax
import jax.numpy as jnp
import optax
from flax import nnx


class Generator(nnx.Module):
    def __init__(self, *, rngs):
        self.layer = nnx.Linear(2, 4, rngs=rngs)
        self.out = nnx.Linear(4, 3, rngs=rngs)

    def __call__(self, z):
        return self.out(nnx.leaky_relu(self.layer(z), 0.2))


class Critic(nnx.Module):
    def __init__(self, *, rngs):
        self.layer = nnx.Linear(3, 4, rngs=rngs)
        self.out = nnx.Linear(4, 1, rngs=rngs)
        self.drop = nnx.Dropout(0.3, rngs=rngs)

    def __call__(self, x):
        return self.out(self.drop(nnx.relu(self.layer(x))))[:, 0]


def make_generator(rngs):
    return Generator(rngs=rngs)


def make_critic(rngs):
    return Critic(rngs=rngs)


def make_optimizer(model, rate):
    return nnx.Optimizer(model, optax.adam(rate, b1=0.5), wrt=nnx.Param)


def critic_loss(critic, generator, real, z):
    fake = jax.lax.stop_gradient(generator(z))
    on_real = nnx.softplus(-critic(real)).mean()
    on_fake = nnx.softplus(critic(fake)).mean()
    return on_real + on_fake


def generator_loss(generator, critic, z):
    return nnx.softplus(-critic(generator(z))).mean()


@nnx.jit
def train_step(generator, critic, generator_optimizer, critic_optimizer, real, key):
    first, second = jax.random.split(key)
    z = jax.random.normal(first, (real.shape[0], 2))
    loss, grads = nnx.value_and_grad(critic_loss)(critic, generator, real, z)
    critic_optimizer.update(critic, grads)
    z = jax.random.normal(second, (real.shape[0], 2))
    other, grads = nnx.value_and_grad(generator_loss)(generator, critic, z)
    generator_optimizer.update(generator, grads)
    return loss, other


def update_average(average, model):
    new = jax.tree.map(lambda a, b: 0.9 * a + 0.1 * b, nnx.state(average, nnx.Param), nnx.state(model, nnx.Param))
    nnx.update(average, new)
"""

NUMERIC = """\
import functools

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

SCALE = 1.5
TABLE = np.array([0.5, 1.0, 2.0, 4.0], np.float32)
MODES = {"soft": 0.3, "hard": 0.7}


@jax.custom_vjp
def clipped(x):
    return jnp.clip(x, -1.0, 1.0)


def clipped_forward(x):
    return clipped(x), x


def clipped_backward(x, g):
    return (g * (jnp.abs(x) < 2.0),)


clipped.defvjp(clipped_forward, clipped_backward)


class Cell(nnx.Module):
    def __init__(self, *, rngs):
        self.inner = nnx.Linear(4, 4, rngs=rngs)
        self.gain = nnx.Param(jnp.full((4,), 0.9))
        self.total = nnx.BatchStat(jnp.zeros((4,)))
        self.mode = "soft"
        self.steps = 0
        self.activation = nnx.tanh

    def __call__(self, carry, x):
        weight = MODES[self.mode]
        new = self.activation(self.inner(carry) + x) * self.gain[...]
        return weight * carry + (1 - weight) * new


class Net(nnx.Module):
    def __init__(self, *, rngs):
        self.cell = Cell(rngs=rngs)
        self.scale = nnx.Param(jnp.asarray(SCALE))

    def __call__(self, xs):
        offset = xs.mean(axis=(0, 1))
        spread = xs.std(axis=(0, 1))

        def body(carry, x):
            return self.cell(carry, (x - offset) / (1.0 + spread)), carry.sum(axis=-1)

        carry, sums = jax.lax.scan(body, jnp.zeros((xs.shape[1], 4)), xs)
        self.cell.total[...] = 0.5 * self.cell.total[...] + carry.mean(axis=0)
        self.cell.steps += 1
        return clipped(carry * self.scale[...] * TABLE), sums


def create(rngs):
    return Net(rngs=rngs)


def energy(model, xs):
    out, sums = model(xs)
    return (out**2).sum() + 0.1 * (sums**2).mean()


def descend(model, xs):
    grads = nnx.grad(energy)(model, xs)
    state = nnx.state(model, nnx.Param)
    nnx.update(model, jax.tree.map(lambda p, g: p - 0.05 * g, state, grads))


@functools.partial(jax.jit, static_argnames="power")
def normalised(x, power=2):
    return x / (1e-6 + jnp.sum(jnp.abs(x) ** power))


def report(model, xs):
    total = model.cell.total[...]
    bounded = jax.lax.cond(total.sum() > 0.0, lambda t: t * 2.0, lambda t: t - 1.0, total)
    def far(pair):
        return pair[0] < 3

    def further(pair):
        return pair[0] + 1, pair[1] * 0.5

    _, halved = jax.lax.while_loop(far, further, (0, bounded))
    return {"total": total, "halved": normalised(halved), "first": xs[0], "mode": model.cell.mode}
"""


def _probes(*probes: tuple[str, tuple[str, ...]]) -> tuple[Probe, ...]:
    return tuple(Probe(call, arguments) for call, arguments in probes)


SEEDED = {"seed": 3}
RNGS = Maker("nnx.Rngs", ("seed",))

CASES = {
    "classifier": (
        CLASSIFIER,
        Case(
            "classifier",
            {"rngs": RNGS, "model": Maker("create", ("rngs",)), "optimizer": Maker("make_optimizer", ("model",))},
            {"batch.x": ArraySpec((5, 4)), "batch.y": ArraySpec((5,), "int32", 3)},
            SEEDED,
            _probes(("train_step", ("model", "optimizer", "batch")), ("eval_step", ("model", "batch"))),
        ),
    ),
    "transformer": (
        TRANSFORMER,
        Case(
            "transformer",
            {"rngs": RNGS, "model": Maker("create", ("rngs",)), "optimizer": Maker("make_optimizer", ("model",))},
            {"tokens": ArraySpec((2, 5), "int32", 7)},
            SEEDED,
            _probes(("train_step", ("model", "optimizer", "tokens"))),
        ),
    ),
    "vae": (
        VAE,
        Case(
            "vae",
            {
                "rngs": Maker("nnx.Rngs", ("seed",), {"noise": "noise", "prior": "prior"}),
                "model": Maker("create", ("rngs",)),
                "optimizer": Maker("make_optimizer", ("model",)),
            },
            {"x": ArraySpec((3, 6))},
            {"seed": 3, "noise": 4, "prior": 5},
            _probes(("train_step", ("model", "optimizer", "x")), ("sample", ("model", "rngs", "x"))),
        ),
    ),
    "gan": (
        GAN,
        Case(
            "gan",
            {
                "rngs": RNGS,
                "generator": Maker("make_generator", ("rngs",)),
                "average": Maker("make_generator", ("rngs",)),
                "critic": Maker("make_critic", ("rngs",)),
                "generator_optimizer": Maker("make_optimizer", ("generator", "slow")),
                "critic_optimizer": Maker("make_optimizer", ("critic", "fast")),
            },
            {"real": ArraySpec((4, 3)), "key": ArraySpec((), "key")},
            {"seed": 3, "slow": 1e-3, "fast": 4e-3},
            _probes(
                (
                    "train_step",
                    ("generator", "critic", "generator_optimizer", "critic_optimizer", "real", "key"),
                ),
                ("update_average", ("average", "generator")),
            ),
        ),
    ),
    "numeric": (
        NUMERIC,
        Case(
            "numeric",
            {"rngs": RNGS, "model": Maker("create", ("rngs",))},
            {"xs": ArraySpec((6, 3, 4))},
            SEEDED,
            (
                Probe("model", ("xs",)),
                Probe("energy", ("model", "xs"), differentiate=True),
                Probe("descend", ("model", "xs")),
                Probe("report", ("model", "xs")),
            ),
        ),
    ),
}
