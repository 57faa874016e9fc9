"""A random weight held in `nnx.Variable` or a bare array, where no gradient reaches it.

## What it does
Finds attributes of modules that are drawn at random in construction and multiplied with the input as
weights are, but are held in a plain `nnx.Variable` or as a bare array. What is random on purpose is left
alone: by its name, by a docstring or comment, behind `stop_gradient`, or when the module writes it itself.

## Why is this bad?
`nnx.grad` differentiates, and `nnx.Optimizer(..., wrt=nnx.Param)` moves, Params only. The weight keeps its
random start; the loss still falls a little, because the rest of the model learns around it.

## Example
```python
class Projection(nnx.Module):
    def __init__(self, din, dout, rngs: nnx.Rngs):
        init = nnx.initializers.lecun_normal()
        self.kernel = nnx.Variable(init(rngs.params(), (din, dout)))
        self.bias = nnx.Param(jnp.zeros(dout))

    def __call__(self, x):
        return x @ self.kernel[...] + self.bias[...]
```

## Use instead
```python
class Projection(nnx.Module):
    def __init__(self, din, dout, rngs: nnx.Rngs):
        init = nnx.initializers.lecun_normal()
        self.kernel = nnx.Param(init(rngs.params(), (din, dout)))
        self.bias = nnx.Param(jnp.zeros(dout))

    def __call__(self, x):
        return x @ self.kernel[...] + self.bias[...]
```

## Fix safety
Unsafe: gradients, optimizer state and checkpoints gain the array, which is its purpose.
"""

from collections.abc import Iterator

import libcst.matchers as m

from nnxlint.diagnostic import Diagnostic, Level
from nnxlint.edits import Applicability, Edit, Fix
from nnxlint.rule import Context, Option, Repairs, rule
from nnxlint.semantic.kinds import WeightSite
from nnxlint.syntax.rewrite import ensure_import, replace_declared_class, replace_expression

# Metadata that says "not trained" tells that it is meant so.
SETTLED = m.Arg(keyword=m.Name("trainable") | m.Name("requires_grad") | m.Name("frozen"))
OPEN = ~m.Call(args=[m.ZeroOrMore(), SETTLED, m.ZeroOrMore()])
SHAPE = m.Assign(value=OPEN) | m.AnnAssign(value=OPEN) | m.Call()
IN_VARIABLE = "`{}` is a random weight in `nnx.Variable`: no gradient and no optimizer reach it"
IN_ARRAY = "`{}` is a random weight in a bare array: no gradient and no optimizer reach it"
UNTRAINED = Option("untrained", (), "attributes that stay random on purpose, by name or pattern, such as `proj_*`")


@rule(
    "NNX502",
    "weight-not-param",
    level=Level.WARNING,
    contract=Repairs(witness="weight-is-trained", frame="forward-program"),
    documentation=__doc__,
    options=(UNTRAINED,),
)
def weight_not_param(ctx: Context) -> Iterator[Diagnostic]:
    """Report the declarations of random weights that are no Params."""
    for site in ctx.model.untrained_weights():
        if m.matches(site.cst, SHAPE) and not site.is_named(ctx.option(UNTRAINED)):
            message = IN_ARRAY if site.is_array else IN_VARIABLE
            yield ctx.diagnostic(site, message.format(site.attribute), fix=_declare_as_param(site))


def _declare_as_param(site: WeightSite) -> Fix | None:
    imported = ensure_import(site.tree, "flax.nnx", "Param")
    if imported is None:
        return None
    spelling, edits = imported
    if site.made is not None:
        changed = replace_declared_class(site.tree, site.node, site.made, spelling)
    elif site.array is not None:
        changed = _wrap(site, spelling)
    else:
        return None
    title = f"declare `{site.attribute}` as `nnx.Param`"
    return Fix(title, Applicability.UNSAFE, (*edits, *changed)) if changed is not None else None


def _wrap(site: WeightSite, spelling: str) -> tuple[Edit, ...] | None:
    """Hold the array in a Param, and read it with `[...]`: `jax.lax` takes no Param for an array."""
    if site.array is None:
        return None
    parts = [replace_expression(site.tree, site.array, f"{spelling}({site.tree.text(site.array)})")]
    parts += [replace_expression(site.tree, read, f"{site.tree.text(read)}[...]") for read in site.reads]
    return None if None in parts else tuple(edit for part in parts if part is not None for edit in part)
