"""A module called in evaluation code without its mode flag, whose default means training.

## What it does
Finds calls in evaluation code that leave out a mode flag (`train`, `deterministic`, `use_running_average`, …)
although its default means training and a layer that depends on it is reached. Evaluation code is recognised by the
names of functions, data and results along the chain of calls; code under a gradient is never evaluation code.

## Why is this bad?
Dropout goes on dropping units and batch normalisation goes by the statistics of the test batch, and changes its
running statistics. Nothing fails: the metrics are merely wrong, and differ from run to run.

## Example
```python
class Net(nnx.Module):
    def __init__(self, rngs: nnx.Rngs):
        self.dense = nnx.Linear(4, 4, rngs=rngs)
        self.dropout = nnx.Dropout(0.5, rngs=rngs)

    def __call__(self, x, train: bool = True):
        return self.dropout(self.dense(x), deterministic=not train)


def evaluate(test_batch):
    return Net(nnx.Rngs(0))(test_batch)


evaluate(jnp.ones((2, 4)))
```

## Use instead
```python
class Net(nnx.Module):
    def __init__(self, rngs: nnx.Rngs):
        self.dense = nnx.Linear(4, 4, rngs=rngs)
        self.dropout = nnx.Dropout(0.5, rngs=rngs)

    def __call__(self, x, train: bool = True):
        return self.dropout(self.dense(x), deterministic=not train)


def evaluate(test_batch):
    return Net(nnx.Rngs(0))(test_batch, train=False)


evaluate(jnp.ones((2, 4)))
```

## Fix safety
Unsafe: it changes what the call computes, which is its purpose.
"""

from collections.abc import Iterator

import libcst.matchers as m

from nnxlint.diagnostic import Diagnostic, Level
from nnxlint.edits import Applicability, Fix
from nnxlint.rule import Context, Repairs, rule
from nnxlint.semantic.evaluation import EvaluationSite
from nnxlint.syntax.rewrite import add_keyword

SHAPE = m.Call()
_HERE = "this acts as in training"


@rule(
    "NNX101",
    "missing-train-flag",
    level=Level.ERROR,
    contract=Repairs(witness="eval-repeatable", frame="training-program"),
    documentation=__doc__,
)
def missing_train_flag(ctx: Context) -> Iterator[Diagnostic]:
    """Report the evaluation calls that run in training mode by default."""
    for call in ctx.model.missing_flags():
        if m.matches(call.cst, SHAPE):
            yield ctx.diagnostic(
                call,
                f"evaluation in training mode: `{call.flag}` is left to its training default",
                level=None if call.is_sure else Level.WARNING,
                reason=_reason(call),
                related=(one for place in call.layer_places[:2] for one in ctx.model.related(place, _HERE)),
                fix=_pass_flag(call),
            )


def _reason(call: EvaluationSite) -> str:
    layers = ", ".join(f"`{layer}`" for layer in call.layers)
    held = f" in `{call.model}`" if f"`{call.model}`" != layers else ""
    return f"{layers}{held} acts as in training unless `{call.function}` is told otherwise"


def _pass_flag(call: EvaluationSite) -> Fix | None:
    value = call.flag_value
    if value is None or not call.decides:
        return None
    edits = add_keyword(call.tree, call.call, call.flag, str(value))
    return Fix(f"pass `{call.flag}={value}`", Applicability.UNSAFE, edits) if edits else None
