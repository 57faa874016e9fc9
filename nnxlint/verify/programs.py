"""The rule programs: a rule's bad, fixed and good program on one reference model, and how they are exercised.

They stand in `fixtures/_verify/<CODE>/` (`<CODE>_<variant>/` for further ones) as `bad.py`, `good.py` and `case.toml`.
What the linter says of the bad program, and what its fix makes of it, comes from the linter itself: it sees program
and reference model as files of one project.
"""

import ast
import re
import tempfile
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec
from packaging.version import Version

from nnxlint.fixer import allowed_applicabilities
from nnxlint.project import CheckRequest, check
from nnxlint.report import Report
from nnxlint.rule import Contract
from nnxlint.rules import all_rules
from nnxlint.settings import Overrides, settings_loader
from nnxlint.verify.protocol import ArraySpec, Case, Maker, Probe, Program

MAIN = "program.py"
REFERENCE = Path(__file__).parent / "reference"
MODELS = tuple(sorted(path.stem for path in REFERENCE.glob("*.py") if path.stem != "__init__"))

_MARKER = re.compile(r"# expect: NNX\d{3}$")
_PLACEHOLDER = "reference.MODEL"

# Optimizers took gradients alone before Flax 0.11, and were no generic class.
_GRADIENTS_ALONE = Version("0.11")
_UPDATE = re.compile(r"\b(optimizer(?:\.\w+)?)\.update\([\w.]+, ")
_GENERIC = re.compile(r"\bnnx\.Optimizer\[[^\]]*\]")


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `case.toml` says.

    `promise`: `preserves`, where the rule's contract says less than what this program's fix is held to. `shows`: the
    witness of a rule that promises nothing because it has no fix. `witness` and `frame` are options of these.
    """

    models: tuple[str, ...]
    promise: Literal["preserves"] | None = None
    shows: str | None = None
    witness: dict[str, str] = {}
    frame: dict[str, str] = {}
    objects: dict[str, Maker] = {}
    constants: dict[str, int | float | bool | str | None] = {}
    probes: tuple[Probe, ...] = ()


@dataclass(frozen=True, slots=True)
class Folder:
    """The programs of a rule before a model is put in; `name` is the rule's code, and what is behind it."""

    name: str
    bad: str
    good: str
    plan: Plan

    @property
    def code(self) -> str:
        """The rule's code."""
        return self.name.partition("_")[0]


@dataclass(frozen=True, slots=True)
class RulePrograms:
    """A rule on one reference model.

    `fixed` is None where the rule makes no fix of the bad program; `row` is where the bad program is marked, and
    `fault` says in what the linter's report was another than the one that is marked (empty: in nothing).
    """

    name: str
    code: str
    model: str
    contract: Contract | None
    plan: Plan
    case: Case
    row: int
    bad: Program
    good: Program
    fixed: Program | None
    fault: str = ""

    @property
    def id(self) -> str:
        """The name that jobs begin with."""
        return f"{self.name}/{self.model}"


def rule_folders(codes: Collection[str] | None = None) -> Iterator[Folder]:
    """Read the folders of these rules, or of all that have one, in their order."""
    for folder in sorted(_root().iterdir()):
        bad, good, plan = (folder / name for name in ("bad.py", "good.py", "case.toml"))
        if plan.is_file() and (codes is None or folder.name.partition("_")[0] in codes):
            told = tomllib.loads(plan.read_text(encoding="utf-8"))
            texts = [path.read_text(encoding="utf-8") for path in (bad, good)]
            yield Folder(folder.name, texts[0], texts[1], msgspec.convert(told, Plan))


def rule_programs(folder: Folder, model: str, flax_version: str | None = None) -> RulePrograms:
    """Put a reference model into a rule's programs, lint the bad one and fix it.

    `flax_version`: the Flax that is targeted, the newest known where it is None.
    """
    texts = (text.replace(_PLACEHOLDER, f"reference.{model}") for text in (folder.bad, folder.good))
    bad, good = (written_for(text, flax_version) for text in texts)
    files = {name: written_for(text, flax_version) for name, text in _reference_files(model).items()}
    report = lint_program({**files, MAIN: bad}, flax_version)
    row = next((row for row, line in enumerate(bad.splitlines(), start=1) if _MARKER.search(line)), 0)
    changed = [change.after.text for change in report.changes]
    return RulePrograms(
        name=folder.name,
        code=folder.code,
        model=model,
        contract=next((rule.contract for rule in all_rules() if rule.code == folder.code), None),
        plan=folder.plan,
        case=_case(folder, model),
        row=row,
        bad=Program({**files, MAIN: bad}, MAIN),
        good=Program({**files, MAIN: good}, MAIN),
        fixed=Program({**files, MAIN: changed[0]}, MAIN) if changed else None,
        fault=_fault(report, folder.code, row),
    )


def written_for(text: str, flax_version: str | None) -> str:
    """The program as it is written for this Flax: what is said here of optimizers came with Flax 0.11."""
    if flax_version is None or Version(flax_version) >= _GRADIENTS_ALONE:
        return text
    return _GENERIC.sub("nnx.Optimizer", _UPDATE.sub(r"\1.update(", text))


def lint_program(files: Mapping[str, str], flax_version: str | None = None) -> Report:
    """Lint files as a project of their own with all rules, and make all fixes, in the report only."""
    overrides = Overrides(flax_version=flax_version, extend_select=("ALL",), isolated=True)
    with tempfile.TemporaryDirectory(prefix="nnxlint-") as name:
        root = Path(name).resolve()
        for path, text in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, encoding="utf-8")
        fixes = allowed_applicabilities(unsafe=True)
        return check(CheckRequest((root,), settings_loader(overrides), fixes=fixes))


def batch_of(model: str) -> dict[str, ArraySpec]:
    """Read the batch of a reference model from its text: shape, dtype and bound of each array."""
    tree = ast.parse((REFERENCE / f"{model}.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "BATCH" and node.value is not None:
            told = ast.literal_eval(node.value)
            return {name: ArraySpec(tuple(shape), dtype, below) for name, (shape, dtype, below) in told.items()}
    message = f"the reference model {model} tells no BATCH"
    raise LookupError(message)


def _root() -> Path:
    """Give the folder of the rule programs: beside the package, or shipped in it."""
    package = Path(__file__).resolve().parent.parent
    shipped = package / "_fixtures" / "_verify"
    return shipped if shipped.is_dir() else package.parent / "fixtures" / "_verify"


def _reference_files(model: str) -> dict[str, str]:
    names = ("__init__.py", f"{model}.py")
    return {f"reference/{name}": (REFERENCE / name).read_text(encoding="utf-8") for name in names}


def _case(folder: Folder, model: str) -> Case:
    plan = folder.plan
    return Case(
        name=f"{folder.name}/{model}",
        objects=plan.objects,
        inputs={f"batch.{name}": spec for name, spec in batch_of(model).items()},
        constants=plan.constants,
        probes=plan.probes,
    )


def _fault(report: Report, code: str, row: int) -> str:
    """Say what is not as marked: one finding, of this rule, on this row; empty where all is."""
    originals = {change.before.path: change.before for change in report.changes}
    sources = {**report.sources, **originals}
    found = [
        (each.code, Path(each.path).name, sources[each.path].lines.position(each.span.start).row)
        for each in (*report.fixed, *report.diagnostics)
    ]
    if found == [(code, MAIN, row)]:
        return ""
    told = ", ".join(f"{each} at {file}:{place}" for each, file, place in found) or "nothing"
    return f"nnxlint reports {told} instead of {code} at {MAIN}:{row}"
