"""A comment that silences a rule which reports nothing there.

## What it does
Reports the codes and names in `# nnxlint: ignore[...]`, `# nnxlint: ignore-file[...]` and `# noqa: NNX...`
that silence nothing. Codes of other tools in a `noqa` are left alone, and so is a `noqa` without codes. A rule
that did not run here (left out by settings, or silent on the targeted Flax) is not called unused.

## Why is this bad?
The comment says that something is wrong here, and nothing is. Worse, it will silence the next mistake on its
line, which nobody has looked at.

## Example
```python
model = nnx.Linear(2, 3, rngs=nnx.Rngs(0))  # nnxlint: ignore[NNX206]
```

## Use instead
```python
model = nnx.Linear(2, 3, rngs=nnx.Rngs(0))
```

## Fix safety
The fix removes the comment, or the code in it that silences nothing. What else the comment says stays. The fix
is safe: comments do not change what a program does.
"""

from collections.abc import Iterator

from nnxlint.diagnostic import Diagnostic, Level
from nnxlint.rule import Context, Preserves, rule


@rule("NNX901", "unused-suppression", level=Level.WARNING, contract=Preserves(), documentation=__doc__)
def unused_suppression(_ctx: Context) -> Iterator[Diagnostic]:
    """Find nothing: which comments silence something is known when all the other rules have run."""
    yield from ()
