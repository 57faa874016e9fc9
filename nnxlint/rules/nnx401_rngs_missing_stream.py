"""`nnx.Rngs` with named streams only, handed to something that draws from another stream.

## What it does
Finds `nnx.Rngs(params=0)` and the like, without a default stream, which flow into a layer, a module or a
function that needs a stream of another name.

## Why is this bad?
There is nothing to draw from: `nnx.Dropout` raises `KeyError: "No RngStream named 'dropout' found in Rngs."`
when it is built (before Flax 0.11: when it is called first), and `rngs.noise()` raises `AttributeError`.

## Example
```python
class MLP(nnx.Module):
    def __init__(self, rngs: nnx.Rngs):
        self.linear = nnx.Linear(2, 2, rngs=rngs)
        self.dropout = nnx.Dropout(0.5, rngs=rngs)

model = MLP(nnx.Rngs(params=0))
```

## Use instead
```python
model = MLP(nnx.Rngs(params=0, dropout=1))
```

`nnx.Rngs(0)` has a default stream, which stands in for every name.

## Fix safety
Unsafe: the seed of the new stream is made up. It differs from the seeds that are there.
"""

from collections.abc import Iterator

import libcst.matchers as m

from nnxlint.diagnostic import Diagnostic, Level
from nnxlint.edits import Applicability, Fix
from nnxlint.rule import Context, Revives, rule
from nnxlint.semantic.model import MissingStreamsSite
from nnxlint.syntax.rewrite import add_keyword

SHAPE = m.Call(args=[m.AtLeastN(n=1)])
MESSAGE = "this `Rngs` has no stream `{stream}`: {drawer} raises an error"
NEED = "needs the stream `{stream}`"


@rule(
    "NNX401",
    "rngs-missing-stream",
    level=Level.ERROR,
    contract=Revives("KeyError | AttributeError", safe=False),
    documentation=__doc__,
)
def rngs_missing_stream(ctx: Context) -> Iterator[Diagnostic]:
    """Report each `Rngs(...)` once, with every stream that is drawn from it in vain."""
    for site in ctx.model.missing_streams():
        if m.matches(site.cst, SHAPE):
            related = [
                one for draw in site.draws for one in ctx.model.related(draw.place, NEED.format(stream=draw.stream))
            ]
            message = MESSAGE.format(stream=site.draws[0].stream, drawer=_drawer(site))
            yield ctx.diagnostic(site, message, related=related, fix=_add_stream(site))


def _drawer(site: MissingStreamsSite) -> str:
    by = site.draws[0].by
    return f"`nnx.{by.rpartition('.')[2]}`" if by.startswith("flax.") else "drawing from it"


def _add_stream(site: MissingStreamsSite) -> Fix | None:
    """Add the first of the streams; the next round finds the others."""
    seed = site.fresh_seed
    added = add_keyword(site.tree, site.call, site.draws[0].stream, seed) if seed is not None else None
    return Fix(f"add the stream `{site.draws[0].stream}`", Applicability.UNSAFE, added) if added else None
