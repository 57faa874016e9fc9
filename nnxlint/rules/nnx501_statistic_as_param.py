"""An `nnx.Param` that is no parameter: a statistic, a counter, a mask, a fixed table.

## What it does
Finds Params that the module itself keeps up to date (`__call__`, `update`), Params of integers or booleans,
Params that are only used behind `jax.lax.stop_gradient`, tables that are computed and never meant to move
(sinusoids, RoPE frequencies, mel filters, masks), and running statistics. A name alone is never enough: how
the array is made or used must say the same.

## Why is this bad?
`nnx.Param` means "train this": gradients are taken with respect to it, and the optimizer moves it, by
weight decay even where the gradient is zero. A running mean drifts away from the data, a position table is
blurred. Integers and booleans make `nnx.grad` raise TypeError.

## Example
```python
class Norm(nnx.Module):
    def __init__(self, size):
        self.mean = nnx.Param(jnp.zeros(size))

    def __call__(self, x):
        self.mean[...] = 0.9 * self.mean[...] + 0.1 * x.mean(0)
        return x - self.mean[...]
```

## Use instead
```python
class Norm(nnx.Module):
    def __init__(self, size):
        self.mean = nnx.BatchStat(jnp.zeros(size))

    def __call__(self, x):
        self.mean[...] = 0.9 * self.mean[...] + 0.1 * x.mean(0)
        return x - self.mean[...]
```

## Fix safety
Unsafe: gradients, optimizer state and checkpoints lose the array, which is its purpose.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

import libcst.matchers as m

from nnxlint.diagnostic import Diagnostic, Level
from nnxlint.edits import Applicability, Fix
from nnxlint.rule import Context, Option, Repairs, rule
from nnxlint.semantic.kinds import StatisticSite
from nnxlint.syntax.rewrite import ensure_import, replace_declared_class, replace_expression

# Metadata that says "not trained" is another mistake, where it is one.
SETTLED = m.Arg(keyword=m.Name("trainable") | m.Name("requires_grad") | m.Name("frozen"))
OPEN = ~m.Call(args=[m.ZeroOrMore(), SETTLED, m.ZeroOrMore()])
SHAPE = m.Assign(value=OPEN) | m.AnnAssign(value=OPEN) | m.Call()
MESSAGES: Mapping[str, str] = MappingProxyType(
    {
        "written": "the module itself writes `{}`, but as an `nnx.Param` it is trained too",
        "integers": "`{}` holds integers: as an `nnx.Param` it makes `nnx.grad` raise TypeError",
        "booleans": "`{}` holds booleans: as an `nnx.Param` it makes `nnx.grad` raise TypeError",
        "stopped": "`{}` is only used behind `stop_gradient`, but an `nnx.Param` is optimised",
        "table": "`{}` is a fixed table, but as an `nnx.Param` it is trained",
        "kind": "`{}` is state by its class, but that derives from `nnx.Param`: it is trained",
        "name": "`{}` is a statistic of the data, but as an `nnx.Param` it is trained",
    }
)
REASON = "gradients and the optimizer take every `nnx.Param`"
TRAINED = Option("trained", (), "attributes that are trained on purpose, by name or pattern, such as `pos_*`")


@rule(
    "NNX501",
    "statistic-as-param",
    level=Level.ERROR,
    contract=Repairs(witness="optimizer-leaves-it", frame="trained-params"),
    documentation=__doc__,
    options=(TRAINED,),
)
def statistic_as_param(ctx: Context) -> Iterator[Diagnostic]:
    """Report the declarations of Params that should be another kind of Variable."""
    for site in ctx.model.statistics():
        if m.matches(site.cst, SHAPE) and not site.is_named(ctx.option(TRAINED)):
            yield ctx.diagnostic(
                site,
                MESSAGES[site.evidence].format(site.attribute),
                level=None if site.is_sure else Level.WARNING,
                reason=REASON,
                related=ctx.model.related(site.written, "written here") if site.written is not None else (),
                fix=_declare_as_statistic(site),
            )


def _declare_as_statistic(site: StatisticSite) -> Fix | None:
    kind = "BatchStat" if site.in_forward else "Variable"
    imported = ensure_import(site.tree, "flax.nnx", kind)
    if imported is None:
        return None
    spelling, edits = imported
    if site.made is not None:
        replaced = replace_declared_class(site.tree, site.node, site.made, spelling)
    elif site.base is not None:
        replaced = replace_expression(site.tree, site.base, spelling)
    else:
        return None
    title = f"declare `{site.attribute}` as `nnx.{kind}`" if site.made is not None else "derive from `nnx.Variable`"
    return Fix(title, Applicability.UNSAFE, (*edits, *replaced)) if replaced is not None else None
