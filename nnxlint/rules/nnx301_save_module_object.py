"""A module or optimizer object handed to a function that saves arrays, or pickled to a file.

## What it does
Finds modules and optimizers, also inside dicts, lists and tuples, that reach `np.save`, `np.savez`,
`flax.serialization`, `save_checkpoint`, an orbax checkpointer, or `pickle`, `cloudpickle`, `dill` or
`joblib` with a file. States, pure dicts and single Variables are left alone, and so are objects sent to
another process.

## Why is this bad?
NumPy pickles the object into a 0-d object array, which `np.load` refuses by default; `flax.serialization`
raises `TypeError`; orbax raises `ValueError` before Flax 0.11 and later writes another tree than
`nnx.state(model)`, into which it cannot be restored. A pickled module can be read only by the same code
and the same versions.

## Example
```python
model = nnx.Linear(2, 2, rngs=nnx.Rngs(0))
with ocp.StandardCheckpointer() as checkpointer:
    checkpointer.save(path, model)
    restored = checkpointer.restore(path, model)
```

## Use instead
```python
model = nnx.Linear(2, 2, rngs=nnx.Rngs(0))
with ocp.StandardCheckpointer() as checkpointer:
    checkpointer.save(path, nnx.state(model))
    restored = nnx.merge(nnx.graphdef(model), checkpointer.restore(path, nnx.state(model)))
```

## Fix safety
Unsafe: for orbax, where the file also restores what it saves, both sites change in one fix; checkpoints
written before have the other layout and cannot be read any more. For the rest there is only advice,
because the code that loads the file has to change with it.
"""

from collections.abc import Iterator

import libcst.matchers as m
from packaging.version import Version

from nnxlint.diagnostic import Diagnostic, Level
from nnxlint.edits import Applicability, Edit, Fix
from nnxlint.rule import Context, Repairs, rule
from nnxlint.semantic.saving import CallOfStore, SaveSite
from nnxlint.syntax.rewrite import ensure_import, replace_expression

SHAPE = m.Call(func=m.Name() | m.Attribute())
MESSAGES = {
    "numpy": "`{function}` of {what} pickles the object: `np.load` refuses the file",
    "flax": "`{function}` of {what} cannot store its arrays",
    "checkpoints": "`{function}` of {what} writes another tree than `nnx.state` restores",
    "pickle": "pickling {what} ties the file to this code and these versions",
    "orbax": "orbax saves {what} as another tree than `nnx.state` restores",
}
CRASH = "orbax cannot save {what} on the targeted Flax: it raises ValueError"
REASON = "what belongs in a file is the state, `nnx.state(model)`, not the object"
ADVICE = "save `nnx.to_pure_dict(nnx.state(model))` as flat arrays, or `nnx.state(model)` by orbax"
RESTORED = "restored here"
_PYTREES = Version("0.11")


@rule(
    "NNX301",
    "save-module-object",
    level=Level.ERROR,
    contract=Repairs(witness="checkpoint-restores-into-state", frame="program-outputs"),
    documentation=__doc__,
)
def save_module_object(ctx: Context) -> Iterator[Diagnostic]:
    """Report the saves that are given a module or an optimizer."""
    for save in ctx.model.module_saves():
        if m.matches(save.cst, SHAPE):
            runs = save.family == "pickle" or (save.family == "orbax" and ctx.target >= _PYTREES)
            message = CRASH if save.family == "orbax" and not runs else MESSAGES[save.family]
            yield ctx.diagnostic(
                save,
                message.format(function=save.function, what=save.what),
                level=Level.WARNING if runs else Level.ERROR,
                reason=REASON,
                related=tuple(restore.related(RESTORED) for restore in save.restores),
                fix=_save_state(save) if save.family == "orbax" else Fix(ADVICE, Applicability.DISPLAY),
            )


def _save_state(save: SaveSite) -> Fix | None:
    """The save and every restore of it in one fix; `None` unless all of them are understood."""
    imported = ensure_import(save.tree, "flax.nnx")
    if imported is None or not save.restores or not all(each.payload_is_name for each in save.restores):
        return None
    nnx, edits = imported
    parts = [_wrap(each, f"{nnx}.state({each.payload_text})") for each in (save, *save.partners)]
    parts += [_merged(each, nnx) for each in save.restores]
    if any(part is None for part in parts):
        return None
    every = (*edits, *(edit for part in parts for edit in part or ()))
    return Fix("save and restore `nnx.state(...)`", Applicability.UNSAFE, every)


def _wrap(site: CallOfStore, text: str) -> tuple[Edit, ...] | None:
    return replace_expression(site.tree, site.payload, text) if site.payload is not None else None


def _merged(restore: CallOfStore, nnx: str) -> tuple[Edit, ...] | None:
    """The restore gives a module as before: the restored state merged with the definition of its target."""
    if restore.payload is None:
        return None
    start = restore.span.start
    target = restore.tree.span(restore.payload)
    text, name = restore.text, restore.payload_text
    inner = f"{text[: target.start - start]}{nnx}.state({name}){text[target.end - start :]}"
    return replace_expression(restore.tree, restore.call, f"{nnx}.merge({nnx}.graphdef({name}), {inner})")
