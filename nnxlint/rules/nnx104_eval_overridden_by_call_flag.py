"""A model that was set to evaluation, where a flag at the layer's call says training and wins.

## What it does
Finds evaluation calls of models that `.eval()`, `set_attributes` or `nnx.view` set to evaluation, although the
model's method hands its layers a flag whose default means training, and the call leaves that flag out. The same
holds for a flag that the model reads from an attribute of its own (`deterministic=not self.training`), which
`.eval()` does not set.

## Why is this bad?
What a layer is called with goes before its attribute, so `.eval()` has no effect at all: dropout goes on dropping
units, and batch normalisation goes by the test batch and changes its running statistics. It looks right at the
call, which makes it harder to find than a missing `.eval()`.

## Example
```python
class Net(nnx.Module):
    def __init__(self, rngs: nnx.Rngs):
        self.dropout = nnx.Dropout(0.5, rngs=rngs)

    def __call__(self, x, deterministic: bool = False):
        return self.dropout(x, deterministic=deterministic)


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

    def __call__(self, x, deterministic: bool | None = None):
        return self.dropout(x, deterministic=deterministic)


def evaluate(test_batch):
    model = Net(nnx.Rngs(0))
    model.eval()
    return model(test_batch)


evaluate(jnp.ones((2, 4)))
```

## Fix safety
Unsafe: it changes what the call computes, which is its purpose. The default becomes `None`, so that the layers go by
their modes, where the method stands in the same file, the default is `False`, and the method only hands the flag
on. Otherwise (`not None` would mean evaluation for ever) the call passes the flag.
"""

from collections.abc import Iterator

import libcst.matchers as m

from nnxlint.diagnostic import Diagnostic, Level, Related
from nnxlint.edits import Applicability, Fix
from nnxlint.rule import Context, Repairs, rule
from nnxlint.semantic.overriding import OverriddenSite
from nnxlint.syntax.rewrite import add_keyword, default_to_none

SHAPE = m.Call()
FLAG = "evaluation mode has no effect: `{}` is left to its training default"
ATTRIBUTE = "evaluation mode has no effect: the layers go by `{}`, which `.eval()` ignores"
_HERE = "this acts as in training"


@rule(
    "NNX104",
    "eval-overridden-by-call-flag",
    level=Level.ERROR,
    contract=Repairs(witness="eval-repeatable", frame="training-program"),
    supersedes=("NNX101",),
    documentation=__doc__,
)
def eval_overridden_by_call_flag(ctx: Context) -> Iterator[Diagnostic]:
    """Report the evaluation calls whose mode was set and does not count."""
    for call in ctx.model.overridden_modes():
        if m.matches(call.cst, SHAPE):
            yield ctx.diagnostic(
                call,
                ATTRIBUTE.format(call.attribute) if call.attribute else FLAG.format(call.flag),
                level=None if call.acts else Level.WARNING,
                reason=_reason(call),
                related=_related(ctx, call),
                fix=_leave_to_the_layers(call) or _pass_flag(call),
            )


def _reason(call: OverriddenSite) -> str:
    layers = ", ".join(f"`{layer}`" for layer in call.layers)
    return f"the flag at the call of {layers} in `{call.model}` goes before the mode that was set"


def _related(ctx: Context, call: OverriddenSite) -> Iterator[Related]:
    for place in call.layer_places[:2]:
        yield from ctx.model.related(place, _HERE)


def _leave_to_the_layers(call: OverriddenSite) -> Fix | None:
    if call.declared is None:
        return None
    edits = default_to_none(call.tree, *call.declared)
    return Fix(f"make `None` the default of `{call.flag}`", Applicability.UNSAFE, edits)


def _pass_flag(call: OverriddenSite) -> Fix | None:
    value = call.flag_value
    if value is None or not call.decides:
        return None
    edits = add_keyword(call.tree, call.call, call.flag, str(value))
    return Fix(f"pass `{call.flag}={value}`", Applicability.UNSAFE, edits) if edits else None
