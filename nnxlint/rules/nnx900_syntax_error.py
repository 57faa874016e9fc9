"""A file that cannot be parsed.

## What it does
Reports a file that the Python parser refuses. The other files are linted all the same.

## Why is this bad?
Nothing is known of a file that cannot be parsed: its mistakes stay unseen, and so do those of other files
that depend on the classes it defines.

## Example
```python
model = Net(rngs=nnx.Rngs(0)
```

## Use instead
```python
model = Net(rngs=nnx.Rngs(0))
```

## Fix safety
There is no fix.
"""

from collections.abc import Iterator

from nnxlint.diagnostic import Diagnostic, Level
from nnxlint.rule import Context, rule


@rule("NNX900", "syntax-error", level=Level.ERROR, documentation=__doc__)
def syntax_error(_ctx: Context) -> Iterator[Diagnostic]:
    """Find nothing: a file with a syntax error has no model, so the engine reports it."""
    yield from ()
