"""`nnx.BatchNorm` built without `momentum`, which Acme's reviews want to see.

## What it does
Finds constructions of `nnx.BatchNorm` that leave `momentum` to its default.

## Why is this bad?
How fast running statistics follow the data depends on the number of steps in an epoch. A default that nobody chose
is too slow for a short run.

## Example
```python
norm = nnx.BatchNorm(8, rngs=nnx.Rngs(0))
```

## Use instead
```python
norm = nnx.BatchNorm(8, rngs=nnx.Rngs(0), momentum=0.99)
```

## Fix safety
Safe where the option `momentum` is the default of Flax: the program stays as it was. Unsafe with any other value.
"""

from collections.abc import Iterator

from nnxlint.api import (
    ABSENT,
    Applicability,
    CallSite,
    Context,
    Diagnostic,
    Fix,
    Level,
    Option,
    Preserves,
    add_keyword,
    rule,
)

DEFAULT = 0.99
MOMENTUM = Option("momentum", DEFAULT, "the momentum that the fix writes")
MESSAGE = "`nnx.BatchNorm` without `momentum`: its running statistics follow at a pace nobody chose"


@rule(
    "ACME101",
    "batch-norm-implicit-momentum",
    level=Level.WARNING,
    contract=Preserves(),
    options=(MOMENTUM,),
    documentation=__doc__,
)
def batch_norm_implicit_momentum(ctx: Context) -> Iterator[Diagnostic]:
    """Report the constructions of `nnx.BatchNorm` that leave `momentum` out."""
    for call in ctx.model.calls("flax.nnx.BatchNorm"):
        if call.argument("momentum") is ABSENT:
            yield ctx.diagnostic(call, MESSAGE, fix=_pass_momentum(call, ctx.option(MOMENTUM)))


def _pass_momentum(call: CallSite, momentum: float) -> Fix | None:
    edits = add_keyword(call.tree, call.call, "momentum", str(momentum))
    applicability = Applicability.SAFE if momentum == DEFAULT else Applicability.UNSAFE
    return None if edits is None else Fix(f"pass `momentum={momentum}`", applicability, edits)
