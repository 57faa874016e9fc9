"""A layer that is called as in training whatever its model is told.

## What it does
Finds `deterministic=False` or `use_running_average=False`, written out where a model calls its layer, when that
model is evaluated, too. Names that speak of MC dropout or adapted statistics silence it. A constructor's
`deterministic=False` is only a default, which `.eval()` changes, and is left alone.

## Why is this bad?
What a layer is called with goes before its attribute: neither `.eval()` nor `nnx.view` can turn the layer off, and
no flag reaches it. Every evaluation drops units, or goes by the statistics of the test batch and changes the
running ones.

## Example
```python
class Net(nnx.Module):
    def __init__(self, rngs: nnx.Rngs):
        self.dropout = nnx.Dropout(0.5, rngs=rngs)

    def __call__(self, x):
        return self.dropout(x, deterministic=False)


def evaluate(test_batch):
    model = Net(nnx.Rngs(0))
    model.eval()
    return model(test_batch)


evaluate(jnp.ones((2, 4)))
```

## Use instead
```python
class Net(nnx.Module):
    def __init__(self, rngs: nnx.Rngs):
        self.dropout = nnx.Dropout(0.5, rngs=rngs)

    def __call__(self, x):
        return self.dropout(x)


def evaluate(test_batch):
    model = Net(nnx.Rngs(0))
    model.eval()
    return model(test_batch)


evaluate(jnp.ones((2, 4)))
```

## Fix safety
There is no fix: whether the flag is left to the layer's mode or becomes a parameter is for the author to say.
"""

from collections.abc import Iterator

import libcst.matchers as m

from nnxlint.diagnostic import Diagnostic, Level, Related
from nnxlint.rule import Context, rule
from nnxlint.semantic.overriding import HardCodedSite

_FALSE = m.Name("False") | m.UnaryOperation(operator=m.Not(), expression=m.Name("True"))
_FLAG = m.Name("deterministic") | m.Name("use_running_average")
SHAPE = m.Call(args=[m.ZeroOrMore(), m.Arg(keyword=_FLAG, value=_FALSE), m.ZeroOrMore()]) | m.Call(
    args=[m.Arg(star=""), m.Arg(keyword=None, value=_FALSE), m.ZeroOrMore()]
)
MESSAGE = "this layer acts as in training whatever its model is told, in evaluation too"


@rule("NNX116", "mode-hard-coded", level=Level.WARNING, documentation=__doc__)
def mode_hard_coded(ctx: Context) -> Iterator[Diagnostic]:
    """Report the calls of layers that say training by themselves."""
    for call in ctx.model.hard_coded_modes():
        if m.matches(call.cst, SHAPE):
            yield ctx.diagnostic(call, MESSAGE, reason=_reason(call), related=_related(ctx, call))


def _reason(call: HardCodedSite) -> str:
    return f"the flag at the call of `{call.layer}` goes before what `{call.model}` was set to"


def _related(ctx: Context, call: HardCodedSite) -> tuple[Related, ...]:
    place = call.evaluated_at
    return ctx.model.related(place, "the model is evaluated here") if place is not None else ()
