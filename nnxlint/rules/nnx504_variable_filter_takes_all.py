"""`nnx.Variable` used as a filter for the rest beside the parameters: it takes the parameters too.

## What it does
Finds `nnx.state`, `nnx.split` and `nnx.pop` with the one filter `nnx.Variable` where the state beside the
parameters was meant: the same function also takes `nnx.Param` of that object, or names say rest,
statistics, buffers, non-trainable. Uses that mean everything (checkpoints, counts of memory) and ordered
filters, where it takes what is left, are silent.

## Why is this bad?
`Param` is a subclass of `Variable`, so the filter matches every Variable: statistics that are reset,
copied or counted this way include all weights, without an error.

## Example
```python
params = nnx.state(model, nnx.Param)
rest = nnx.state(model, nnx.Variable)
```

## Use instead
```python
params = nnx.state(model, nnx.Param)
rest = nnx.state(model, nnx.Not(nnx.Param))
```

## Fix safety
Unsafe: the state no longer holds the parameters, which is what is meant, and what changes.
"""

from collections.abc import Iterator

import libcst.matchers as m

from nnxlint.diagnostic import Diagnostic, Level
from nnxlint.edits import Applicability, Edit, Fix
from nnxlint.rule import Context, Repairs, rule
from nnxlint.semantic.filters import FilterSite
from nnxlint.spans import Span
from nnxlint.syntax.rewrite import ensure_import, replace_expression
from nnxlint.syntax.tree import Tree

# One filter alone: as the last of several it takes what the others left.
SHAPE = m.Call(args=[m.Arg(star=""), m.Arg(star="")])
MESSAGE = "`nnx.Variable` takes the parameters too: every Param is a Variable"
REASON = "the rest beside the parameters is `nnx.Not(nnx.Param)`"
PARAMS = "the parameters are taken here"


@rule(
    "NNX504",
    "variable-filter-takes-all",
    level=Level.WARNING,
    contract=Repairs(witness="rest-holds-no-params", frame="parameters"),
    documentation=__doc__,
)
def variable_filter_takes_all(ctx: Context) -> Iterator[Diagnostic]:
    """Report the filters `nnx.Variable` that are meant as everything but the parameters."""
    for taken in ctx.model.variables_meant_as_rest():
        if m.matches(taken.cst, SHAPE):
            related = (taken.params.related(PARAMS),) if taken.params is not None else ()
            yield ctx.diagnostic(taken, MESSAGE, reason=REASON, related=related, fix=_leave_params_out(taken))


def _leave_params_out(taken: FilterSite) -> Fix | None:
    spelled = _spelled(taken.tree)
    if spelled is None or taken.filter is None or (taken.function == "split" and not taken.drops_definition):
        return None
    text, edits = spelled
    narrowed = replace_expression(taken.tree, taken.filter, text)
    if narrowed is None:
        return None
    exhaustive = _exhaustive(taken) if taken.function == "split" else ()
    return Fix("leave the parameters out", Applicability.UNSAFE, (*edits, *narrowed, *exhaustive))


def _spelled(tree: Tree) -> tuple[str, tuple[Edit, ...]] | None:
    """The filter as the file spells such names: by the module, or each by its own import."""
    names = [ensure_import(tree, "flax.nnx", name) for name in ("Not", "Param")]
    known = [name for name in names if name is not None]
    if len(known) == len(names) and sum(bool(edits) for _, edits in known) <= 1:
        return f"{known[0][0]}({known[1][0]})", tuple(edit for _, edits in known for edit in edits)
    module = ensure_import(tree, "flax.nnx")
    return (f"{module[0]}.Not({module[0]}.Param)", module[1]) if module is not None else None


def _exhaustive(taken: FilterSite) -> tuple[Edit, ...]:
    """The filters of a split have to take everything: what is left goes into a third target."""
    if taken.filter is None or taken.targets is None:
        return ()
    ends = (taken.tree.span(taken.targets.elts[-1]).end, taken.tree.span(taken.filter).end)
    return tuple(Edit(Span(end, end), added) for end, added in zip(ends, (", _", ", ..."), strict=True))
