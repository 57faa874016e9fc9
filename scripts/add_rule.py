"""Begin a rule: `python scripts/add_rule.py NNX208 optimizer-update-swapped`.

Writes the rule's module with every heading that its documentation needs, and its two fixtures.
"""

import re
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

MODULE = '''\
"""One line: the bad thing, as it stands in the table of rules.

## What it does
Finds …

## Why is this bad?
What really happens when it runs.

## Example
```python
```

## Use instead
```python
```

## Fix safety
There is no fix.
"""

from collections.abc import Iterator

import libcst.matchers as m

from nnxlint.diagnostic import Diagnostic, Level
from nnxlint.rule import Context, rule

SHAPE = m.Call(args=[m.AtLeastN(n=1)])
MESSAGE = "the thing and its consequence"


@rule("{code}", "{name}", level=Level.WARNING, documentation=__doc__)
def {function}(ctx: Context) -> Iterator[Diagnostic]:
    """Report …"""
    for call in ctx.model.calls("flax.nnx.…"):
        if m.matches(call.cst, SHAPE):
            yield ctx.diagnostic(call, MESSAGE)
'''
BAD = '''\
"""{title}, in many spellings. Mark each with a comment: expect, a colon, {code}."""

from flax import nnx
'''
GOOD = '''\
"""What looks like {title_lower} and is none."""

from flax import nnx
'''


def main(arguments: Sequence[str]) -> int:
    """Write the files of a rule that does not exist yet."""
    if len(arguments) != len(("code", "name")):
        return _refuse("usage: add_rule.py NNX208 the-bad-thing")
    code, name = arguments
    if not re.fullmatch(r"NNX[1-8]\d\d", code) or not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", name):
        return _refuse(f"`{code} {name}`: a code is like NNX208, a name is words in lower case with hyphens")
    if list((ROOT / "nnxlint" / "rules").glob(f"{code.lower()}_*.py")):
        return _refuse(f"{code} is taken")
    for path, text in _files(code, name).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"wrote {path.relative_to(ROOT)}\n")
    return 0


def _files(code: str, name: str) -> dict[Path, str]:
    function = name.replace("-", "_")
    stem = f"{code.lower()}_{function}"
    words = {
        "code": code,
        "name": name,
        "function": function,
        "title": name.replace("-", " ").capitalize(),
        "title_lower": name.replace("-", " "),
    }
    fixtures = ROOT / "fixtures" / stem
    return {
        ROOT / "nnxlint" / "rules" / f"{stem}.py": MODULE.format(**words),
        fixtures / "bad.py": BAD.format(**words),
        fixtures / "good.py": GOOD.format(**words),
    }


def _refuse(message: str) -> int:
    sys.stderr.write(f"add_rule.py: {message}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
