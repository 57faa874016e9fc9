"""Parameters moved along a gradient by hand instead of by an optimizer.

## What it does
Finds assignments to a `Param`, and `nnx.update` calls, whose new value is made of the old one and a gradient.
Moving averages, clipping, weight loading, inner loops on a copy and classes that are optimizers themselves are left
alone.

## Why is this bad?
Written by hand, it is easy to move one parameter and forget the others, or to do arithmetic on a whole `State`,
which raises. What works is plain gradient descent, without momentum, schedules or a step count to save.

## Example
```python
model = nnx.Linear(2, 1, rngs=nnx.Rngs(0))
grads = nnx.grad(lambda m: (m(jnp.ones((1, 2))) ** 2).mean())(model)
model.kernel[...] = model.kernel[...] - 0.1 * grads.kernel[...]
```

## Use instead
```python
model = nnx.Linear(2, 1, rngs=nnx.Rngs(0))
optimizer = nnx.Optimizer(model, optax.sgd(0.1), wrt=nnx.Param)
grads = nnx.grad(lambda m: (m(jnp.ones((1, 2))) ** 2).mean())(model)
optimizer.update(model, grads)
```

## Fix safety
Unsafe, and offered only where the whole update is plain gradient descent with a written rate, in the function that
makes the model: an `nnx.Optimizer` with `optax.sgd` takes its place. Elsewhere only advice is given, for an
optimizer belongs outside the step, and where it is kept is for you to decide.
"""

from collections.abc import Iterator

import libcst.matchers as m
from packaging.version import Version

from nnxlint.diagnostic import Diagnostic, Level
from nnxlint.edits import Applicability, Edit, Fix
from nnxlint.rule import Context, Repairs, rule
from nnxlint.semantic.updates import ManualUpdate
from nnxlint.syntax.rewrite import ensure_import, insert_statement_after, replace_expression

# A factor made of gradients rescales or prunes; a step is added or taken away.
SHAPE = m.Assign() | m.AnnAssign() | m.AugAssign(operator=m.AddAssign() | m.SubtractAssign()) | m.Call() | m.NamedExpr()
WRT_SINCE = Version("0.11")
PARTIAL = "a parameter is moved along its gradient by hand: the others stay where they are"
WHOLE = "gradient descent by hand: no optimizer state, schedule or step count"
REASON = "an optimizer updates every parameter of the model and keeps the state that it needs"


@rule(
    "NNX201",
    "manual-param-update",
    level=Level.ERROR,
    contract=Repairs(witness="every-param-moves", frame="loss-and-gradients"),
    documentation=__doc__,
)
def manual_param_update(ctx: Context) -> Iterator[Diagnostic]:
    """Report the writes of parameters that are gradient steps."""
    for update in ctx.model.manual_updates():
        if m.matches(update.cst, SHAPE):
            lowered = Level.WARNING if update.whole or update.by_name else None
            message = WHOLE if update.whole else PARTIAL
            yield ctx.diagnostic(update, message, level=lowered, reason=REASON, fix=_mend(ctx, update))


def _mend(ctx: Context, update: ManualUpdate) -> Fix:
    rate = update.descent.rate if update.descent else "rate"
    model = update.descent.model if update.descent else "model"
    wrt = ", wrt=nnx.Param" if ctx.target >= WRT_SINCE else ""
    title = f"train with `nnx.Optimizer({model}, optax.sgd({rate}){wrt})`"
    edits = _optimizer(ctx, update) if update.descent else None
    return Fix(title, Applicability.UNSAFE, edits) if edits else Fix(title, Applicability.DISPLAY)


def _optimizer(ctx: Context, update: ManualUpdate) -> tuple[Edit, ...] | None:
    """Make the optimizer where the model is made, and let it update; `None` where that cannot be written safely."""
    plain = update.descent
    names = [ensure_import(update.tree, "flax.nnx"), ensure_import(update.tree, "optax")]
    if plain is None or plain.construction is None or ctx.model.uses_name("optimizer") or None in names:
        return None
    (nnx, for_nnx), (optax, for_optax) = (found for found in names if found is not None)
    since = ctx.target >= WRT_SINCE
    made = (
        f"optimizer = {nnx}.Optimizer({plain.model}, {optax}.sgd({plain.rate}){f', wrt={nnx}.Param' if since else ''})"
    )
    stepped = f"optimizer.update({plain.model}, {plain.gradients})" if since else f"optimizer.update({plain.gradients})"
    inserted = insert_statement_after(update.tree, plain.construction, made)
    replaced = replace_expression(update.tree, update.expression, stepped)
    return (*for_nnx, *for_optax, *inserted, *replaced) if inserted and replaced else None
