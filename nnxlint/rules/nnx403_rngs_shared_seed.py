"""Modules that must differ, built from equal seeds.

## What it does
Finds modules that belong together (layers of one `__init__`, twin critics, members of an ensemble, two
Dropouts) whose `nnx.Rngs(...)` start from the same seed: equal literals, one seed in every round of a loop or
comprehension that keeps the modules, or one unchanged variable. Copies that shall start alike (target
networks, by name or because their weights are set later) and comparisons are left alone.

## Why is this bad?
Equal seeds give equal random values: twin critics agree for ever, the members of an ensemble are one model,
two Dropouts drop the same units.

## Example
```python
class Twins(nnx.Module):
    def __init__(self):
        self.first = nnx.Linear(8, 1, rngs=nnx.Rngs(0))
        self.second = nnx.Linear(8, 1, rngs=nnx.Rngs(0))
```

## Use instead
```python
class Twins(nnx.Module):
    def __init__(self):
        rngs = nnx.Rngs(0)
        self.first = nnx.Linear(8, 1, rngs=rngs)
        self.second = nnx.Linear(8, 1, rngs=rngs)
```

Each draw advances the stream, so what is built from one `Rngs` differs.

## Fix safety
Unsafe: the modules start from other values. Offered only where one `Rngs` can be made just before.
"""

from collections.abc import Iterator

import libcst.matchers as m

from nnxlint.diagnostic import Diagnostic, Level
from nnxlint.edits import Applicability, Fix
from nnxlint.rule import Context, Repairs, rule
from nnxlint.semantic.model import SharedSeedSite
from nnxlint.syntax.rewrite import insert_statement_before, replace_expression

# Functions that give the same seed or key each time; `next(seeds)` does not.
STEADY = m.MatchRegex("(key|PRNGKey|fold_in|split|int|hash|abs|min|max|uint32|int32|array|asarray|dict|fromkeys)$")
CHANGING = m.Call(func=~(m.Name(STEADY) | m.Attribute(attr=m.Name(STEADY))))
SHAPE = m.Call(args=[m.AtLeastN(m.Arg(m.MatchIfTrue(lambda seed: not m.findall(seed, CHANGING))), n=1)])
TWINS = "`{module}` shares a seed: it starts with the random values of another one"
REPEATED = "one seed for every `{module}` in a loop: all start with the same random values"
FIRST = "the other one with this seed"


@rule(
    "NNX403",
    "rngs-shared-seed",
    level=Level.WARNING,
    contract=Repairs(witness="modules-differ", frame="graph-structure"),
    documentation=__doc__,
)
def rngs_shared_seed(ctx: Context) -> Iterator[Diagnostic]:
    """Report the `Rngs(...)` of the second module, or the one inside a loop."""
    for site in ctx.model.shared_seeds():
        if m.matches(site.cst, SHAPE):
            message = (REPEATED if site.first is None else TWINS).format(module=site.module)
            related = () if site.first is None else (ctx.model.site(site.first).related(FIRST),)
            yield ctx.diagnostic(site, message, related=related, fix=_hoist(site))


def _hoist(site: SharedSeedSite) -> Fix | None:
    """Make one `Rngs` before the first of them and hand it to all."""
    place = site.hoisting
    if place is None:
        return None
    inserted = insert_statement_before(site.tree, place.statement, f"{place.name} = {site.text}")
    replaced = [replace_expression(site.tree, call, place.name) for call in place.calls]
    if not inserted or not all(replaced):
        return None
    edits = (*inserted, *(edit for one in replaced for edit in one or ()))
    return Fix("share one `Rngs`", Applicability.UNSAFE, edits)
