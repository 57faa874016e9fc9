"""`nnx.Optimizer.update` called with the gradients alone, as before Flax 0.11.

## What it does
Finds `update(grads)` on an optimizer that was built as `nnx.Optimizer`. What was built counts, not an annotation;
`nnx.ModelAndOptimizer`, optax transformations and subclasses with an `update` of their own are left alone.

## Why is this bad?
Since Flax 0.11.0 the optimizer does not hold the model any more: `update` needs the model and the gradients, and
raises `TypeError` without them.

## Example
```python
optimizer = nnx.Optimizer(model, optax.adam(1e-3), wrt=nnx.Param)
grads = nnx.grad(loss_fn)(model, batch)
optimizer.update(grads)
```

## Use instead
```python
optimizer = nnx.Optimizer(model, optax.adam(1e-3), wrt=nnx.Param)
grads = nnx.grad(loss_fn)(model, batch)
optimizer.update(model, grads)
```

## Fix safety
Safe: offered where the model that the optimizer was built for has a name at the call.
"""

from collections.abc import Iterator

import libcst.matchers as m

from nnxlint.diagnostic import Diagnostic, Level
from nnxlint.edits import Applicability, Edit, Fix
from nnxlint.rule import Context, Revives, rule
from nnxlint.semantic.optimizing import UpdateSite
from nnxlint.syntax.rewrite import insert_first_argument

SHAPE = m.Call(args=[m.Arg(star=""), m.ZeroOrMore()])
MESSAGE = "`update` without the model raises TypeError on the targeted Flax"
REASON = "since Flax 0.11 `nnx.Optimizer.update` takes the model and the gradients"


@rule(
    "NNX207",
    "optimizer-update-grads-only",
    level=Level.ERROR,
    flax=">=0.11",
    contract=Revives("TypeError", ran_on="0.10.7"),
    documentation=__doc__,
)
def optimizer_update_grads_only(ctx: Context) -> Iterator[Diagnostic]:
    """Report the updates that are given gradients but no model."""
    for update in ctx.model.optimizer_updates():
        if update.is_plain and update.lacks_model and not update.expects("TypeError") and m.matches(update.cst, SHAPE):
            built = ctx.model.related(update.built, "the optimizer is built here") if update.built else ()
            yield ctx.diagnostic(update, MESSAGE, reason=REASON, related=built, fix=_pass_model(update))


def _pass_model(update: UpdateSite) -> Fix | None:
    if update.model_name is None:
        return None
    if not update.labels:
        edits = insert_first_argument(update.tree, update.call, update.model_name)
    else:  # newer versions take the gradients by position only
        edits = (Edit(update.labels[0], f"{update.model_name}, "),) if update.opens_with_label else None
    return Fix(f"pass `{update.model_name}` first", Applicability.SAFE, edits) if edits is not None else None
