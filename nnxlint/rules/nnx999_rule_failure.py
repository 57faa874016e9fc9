"""A rule of nnxlint that crashed.

## What it does
Reports that a rule of nnxlint crashed, with its code and the place that it was looking at. The other rules
go on, and the exit status is 2.

## Why is this bad?
The rule may have missed something in this file. It is a defect of nnxlint, not of the code: please report it
with the traceback that `--verbose` prints. Until it is mended, `--ignore` with the rule's code leaves it out.

## Example
There is no code to show: every crash is a defect that has yet to be found.

## Use instead
Nothing: the reported code may be right.

## Fix safety
There is no fix.
"""

from collections.abc import Iterator

from nnxlint.diagnostic import Diagnostic, Level
from nnxlint.rule import Context, rule


@rule("NNX999", "rule-failure", level=Level.ERROR, documentation=__doc__)
def rule_failure(_ctx: Context) -> Iterator[Diagnostic]:
    """Find nothing: the engine reports the crash of another rule."""
    yield from ()
