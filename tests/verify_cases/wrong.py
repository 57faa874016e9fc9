"""Fixes that are wrong, each a small replacement in one of the programs: the verifier must see through all of them."""

from tests.verify_cases.change import Change

CLASSIFIER = (
    Change("flipped sign of the loss", "return jnp.mean(losses), logits", "return -jnp.mean(losses), logits"),
    Change("sum instead of mean", "return jnp.mean(losses), logits", "return jnp.sum(losses), logits"),
    Change("dropped optimizer step", "    optimizer.update(model, grads)\n", ""),
    Change("optimizer steps twice", "    optimizer.update(model, grads)\n", 2 * "    optimizer.update(model, grads)\n"),
    Change("training in evaluation mode", "model.train()", "model.eval()"),
    Change("evaluation in training mode", "model.eval()", "model.train()"),
    Change("mode left to chance", "    model.eval()\n", ""),
    Change("evaluation of the normalisation alone", "model.eval()", "model.norm.eval()"),
    Change("other dropout rate", "RATE = 0.25", "RATE = 0.3"),
    Change("other momentum", "momentum=0.9", "momentum=0.99"),
    Change("other epsilon", "momentum=0.9", "momentum=0.9, epsilon=1e-6"),
    Change("other smoothing", "SMOOTHING = 0.1", "SMOOTHING = 0.1001"),
    Change("other learning rate", "adamw(1e-2", "adamw(1.001e-2"),
    Change("no weight decay", "optax.adamw(1e-2, weight_decay=1e-3)", "optax.adam(1e-2)"),
    Change("other weight decay", "weight_decay=1e-3", "weight_decay=1e-2"),
    Change("other activation", "nnx.relu", "nnx.gelu"),
    Change("no activation", "x = nnx.relu(self.norm(self.first(x)))", "x = self.norm(self.first(x))"),
    Change(
        "normalisation after activation", "nnx.relu(self.norm(self.first(x)))", "self.norm(nnx.relu(self.first(x)))"
    ),
    Change("forgotten dropout", "return self.drop(x)", "return x"),
    Change("forgotten normalisation", "self.norm(self.first(x))", "self.first(x)"),
    Change("argmax over the batch", "jnp.argmax(logits, axis=-1) ==", "jnp.argmax(logits, axis=0)[0] =="),
    Change("argmin", "return jnp.argmax(", "return jnp.argmin("),
    Change(
        "lost gradient of the features",
        "self.last(self.features(x))",
        "self.last(jax.lax.stop_gradient(self.features(x)))",
    ),
    Change("lost gradient of one layer", "self.norm(self.first(x))", "self.norm(jax.lax.stop_gradient(self.first(x)))"),
    Change(
        "gradient by the head alone",
        "nnx.value_and_grad(loss_fn, has_aux=True)",
        "nnx.value_and_grad(loss_fn, argnums=nnx.DiffState(0, nnx.PathContains('last')), has_aux=True)",
    ),
    Change(
        "no bias",
        "self.last = nnx.Linear(8, classes, rngs=rngs)",
        "self.last = nnx.Linear(8, classes, use_bias=False, rngs=rngs)",
    ),
    Change(
        "other initialiser",
        "nnx.Linear(8, classes, rngs",
        "nnx.Linear(8, classes, kernel_init=nnx.initializers.he_normal(), rngs",
    ),
    Change("fixed seed for one layer", "nnx.Linear(8, classes, rngs=rngs)", "nnx.Linear(8, classes, rngs=nnx.Rngs(3))"),
    Change("own stream for dropout", "nnx.Dropout(RATE, rngs=rngs)", "nnx.Dropout(RATE, rngs=nnx.Rngs(3))"),
    Change(
        "dropout from the params stream",
        "nnx.Dropout(RATE, rngs=rngs)",
        "nnx.Dropout(RATE, rng_collection='params', rngs=rngs)",
    ),
    Change(
        "layers made in another order",
        "        self.first = nnx.Linear(features, 8, rngs=rngs)\n        self.norm = nnx.BatchNorm(8, momentum=0.9, rngs=rngs)\n",
        "        self.norm = nnx.BatchNorm(8, momentum=0.9, rngs=rngs)\n        self.first = nnx.Linear(features, 8, rngs=rngs)\n",
    ),
    Change("wider layer", "return Classifier(4, 3, rngs=rngs)", "return Classifier(4, 4, rngs=rngs)"),
    Change(
        "half precision",
        'logits = model(batch["x"])\n    labels',
        'logits = model(batch["x"].astype(jnp.bfloat16)).astype(jnp.float32)\n    labels',
    ),
    Change(
        "output in half precision",
        "return jnp.argmax(logits, axis=-1), logits",
        "return jnp.argmax(logits, axis=-1), logits.astype(jnp.float16)",
    ),
    Change("renamed result", '"accuracy": accuracy', '"acc": accuracy'),
    Change("dropped result", 'return {"loss": loss, "accuracy": accuracy}', 'return {"loss": loss}'),
    Change("swapped results", '{"loss": loss, "accuracy": accuracy}', '{"loss": accuracy, "accuracy": loss}'),
    Change("swapped gradients and model", "optimizer.update(model, grads)", "optimizer.update(grads, model)"),
    Change("other attribute", "self.classes = classes", "self.classes = 3.0"),
    Change("forgotten attribute of the module", "nnx.Optimizer(model, optax", "nnx.ModelAndOptimizer(model, optax"),
    Change("scaled logits", "return self.last(self.features(x))", "return self.last(self.features(x)) * 1.0001"),
)

TRANSFORMER = (
    Change("mask of zeros", "mask = nnx.make_causal_mask(tokens)", "mask = None"),
    Change("one layer fewer", "LAYERS = 3", "LAYERS = 2"),
    Change(
        "layers share one key",
        "@nnx.split_rngs(splits=LAYERS)\n        @nnx.vmap(in_axes=(0,), out_axes=0)",
        "@nnx.vmap(in_axes=(None,), out_axes=0, axis_size=LAYERS)",
    ),
    Change("targets off by one", "tokens[:, 1:])", "tokens[:, :-1])"),
    Change("inputs off by one", "model(tokens[:, :-1])", "model(tokens[:, 1:])"),
    Change("no residual", "x = x + self.attention", "x = self.attention"),
    Change("residual subtracted", "return x + self.down(hidden)", "return x - self.down(hidden)"),
    Change("other dropout", "dropout_rate=0.1", "dropout_rate=0.2"),
    Change("deterministic training", "deterministic=False", "deterministic=True"),
    Change("approximate activation", "nnx.gelu(self.up(x))", "nnx.gelu(self.up(x), approximate=False)"),
    Change(
        "normalised after attention",
        "self.attention(self.norm(x), mask=mask)",
        "self.norm(self.attention(x, mask=mask))",
    ),
    Change("sum of losses", "losses.mean()", "losses.sum()"),
    Change("other clip", "clip_by_global_norm(1.0)", "clip_by_global_norm(1.01)"),
    Change(
        "no clip",
        "optax.chain(optax.clip_by_global_norm(1.0), optax.adam(schedule))",
        "optax.chain(optax.adam(schedule))",
    ),
    Change("other schedule", "cosine_decay_schedule(1e-2, 100)", "cosine_decay_schedule(1e-2, 90)"),
    Change(
        "clip after the step",
        "optax.clip_by_global_norm(1.0), optax.adam(schedule)",
        "optax.adam(schedule), optax.clip_by_global_norm(1.0)",
    ),
    Change(
        "layers in reverse",
        "nnx.scan(in_axes=(nnx.Carry, 0), out_axes=nnx.Carry)",
        "nnx.scan(in_axes=(nnx.Carry, 0), out_axes=nnx.Carry, reverse=True)",
    ),
)

VAE = (
    Change("noise that never changes", "key = self.rngs.noise()", "key = jax.random.key(0)"),
    Change("stream of another name", "self.rngs.noise()", "self.rngs.prior()"),
    Change(
        "a key drawn for nothing",
        "        key = self.rngs.noise()\n",
        "        self.rngs.noise()\n        key = self.rngs.noise()\n",
    ),
    Change("uniform noise", "jax.random.normal(key, mean.shape)", "jax.random.uniform(key, mean.shape)"),
    Change("no noise", "mean + deviation * jax.random.normal(key, mean.shape)", "mean"),
    Change("variance for deviation", "jnp.exp(0.5 * self.spread(hidden))", "jnp.exp(self.spread(hidden))"),
    Change("counts by two", "self.seen[...] += 1", "self.seen[...] += 2"),
    Change("does not count", "        self.seen[...] += 1\n", ""),
    Change("counts from one", "Count(jnp.zeros((), jnp.int32))", "Count(jnp.ones((), jnp.int32))"),
    Change("counts in another dtype", "Count(jnp.zeros((), jnp.int32))", "Count(jnp.zeros((), jnp.int16))"),
    Change("Variable of another type", "self.seen = Count(", "self.seen = nnx.BatchStat("),
    Change("other weight of the penalty", "BETA = 0.5", "BETA = 0.501"),
    Change("dropped penalty", "jnp.mean(fit + BETA * penalty)", "jnp.mean(fit)"),
    Change("penalty without the mean", "jnp.sum(mean**2 + deviation**2", "jnp.sum(deviation**2"),
    Change(
        "gradient stopped at the mean", "mean = self.mean(hidden)", "mean = jax.lax.stop_gradient(self.mean(hidden))"
    ),
    Change(
        "noise tied to gradient",
        "jax.random.normal(key, mean.shape)",
        "jax.random.normal(key, mean.shape) * deviation / jax.lax.stop_gradient(deviation)",
    ),
    Change("no momentum", "momentum=0.9", "momentum=None"),
    Change("Nesterov", "momentum=0.9", "momentum=0.9, nesterov=True"),
    Change(
        "draws in another order",
        "    key = rngs.prior()\n    latent = jax.random.normal(key, (3, 2))\n    shift = jax.random.uniform(rngs.shift(), (3, 6))\n",
        "    shift = jax.random.uniform(rngs.shift(), (3, 6))\n    key = rngs.shift()\n    latent = jax.random.normal(key, (3, 2))\n",
    ),
    Change("one key twice", "rngs.shift(), (3, 6)", "key, (3, 6)"),
    Change("decoder shared with nobody", "model.decoder(latent)", "nnx.clone(model).decoder(latent) * 2.0"),
)

GAN = (
    Change(
        "gradient flows into the generator",
        "critic_loss)(critic, generator, real, z)",
        "critic_loss, argnums=1)(critic, generator, real, z)",
    ),
    Change(
        "critic trained on its weights' copy",
        "critic_optimizer.update(critic, grads)",
        "critic_optimizer.update(nnx.clone(critic), grads)",
    ),
    Change(
        "optimizers swapped",
        "generator_optimizer.update(generator, grads)",
        "critic_optimizer.update(generator, grads)",
    ),
    Change("the same noise twice", "z = jax.random.normal(second,", "z = jax.random.normal(first,"),
    Change("keys swapped", "first, second = jax.random.split(key)", "second, first = jax.random.split(key)"),
    Change("key used before it is split", "normal(first, (real", "normal(key, (real"),
    Change(
        "generator before critic",
        "    critic_optimizer.update(critic, grads)\n    z = jax.random.normal(second, (real.shape[0], 2))\n    other, grads = nnx.value_and_grad(generator_loss)(generator, critic, z)\n",
        "    critic_grads = grads\n    z = jax.random.normal(second, (real.shape[0], 2))\n    other, grads = nnx.value_and_grad(generator_loss)(generator, critic, z)\n    critic_optimizer.update(critic, critic_grads)\n",
    ),
    Change("sign of the real", "nnx.softplus(-critic(real))", "nnx.softplus(critic(real))"),
    Change("other slope", "nnx.leaky_relu(self.layer(z), 0.2)", "nnx.leaky_relu(self.layer(z), 0.1)"),
    Change("average of old weights", "0.9 * a + 0.1 * b", "0.1 * a + 0.9 * b"),
    Change("average not stored", "    nnx.update(average, new)\n", ""),
    Change("average stored in the model", "nnx.update(average, new)", "nnx.update(model, new)"),
    Change("one optimizer state for two", "b1=0.5", "b1=0.9"),
    Change("results swapped", "return loss, other", "return other, loss"),
    Change(
        "dropout switched off",
        "    loss, grads = nnx.value_and_grad(critic_loss)",
        "    critic.eval()\n    loss, grads = nnx.value_and_grad(critic_loss)",
    ),
)

NUMERIC = (
    Change("stale closure", "(x - offset)", "(x - jax.lax.stop_gradient(xs[0]).mean(axis=0))"),
    Change("closed-over operands swapped", "(x - offset) / (1.0 + spread)", "(x - spread) / (1.0 + offset)"),
    Change("other slope backwards, same forward", "(jnp.abs(x) < 2.0)", "(jnp.abs(x) < 1.0)"),
    Change("changed table", "[0.5, 1.0, 2.0, 4.0]", "[0.5, 1.0, 2.0, 4.1]"),
    Change("changed constant", "SCALE = 1.5", "SCALE = 1.25"),
    Change("changed mode", 'self.mode = "soft"', 'self.mode = "hard"'),
    Change("changed global", '"soft": 0.3', '"soft": 0.31'),
    Change("one step fewer", "jnp.zeros((xs.shape[1], 4)), xs)", "jnp.zeros((xs.shape[1], 4)), xs[1:])"),
    Change("steps in reverse", "jnp.zeros((xs.shape[1], 4)), xs)", "jnp.zeros((xs.shape[1], 4)), xs, reverse=True)"),
    Change("other start", "jnp.zeros((xs.shape[1], 4))", "jnp.ones((xs.shape[1], 4))"),
    Change("attribute counts by two", "self.cell.steps += 1", "self.cell.steps += 2"),
    Change("attribute does not count", "        self.cell.steps += 1\n", ""),
    Change("state not updated", "0.5 * self.cell.total[...] + carry.mean(axis=0)", "0.5 * self.cell.total[...]"),
    Change("state set, not averaged", "0.5 * self.cell.total[...] + carry.mean(axis=0)", "carry.mean(axis=0)"),
    Change(
        "Param made a constant",
        "self.gain = nnx.Param(jnp.full((4,), 0.9))",
        "self.gain = nnx.BatchStat(jnp.full((4,), 0.9))",
    ),
    Change("activation of another kind", "self.activation = nnx.tanh", "self.activation = nnx.sigmoid"),
    Change("ascends", "p - 0.05 * g", "p + 0.05 * g"),
    Change("steps of another size", "p - 0.05 * g", "p - 0.0500001 * g"),
    Change(
        "updates nothing",
        "    nnx.update(model, jax.tree.map(lambda p, g: p - 0.05 * g, state, grads))\n",
        "    jax.tree.map(lambda p, g: p - 0.05 * g, state, grads)\n",
    ),
    Change("other branch", "total.sum() > 0.0", "total.sum() > 0.5"),
    Change("branches swapped", "lambda t: t * 2.0, lambda t: t - 1.0", "lambda t: t - 1.0, lambda t: t * 2.0"),
    Change("loop goes once more", "return pair[0] < 3", "return pair[0] <= 3"),
    Change("other power", "power=2", "power=3"),
    Change("other guard against zero", "1e-6 + jnp.sum", "1e-5 + jnp.sum"),
    Change("last for first", '"first": xs[0]', '"first": xs[-1]'),
    Change("axis of the mean", "xs.mean(axis=(0, 1))", "xs.mean(axis=0)"),
    Change("weaker penalty", "0.1 * (sums**2)", "0.1 * sums"),
    Change("donated input", 'static_argnames="power"', 'static_argnames="power", donate_argnums=0'),
    Change(
        "callback with another function",
        "        return clipped(carry * self.scale[...] * TABLE), sums",
        "        shape = jax.ShapeDtypeStruct(sums.shape, sums.dtype)\n"
        "        sums = jax.pure_callback(lambda x: np.asarray(2 * x, np.float32), shape, sums)\n"
        "        return clipped(carry * self.scale[...] * TABLE), sums",
    ),
)

WRONG = {
    "classifier": CLASSIFIER,
    "transformer": TRANSFORMER,
    "vae": VAE,
    "gan": GAN,
    "numeric": NUMERIC,
}
