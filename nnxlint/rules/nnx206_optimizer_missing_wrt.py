"""`nnx.Optimizer` built without `wrt`, which Flax 0.11 and newer demand.

## What it does
Finds `nnx.Optimizer(model, tx)` calls, and constructors of subclasses that hand it the same, without the `wrt`
argument.

## Why is this bad?
Since Flax 0.11.0 the optimizer no longer assumes which Variables it trains: the call raises `TypeError: Missing
required argument 'wrt'`.

## Example
```python
optimizer = nnx.Optimizer(model, optax.adamw(1e-3))
```

## Use instead
```python
optimizer = nnx.Optimizer(model, optax.adamw(1e-3), wrt=nnx.Param)
```

## Fix safety
Safe: `wrt=nnx.Param` is what older versions took for granted, so the program does what it did there.
"""

from collections.abc import Iterator

import libcst.matchers as m

from nnxlint.diagnostic import Diagnostic, Level
from nnxlint.edits import Applicability, Fix
from nnxlint.rule import Context, Revives, rule
from nnxlint.semantic.model import ABSENT, CallSite
from nnxlint.syntax.rewrite import add_keyword, ensure_import

SHAPE = m.Call(args=[m.AtLeastN(n=1)])
MESSAGE = "`nnx.Optimizer` without `wrt` raises TypeError on the targeted Flax"
REASON = "since Flax 0.11 the optimizer must be told which Variables it trains"


@rule(
    "NNX206",
    "optimizer-missing-wrt",
    level=Level.ERROR,
    flax=">=0.11",
    contract=Revives("TypeError", ran_on="0.10.7"),
    documentation=__doc__,
)
def optimizer_missing_wrt(ctx: Context) -> Iterator[Diagnostic]:
    """Report the constructions of `nnx.Optimizer` that leave `wrt` out."""
    for call in ctx.model.calls("flax.nnx.Optimizer", "flax.nnx.Optimizer.__init__"):
        if call.argument("wrt") is ABSENT and not call.expects("TypeError") and m.matches(call.cst, SHAPE):
            yield ctx.diagnostic(call, MESSAGE, reason=REASON, fix=_pass_param(call))


def _pass_param(call: CallSite) -> Fix | None:
    imported = ensure_import(call.tree, "flax.nnx")
    if imported is None:
        return None
    spelling, edits = imported
    added = add_keyword(call.tree, call.call, "wrt", f"{spelling}.Param")
    return Fix("pass `wrt=nnx.Param`", Applicability.SAFE, (*edits, *added)) if added is not None else None
