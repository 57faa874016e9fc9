"""Two streams of one `nnx.Rngs` from the same seed.

## What it does
Finds `nnx.Rngs(params=0, dropout=0)`: two streams, the default among them, that start from equal seeds or
from one key, where both are drawn from or may be. Abstract models (`nnx.eval_shape`) and tests are left alone.

## Why is this bad?
Streams have names so that what is drawn from one says nothing about what is drawn from another. From one seed
they give the same keys in the same order. Before Flax 0.11 the first dropout mask therefore follows the first
kernel (measured correlation: -0.795). From 0.11 on `nnx.Dropout` forks its stream, which hides it there
(0.007), but `rngs.params()` and `rngs.dropout()` are still equal keys.

## Example
```python
model = Model(nnx.Rngs(params=0, dropout=0))
```

## Use instead
```python
model = Model(nnx.Rngs(params=0, dropout=1))
```

`nnx.Rngs(0)` is as good: all names share one stream then, which never repeats a key.

## Fix safety
Unsafe: other seeds give other parameters or masks.
"""

from collections.abc import Iterator

import libcst.matchers as m
from packaging.version import Version

from nnxlint.diagnostic import Diagnostic, Level
from nnxlint.edits import Applicability, Edit, Fix
from nnxlint.rule import Context, Repairs, rule
from nnxlint.semantic.model import EqualStreamsSite
from nnxlint.syntax.rewrite import replace_expression

# Functions that give the same seed or key each time; `next(seeds)` does not.
STEADY = m.MatchRegex(
    r"(?!next|new|fresh)(\w*key|PRNGKey|fold_in|split|int|hash|abs|min|max|uint32|int32|array|asarray|dict|fromkeys)$"
)
CHANGING = m.Call(func=~(m.Name(STEADY) | m.Attribute(attr=m.Name(STEADY))))
SHAPE = m.Call(args=[m.AtLeastN(m.Arg(m.MatchIfTrue(lambda seed: not m.findall(seed, CHANGING))), n=1)])
CORRELATED = "{streams} share a seed: the first mask follows the first kernel"
EQUAL_KEYS = "{streams} share a seed: direct draws from both give equal keys"
FORKING = Version("0.11")


@rule(
    "NNX402",
    "rngs-same-seed-streams",
    level=Level.WARNING,
    contract=Repairs(witness="streams-differ", frame="graph-structure"),
    supersedes=("NNX405",),
    documentation=__doc__,
)
def rngs_same_seed_streams(ctx: Context) -> Iterator[Diagnostic]:
    """Report each `Rngs(...)` of which two streams start alike."""
    for site in ctx.model.equal_streams():
        if m.matches(site.cst, SHAPE):
            yield ctx.diagnostic(site, _message(ctx, site), fix=_distinguish(site))


def _message(ctx: Context, site: EqualStreamsSite) -> str:
    names = [seed.stream for seed in site.equal]
    masked = ctx.target < FORKING and {"params", "dropout"} <= {*names}
    streams = " and ".join(f"`{name}`" for name in (("params", "dropout") if masked else names[:2]))
    return (CORRELATED if masked else EQUAL_KEYS).format(streams=streams)


def _distinguish(site: EqualStreamsSite) -> Fix | None:
    """Other seeds for all but the first of the streams, else one default stream for all."""
    edits: list[Edit] = []
    for node, seed in site.fresh_seeds:
        replaced = replace_expression(site.tree, node, seed)
        if not replaced:
            break
        edits += replaced
    else:
        if edits:
            return Fix("give each stream a seed of its own", Applicability.UNSAFE, tuple(edits))
    text = site.one_default
    merged = replace_expression(site.tree, site.call, text) if text is not None else None
    return Fix("use one default stream", Applicability.UNSAFE, merged) if merged else None
