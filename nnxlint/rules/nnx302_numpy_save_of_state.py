"""The State of a module, or a nested dict made of it, handed to NumPy's save functions.

## What it does
Finds `np.save`, `np.savez` and `np.savez_compressed` (and those of `jax.numpy`) that are given what
`nnx.state`, `nnx.split` or `nnx.to_pure_dict` returned, directly, through variables, or inside a dict,
list or tuple.

## Why is this bad?
A State is a mapping, and NumPy makes an array of its keys: `np.save("model.npy", nnx.state(model))` writes
`['bias' 'kernel']` and not one weight, without an error. A nested dict becomes a pickled object array,
which `np.load` refuses by default.

## Example
```python
np.save("model.npy", nnx.state(model))
```

## Use instead
```python
flat = nnx.traversals.flatten_mapping(nnx.to_pure_dict(nnx.state(model)), sep="/")
np.savez("model.npz", **flat)
```

## Fix safety
No fix: the code that loads the file has to change with it.
"""

from collections.abc import Iterator

import libcst.matchers as m

from nnxlint.diagnostic import Diagnostic, Level
from nnxlint.rule import Context, rule

SHAPE = m.Call(func=m.Name() | m.Attribute())
KEYS = "`{function}` of a State writes its keys, none of its arrays"
PICKLED = "`{function}` of nested state writes pickled objects: `np.load` refuses them"
REASON = "flatten `nnx.to_pure_dict(state)` and pass `savez(**flat)`, or save the State by orbax"


@rule("NNX302", "numpy-save-of-state", level=Level.ERROR, documentation=__doc__)
def numpy_save_of_state(ctx: Context) -> Iterator[Diagnostic]:
    """Report the saves by NumPy that are given a State or a nested dict of one."""
    for save in ctx.model.state_saves():
        if m.matches(save.cst, SHAPE):
            message = KEYS if save.what == "state" else PICKLED
            yield ctx.diagnostic(save, message.format(function=save.function), reason=REASON)
