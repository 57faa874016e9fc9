"""A comment meant to silence a rule, that names none.

## What it does
Reports `# nnxlint: ignore[...]` and `# nnxlint: ignore-file[...]` with something in the brackets that is no
code and no name of a rule, or with nothing to name; and unknown codes that begin with `NNX` in a `noqa`.

## Why is this bad?
The comment looks as if it silenced something, and silences nothing. A prefix such as `NNX1` names no rule
either: a comment that silenced a whole family would hide mistakes that nobody has looked at.

## Example
```python
model = nnx.Linear(2, 3, rngs=nnx.Rngs(0))  # nnxlint: ignore[missing-training-flag]
```

## Use instead
```python
model = nnx.Linear(2, 3, rngs=nnx.Rngs(0))
```

## Fix safety
There is no fix.
"""

from collections.abc import Iterator

from nnxlint.diagnostic import Diagnostic, Level
from nnxlint.rule import Context, rule


@rule("NNX902", "invalid-suppression", level=Level.WARNING, documentation=__doc__)
def invalid_suppression(_ctx: Context) -> Iterator[Diagnostic]:
    """Find nothing: the engine reads the comments."""
    yield from ()
