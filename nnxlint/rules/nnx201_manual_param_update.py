"""Parameters moved along a gradient by hand instead of by an optimizer.

## What it does
Finds assignments to a `Param`, and `nnx.update` calls, whose new value is made of the old one and a gradient. Moving
averages, clipping, weight loading, inner loops on a copy and classes that are optimizers themselves are left alone.

## Why is this bad?
Written by hand, it is easy to move one parameter and forget the others, or to do arithmetic on a whole `State`, which
raises. What works is plain gradient descent, without momentum, schedules or a step count to save.

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
Only advice is offered: an optimizer belongs outside the step, and where it is kept is for you to decide.
"""

from collections.abc import Iterator

import libcst.matchers as m

from nnxlint.diagnostic import Diagnostic, Level
from nnxlint.edits import Applicability, Fix
from nnxlint.rule import Context, Repairs, rule
from nnxlint.semantic.updates import ManualUpdate

SHAPE = m.Assign() | m.AugAssign() | m.AnnAssign() | m.Call() | m.NamedExpr()
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
            yield ctx.diagnostic(update, message, level=lowered, reason=REASON, fix=_advice(ctx, update))


def _advice(ctx: Context, update: ManualUpdate) -> Fix:
    wrt = ", wrt=nnx.Param" if ctx.target.release >= (0, 11) else ""
    model = update.descent.model if update.descent else "model"
    rate = update.descent.rate if update.descent else "rate"
    return Fix(f"train with `nnx.Optimizer({model}, optax.sgd({rate}){wrt})`", Applicability.DISPLAY)
