"""`optimizer.model`, which `nnx.Optimizer` lacks since Flax 0.11.

## What it does
Finds reads of the attribute `model` on an optimizer that was built as `nnx.Optimizer`, or as a subclass that sets no
`model` itself. `nnx.ModelAndOptimizer` has the attribute and is left alone, and so is code that asks for it first,
or waits for the AttributeError.

## Why is this bad?
Since Flax 0.11.0 the optimizer does not hold the model any more: reading `optimizer.model` raises AttributeError, even
where a property of a subclass has that name.

## Example
```python
optimizer = nnx.Optimizer(model, optax.adam(1e-3), wrt=nnx.Param)
grads = nnx.grad(loss_fn)(optimizer.model, batch)
```

## Use instead
```python
optimizer = nnx.Optimizer(model, optax.adam(1e-3), wrt=nnx.Param)
grads = nnx.grad(loss_fn)(model, batch)
```

## Fix safety
There is no fix: the model has to be handed to wherever the optimizer is.
"""

from collections.abc import Iterator

import libcst.matchers as m

from nnxlint.diagnostic import Diagnostic, Level
from nnxlint.rule import Context, rule

SHAPE = m.Attribute(attr=m.Name("model")) | m.Call(args=[m.Arg(star=""), m.Arg(star="")])
MESSAGE = "`nnx.Optimizer` has no `model` on the targeted Flax: this raises AttributeError"
REASON = "since Flax 0.11 the optimizer does not hold the model; hand the model over beside it"


@rule("NNX217", "optimizer-model-attribute", level=Level.ERROR, flax=">=0.11", documentation=__doc__)
def optimizer_model_attribute(ctx: Context) -> Iterator[Diagnostic]:
    """Report the reads of `model` from optimizers that have none."""
    for read in ctx.model.optimizer_models():
        if read.is_plain and not read.is_expected and m.matches(read.cst, SHAPE):
            built = ctx.model.related(read.built, "the optimizer is built here") if read.built else ()
            yield ctx.diagnostic(read, MESSAGE, reason=REASON, related=built)
