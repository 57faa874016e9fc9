"""A module evaluated while it is in training mode.

## What it does
Finds calls in evaluation code of modules that hold, at any depth, Dropout, BatchNorm or attention dropout that goes
by an attribute, where no path to the call sets evaluation mode: no `.eval()`, `nnx.view`, `set_attributes` or
constructor flag, neither there nor in a caller.

## Why is this bad?
A fresh module is in training mode. Dropout goes on dropping units and batch normalisation goes by the statistics of
the test batch, and changes its running statistics.

## Example
```python
class Net(nnx.Module):
    def __init__(self, rngs: nnx.Rngs):
        self.norm = nnx.BatchNorm(4, rngs=rngs)

    def __call__(self, x):
        return self.norm(x)


def evaluate(model, test_batch):
    return model(test_batch)


evaluate(Net(nnx.Rngs(0)), jnp.ones((2, 4)))
```

## Use instead
```python
class Net(nnx.Module):
    def __init__(self, rngs: nnx.Rngs):
        self.norm = nnx.BatchNorm(4, rngs=rngs)

    def __call__(self, x):
        return self.norm(x)


def evaluate(model, test_batch):
    return nnx.view(model, use_running_average=True)(test_batch)


evaluate(Net(nnx.Rngs(0)), jnp.ones((2, 4)))
```

## Fix safety
Unsafe: it changes what the call computes, which is its purpose. On Flax 0.12.4 and newer the call gets an
`nnx.view` of the model in evaluation mode, which leaves the model itself as it is; before, `.eval()` goes before
the statement and `.train()` after it.
"""

from collections.abc import Iterator

import libcst.matchers as m
from packaging.version import Version

from nnxlint.diagnostic import Diagnostic, Level, Related
from nnxlint.edits import Applicability, Fix
from nnxlint.rule import Context, Repairs, rule
from nnxlint.semantic.evaluation import EvaluationSite
from nnxlint.syntax.rewrite import (
    ensure_import,
    insert_statement_after,
    insert_statement_before,
    replace_expression,
)

SHAPE = m.Call()
VIEWS_SINCE = Version("0.12.4")
SETTABLE = frozenset({"deterministic", "use_running_average"})
MESSAGE = "evaluation of a model in training mode: no path to this call sets evaluation mode"


@rule(
    "NNX102",
    "eval-mode-not-set",
    level=Level.ERROR,
    contract=Repairs(witness="eval-repeatable", frame="training-program"),
    documentation=__doc__,
)
def eval_mode_not_set(ctx: Context) -> Iterator[Diagnostic]:
    """Report the evaluation calls of modules that are in training mode."""
    for call in ctx.model.modes_not_set():
        if m.matches(call.cst, SHAPE):
            yield ctx.diagnostic(
                call,
                MESSAGE,
                level=None if call.is_sure else Level.WARNING,
                reason=_reason(call),
                related=_related(ctx, call),
                fix=_evaluate(call, ctx.target),
            )


def _reason(call: EvaluationSite) -> str:
    layers = ", ".join(f"`{layer}`" for layer in call.layers)
    return f"`{call.model}` holds {layers}, which acts as in training until `.eval()` or `nnx.view` says otherwise"


def _related(ctx: Context, call: EvaluationSite) -> Iterator[Related]:
    if call.built is not None:
        yield from ctx.model.related(call.built, "the model is built here, in training mode")
    for place in call.layer_places[:1]:
        yield from ctx.model.related(place, "this acts as in training")


def _evaluate(call: EvaluationSite, target: Version) -> Fix | None:
    if call.receiver is None or not set(call.flags) <= SETTABLE:
        return None
    return _view(call) if target >= VIEWS_SINCE else _around(call)


def _view(call: EvaluationSite) -> Fix | None:
    imported = ensure_import(call.tree, "flax.nnx")
    if imported is None or call.receiver is None:
        return None
    spelling, edits = imported
    flags = ", ".join(f"{flag}=True" for flag in sorted(call.flags))
    viewed = f"{spelling}.view({call.tree.text(call.receiver)}, {flags})"
    replaced = replace_expression(call.tree, call.receiver, viewed)
    return Fix(f"call `nnx.view(…, {flags})`", Applicability.UNSAFE, (*edits, *replaced)) if replaced else None


def _around(call: EvaluationSite) -> Fix | None:
    statement = call.simple_statement
    if statement is None or call.receiver is None:
        return None
    model = call.tree.text(call.receiver)
    before = insert_statement_before(call.tree, statement, f"{model}.eval()")
    after = insert_statement_after(call.tree, statement, f"{model}.train()")
    if not before or not after:
        return None
    return Fix(f"set `{model}.eval()` around the call", Applicability.UNSAFE, (*before, *after))
