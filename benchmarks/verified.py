"""Count the verdicts of `nnxlint verify` on public code: how many of the fixes it can say something of.

    python benchmarks/verified.py [PATHS] [--out FILE]

Without PATHS, the pinned packages of `packages.py`. Of the fixable findings whose module can be imported, the share
with a verdict other than UNVERIFIED must reach the bar; the reasons of the rest are listed. The code is RUN, in the
children of nnxlint: install what it imports into an environment of its own, with nnxlint and its `verify` extra, and
start this script there. Findings in modules that cannot be imported there are counted apart. Exit status 1: too few.
"""

import importlib.metadata
import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import msgspec
from packages import ECOSYSTEM, package_paths
from rich.console import Console
from rich.table import Table

from nnxlint.errors import NnxlintError
from nnxlint.knowledge import Project, load_projects
from nnxlint.project import CheckRequest
from nnxlint.rules import all_rules
from nnxlint.settings import Overrides, settings_loader
from nnxlint.verify.cache import Ask
from nnxlint.verify.devices import HOST
from nnxlint.verify.entries.layout import dotted, lay_out
from nnxlint.verify.protocol import Case, Maker, Program, RunJob
from nnxlint.verify.run_paths import FixVerdict, run_paths
from nnxlint.verify.session import SessionOptions, session
from nnxlint.verify.verdicts import Verdict

BAR = 0.4
_PROBE = "nnxlint_imports_it.py"


class Finding(msgspec.Struct, frozen=True):
    """A fixable finding with its verdict; `importable`: why its module cannot be imported, empty where it can."""

    package: str
    file: str
    row: int
    code: str
    verdict: Verdict
    reason: str
    seconds: float
    not_imported: str = ""


@dataclass(frozen=True, slots=True)
class Share:
    """How many of some findings have a verdict."""

    told: int
    total: int

    def __str__(self) -> str:
        return f"{self.told} of {self.total} ({self.value:.0%})" if self.total else "none"

    @property
    def value(self) -> float:
        """The share; one where there are no findings."""
        return self.told / self.total if self.total else 1.0


def share(findings: Iterable[Finding]) -> Share:
    """The share of the findings that have another verdict than UNVERIFIED."""
    told = [finding.verdict is not Verdict.UNVERIFIED for finding in findings]
    return Share(sum(told), len(told))


def findings_of(package: str, root: Path, ask: Ask, flax: str) -> Iterator[Finding]:
    """Verify the fixes of one package, for the Flax that is installed, and try to import their modules."""
    settings_of = settings_loader(Overrides(flax_version=flax, isolated=True))
    request = CheckRequest((root,), settings_of, all_rules())
    run = run_paths(request, ask)
    paths = sorted({verdict.unit.path for verdict in run.verdicts})
    projects = load_projects(request.paths, settings_of).projects if paths else ()
    problems = dict(_import_problems(paths, projects, ask))
    for verdict in run.verdicts:
        source = run.report.sources[verdict.unit.path]
        row = source.lines.position(verdict.unit.diagnostic.span.start).row
        yield _finding(package, root, verdict, row, problems[verdict.unit.path])


def _finding(package: str, root: Path, verdict: FixVerdict, row: int, problem: str) -> Finding:
    return Finding(
        package=package,
        file=Path(verdict.unit.path).relative_to(root.resolve()).as_posix(),
        row=row,
        code=verdict.unit.diagnostic.code,
        verdict=verdict.judged.verdict,
        reason=verdict.judged.reason,
        seconds=round(verdict.seconds, 1),
        not_imported=problem,
    )


def _import_problems(paths: Sequence[str], projects: Sequence[Project], ask: Ask) -> Iterator[tuple[str, str]]:
    """Say of each file why it cannot be imported as it stands, without network; an empty text where it can."""
    jobs: list[RunJob] = []
    for path in paths:
        project = next(project for project in projects if path in project.sources)
        try:
            layout = lay_out(path, project)
        except NnxlintError as error:
            yield path, str(error)
            continue
        if path.endswith(".ipynb"):
            yield path, "it is a notebook"
            continue
        name = dotted(layout.main)
        probe = f"import importlib\n\n\ndef load():\n    importlib.import_module({name!r})\n"
        case = Case("import", objects={"module": Maker("load")})
        jobs.append(RunJob(path, Program({**layout.files, _PROBE: probe}, _PROBE), case))
    for answer in ask(jobs):
        told = f"{answer.error}: {answer.message}" if answer.error else answer.reason or answer.kind
        yield answer.id, "" if answer.kind == "done" and not answer.error else told


def _show(findings: Sequence[Finding], console: Console) -> None:
    table = Table(title="fixable findings")
    for name in ("package", "importable", "with a verdict", *Verdict, "not importable", "with a verdict"):
        table.add_column(str(name))
    names = list(dict.fromkeys(finding.package for finding in findings))
    for title, own in [(name, [each for each in findings if each.package == name]) for name in names] + [
        ("all", list(findings))
    ]:
        good = [each for each in own if not each.not_imported]
        rest = [each for each in own if each.not_imported]
        counts = Counter(each.verdict for each in good)
        shown = [str(counts[verdict] or "") for verdict in Verdict]
        table.add_row(title, str(len(good)), str(share(good)), *shown, str(len(rest)), str(share(rest)))
    console.print(table)
    reasons = Counter(_general(each.reason) for each in findings if each.verdict is Verdict.UNVERIFIED)
    for reason, count in reasons.most_common():
        console.print(f"{count:4d}  {reason}", markup=False, highlight=False)


def _general(reason: str) -> str:
    """A reason without names, rows and numbers."""
    return re.sub(r"\d+", "N", re.sub(r"`[^`]*`", "`…`", reason))[:150]


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--timeout", default=60.0, show_default=True, help="How long one program may run.")
@click.option("--jobs", type=int, help="How many processes run programs; by default one a core.")
@click.option("--out", type=click.Path(path_type=Path), help="Write all verdicts as JSON, after each package.")
def main(paths: tuple[Path, ...], timeout: float, jobs: int | None, out: Path | None) -> None:
    """Count verdicts."""
    roots = {path.name: path.resolve() for path in paths} or package_paths(pins=ECOSYSTEM)
    flax = importlib.metadata.version("flax")
    findings: list[Finding] = []
    for name, root in roots.items():
        started = time.monotonic()
        with session(HOST, SessionOptions(jobs=jobs, seconds=timeout)) as ask:
            found = list(findings_of(name, root, ask, flax))
        findings += found
        click.echo(f"{name}: {share(found)}, {time.monotonic() - started:.0f} s", err=True)
        if out is not None:
            out.write_bytes(msgspec.json.format(msgspec.json.encode(findings), indent=1) + b"\n")
    _show(findings, Console(width=160))
    reached = share(finding for finding in findings if not finding.not_imported)
    if not reached.total:
        message = "no module with a fixable finding can be imported: install what the packages need, and run again"
        raise click.ClickException(message)
    told = "ok" if reached.value >= BAR else "MISSED"
    click.echo(f"{told}: {reached} of the importable ones have a verdict, at least {BAR:.0%} must")
    raise SystemExit(0 if reached.value >= BAR else 1)


if __name__ == "__main__":
    main()
