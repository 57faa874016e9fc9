"""Rewrites that change nothing: none may be called different, and most must be proved equal."""

from tests.verify_cases.change import Change

STEP = "    (loss, logits), grads = nnx.value_and_grad(loss_fn, has_aux=True)(model, batch)\n"

CLASSIFIER = (
    Change(
        "renamed variables",
        '    logits = model(batch["x"])\n    labels = optax.smooth_labels(jax.nn.one_hot(batch["y"], model.classes), SMOOTHING)\n    losses = optax.softmax_cross_entropy(logits, labels)\n    return jnp.mean(losses), logits',
        '    scores = model(batch["x"])\n    wanted = optax.smooth_labels(jax.nn.one_hot(batch["y"], model.classes), SMOOTHING)\n    costs = optax.softmax_cross_entropy(scores, wanted)\n    return jnp.mean(costs), scores',
    ),
    Change("inlined constant", "nnx.Dropout(RATE,", "nnx.Dropout(0.25,"),
    Change("constant made a sum", "SMOOTHING = 0.1\n", "SMOOTHING = 0.5 - 0.4\n"),
    Change("named argument", "nnx.Linear(features, 8, rngs", "nnx.Linear(features, out_features=8, rngs"),
    Change(
        "spelled out default",
        "self.drop = nnx.Dropout(RATE, rngs=rngs)",
        "self.drop = nnx.Dropout(RATE, deterministic=False, rngs=rngs)",
    ),
    Change("jit taken away", "@nnx.jit\ndef eval_step", "def eval_step"),
    Change("jit added", "def loss_fn(model, batch):", "@nnx.jit\ndef loss_fn(model, batch):"),
    Change("method for mean", "return jnp.mean(losses), logits", "return losses.mean(), logits"),
    Change(
        "independent statements in another order",
        '    optimizer.update(model, grads)\n    accuracy = jnp.mean(jnp.argmax(logits, axis=-1) == batch["y"])\n',
        '    accuracy = jnp.mean(jnp.argmax(logits, axis=-1) == batch["y"])\n    optimizer.update(model, grads)\n',
    ),
    Change(
        "extracted function",
        '    accuracy = jnp.mean(jnp.argmax(logits, axis=-1) == batch["y"])\n',
        '    accuracy = accuracy_of(logits, batch["y"])\n',
        (
            (
                "@nnx.jit\ndef train_step",
                "def accuracy_of(logits, labels):\n    return jnp.mean(jnp.argmax(logits, axis=-1) == labels)\n\n\n@nnx.jit\ndef train_step",
            ),
        ),
    ),
    Change(
        "named loss and gradient",
        STEP,
        "    differentiate = nnx.value_and_grad(loss_fn, has_aux=True)\n    (loss, logits), grads = differentiate(model, batch)\n",
    ),
    Change("keyword call", "optimizer.update(model, grads)", "optimizer.update(model=model, grads=grads)"),
    Change("attributes for mode", "model.eval()", "model.set_attributes(deterministic=True, use_running_average=True)"),
    Change("dict made by calls", '{"loss": loss, "accuracy": accuracy}', "dict(accuracy=accuracy, loss=loss)"),
    Change(
        "comment and layout",
        "    model.train()\n",
        "    # Statistics move and units are dropped.\n    model.train()\n\n",
    ),
    Change("result through another name", "return self.drop(x)", "kept = self.drop(x)\n        return kept"),
    Change(
        "dropout before the activation",
        "        x = nnx.relu(self.norm(self.first(x)))\n        return self.drop(x)",
        "        x = self.drop(self.norm(self.first(x)))\n        return nnx.relu(x)",
    ),
    Change(
        "gradient of a lambda",
        "nnx.value_and_grad(loss_fn, has_aux=True)(model, batch)",
        "nnx.value_and_grad(lambda m: loss_fn(m, batch), has_aux=True)(model)",
    ),
)

TRANSFORMER = (
    Change("inlined constant", "splits=LAYERS", "splits=3"),
    Change(
        "sum the other way round",
        "x = x + self.attention(self.norm(x), mask=mask)",
        "x = self.attention(self.norm(x), mask=mask) + x",
    ),
    Change(
        "without a name",
        "        hidden = nnx.gelu(self.up(x))\n        return x + self.down(hidden)",
        "        return x + self.down(nnx.gelu(self.up(x)))",
    ),
    Change("function for mean", "losses.mean()", "jnp.mean(losses)"),
    Change("jit added", "def train_step(model", "@nnx.jit\ndef train_step(model"),
    Change(
        "mask made later",
        "        mask = nnx.make_causal_mask(tokens)\n\n        @nnx.scan",
        "        @nnx.scan",
        (
            (
                "        x = self.embed(tokens)\n        return",
                "        x = self.embed(tokens)\n        mask = nnx.make_causal_mask(tokens)\n        return",
            ),
        ),
    ),
    Change(
        "optimizer by steps",
        "    return nnx.Optimizer(model, optax.chain(optax.clip_by_global_norm(1.0), optax.adam(schedule)), wrt=nnx.Param)",
        "    tx = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(schedule))\n    return nnx.Optimizer(model, tx, wrt=nnx.Param)",
    ),
    Change(
        "the scan as a name",
        "        @nnx.scan(in_axes=(nnx.Carry, 0), out_axes=nnx.Carry)\n        def run(x, block):",
        "        scan = nnx.scan(in_axes=(nnx.Carry, 0), out_axes=nnx.Carry)\n\n        @scan\n        def run(x, block):",
    ),
)

VAE = (
    Change(
        "renamed class attribute's local",
        "hidden = jnp.tanh(self.body(x))\n        mean = self.mean(hidden)\n        deviation = jnp.exp(0.5 * self.spread(hidden))",
        "h = jnp.tanh(self.body(x))\n        mean = self.mean(h)\n        deviation = jnp.exp(0.5 * self.spread(h))",
    ),
    Change(
        "key drawn in place",
        "        key = self.rngs.noise()\n        return mean, deviation, mean + deviation * jax.random.normal(key, mean.shape)",
        "        return mean, deviation, mean + deviation * jax.random.normal(self.rngs.noise(), mean.shape)",
    ),
    Change(
        "key drawn earlier",
        "        hidden = jnp.tanh(self.body(x))\n",
        "        key = self.rngs.noise()\n        hidden = jnp.tanh(self.body(x))\n",
        (("        key = self.rngs.noise()\n        return", "        return"),),
    ),
    Change("counts by assignment", "self.seen[...] += 1", "self.seen[...] = self.seen[...] + 1"),
    Change(
        "counts before encoding",
        "        mean, deviation, latent = self.encoder(x)\n        self.seen[...] += 1\n",
        "        self.seen[...] += 1\n        mean, deviation, latent = self.encoder(x)\n",
    ),
    Change("operator by another name", "nnx.sigmoid(", "jax.nn.sigmoid("),
    Change("product the other way round", "BETA * penalty", "penalty * BETA"),
    Change("sums the other way round", "mean**2 + deviation**2", "deviation**2 + mean**2"),
    Change("shape by another name", "jax.random.normal(key, mean.shape)", "jax.random.normal(key, deviation.shape)"),
    Change("streams by brackets", "rngs.prior()", 'rngs["prior"]()'),
    Change(
        "loss in two lines",
        "    return jnp.mean(fit + BETA * penalty)",
        "    total = fit + BETA * penalty\n    return jnp.mean(total)",
    ),
    Change("quotient for product", "0.5 * self.spread(hidden)", "self.spread(hidden) / 2.0"),
)

GAN = (
    Change(
        "keys by index",
        "first, second = jax.random.split(key)",
        "keys = jax.random.split(key)\n    first, second = keys[0], keys[1]",
    ),
    Change(
        "losses without names",
        "    on_real = nnx.softplus(-critic(real)).mean()\n    on_fake = nnx.softplus(critic(fake)).mean()\n    return on_real + on_fake",
        "    return nnx.softplus(-critic(real)).mean() + nnx.softplus(critic(fake)).mean()",
    ),
    Change(
        "gradients with names of their own",
        "    loss, grads = nnx.value_and_grad(critic_loss)(critic, generator, real, z)\n    critic_optimizer.update(critic, grads)",
        "    loss, critic_grads = nnx.value_and_grad(critic_loss)(critic, generator, real, z)\n    critic_optimizer.update(critic, critic_grads)",
    ),
    Change(
        "noise made by a function",
        "z = jax.random.normal(first, (real.shape[0], 2))",
        "z = noise(first, real)",
        (
            (
                "@nnx.jit\ndef train_step",
                "def noise(key, like):\n    return jax.random.normal(key, (like.shape[0], 2))\n\n\n@nnx.jit\ndef train_step",
            ),
        ),
    ),
    Change(
        "states by name",
        "    new = jax.tree.map(lambda a, b: 0.9 * a + 0.1 * b, nnx.state(average, nnx.Param), nnx.state(model, nnx.Param))",
        "    old, current = nnx.state(average, nnx.Param), nnx.state(model, nnx.Param)\n    new = jax.tree.map(lambda a, b: 0.9 * a + 0.1 * b, old, current)",
    ),
    Change("average the other way round", "0.9 * a + 0.1 * b", "0.1 * b + 0.9 * a"),
    Change(
        "module by keyword",
        "critic_loss(critic, generator, real, z):\n    fake",
        'critic_loss(critic, generator, real, z):\n    """How well the critic tells."""\n    fake',
    ),
)

NUMERIC = (
    Change("inlined constant", "jnp.asarray(SCALE)", "jnp.asarray(1.5)"),
    Change(
        "closed-over values made in another order",
        "        offset = xs.mean(axis=(0, 1))\n        spread = xs.std(axis=(0, 1))\n",
        "        spread = xs.std(axis=(0, 1))\n        offset = xs.mean(axis=(0, 1))\n",
    ),
    Change(
        "closed-over operands used in another order",
        "return self.cell(carry, (x - offset) / (1.0 + spread)), carry.sum(axis=-1)",
        "width = 1.0 + spread\n            return self.cell(carry, (x - offset) / width), carry.sum(axis=-1)",
    ),
    Change("named power", "(out**2).sum()", "jnp.sum(out**2)"),
    Change("jit taken away", '@functools.partial(jax.jit, static_argnames="power")\ndef normalised', "def normalised"),
    Change(
        "branches with names",
        "    bounded = jax.lax.cond(total.sum() > 0.0, lambda t: t * 2.0, lambda t: t - 1.0, total)\n",
        "    def doubled(t):\n        return t * 2.0\n\n    def lowered(t):\n        return t - 1.0\n\n    bounded = jax.lax.cond(total.sum() > 0.0, doubled, lowered, total)\n",
    ),
    Change(
        "renamed rule",
        "def clipped_backward(x, g):\n    return (g * (jnp.abs(x) < 2.0),)",
        "def clipped_backward(saved, g):\n    return (g * (jnp.abs(saved) < 2.0),)",
    ),
    Change("attribute counted by assignment", "self.cell.steps += 1", "self.cell.steps = self.cell.steps + 1"),
    Change("table by lookups", "weight = MODES[self.mode]", "weight = MODES.get(self.mode)"),
    Change(
        "gradient step by steps",
        "    nnx.update(model, jax.tree.map(lambda p, g: p - 0.05 * g, state, grads))\n",
        "    new = jax.tree.map(lambda p, g: p - 0.05 * g, state, grads)\n    nnx.update(model, new)\n",
    ),
)

HARMLESS = {
    "classifier": CLASSIFIER,
    "transformer": TRANSFORMER,
    "vae": VAE,
    "gan": GAN,
    "numeric": NUMERIC,
}
