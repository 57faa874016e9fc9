"""Measure nnxlint on hand-labelled places of public code.

A `bug` label is found when a finding with one of the label's codes starts within a few lines of it; a `legit`
label, a look-alike, is flagged when such a finding does. Work trees are folders named `<owner>__<name>`, at
the labelled commit.

Lines of notebook labels count in the joined code cells, each preceded by one header line; `cell` counts all
cells, Markdown too, from zero. They are turned into a cell and a line of it, and compared with the finding's
`cell` (from one) and row in that cell. A finding in a notebook that carries no cell matches nothing;
`--skip-notebooks` leaves such labels out.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import click
import msgspec
from command import Finding, check

MEASURED = tuple(
    f"NNX{number}" for number in (101, 102, 104, 116, 201, 206, 207, 217, 301, 302, 401, 402, 403, 501, 502, 504)
)


class Label(msgspec.Struct, frozen=True):
    """One hand-labelled place."""

    repo: str
    path: str
    line: int
    codes: tuple[str, ...]
    label: str
    why: str
    category: str = ""
    cell: int | None = None

    def __str__(self) -> str:
        cell = "" if self.cell is None else f" (cell {self.cell})"
        return f"{self.repo} {self.path}:{self.line}{cell}: {self.why}"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a label or a finding is: in a file, or in a cell of a notebook counted from zero."""

    path: Path
    row: int
    cell: int | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """A label with the finding at its place, if there is one."""

    label: Label
    finding: Finding | None


@dataclass(frozen=True, slots=True)
class Lint:
    """The findings of one work tree, or why there are none."""

    findings: Sequence[Finding]
    trouble: str = ""


def read_labels(path: Path, codes: Sequence[str]) -> Iterator[Label]:
    """Yield the labels on which one of the codes may rightly speak."""
    for line in path.read_bytes().splitlines():
        label = msgspec.json.decode(line, type=Label)
        if not set(codes).isdisjoint(label.codes):
            yield label


def tree_of(worktrees: Path, repo: str) -> Path:
    """Return the work tree of a repository."""
    return worktrees.resolve() / repo.replace("/", "__")


def lint(tree: Path, options: Sequence[str], timeout: float) -> Lint:
    """Lint one work tree."""
    if not tree.is_dir():
        return Lint((), "no work tree")
    outcome = check(["--exit-zero", *options, "."], tree, timeout)
    if outcome.status not in {0, 1, 2} or not outcome.stdout.strip():
        return Lint((), f"exit status {outcome.status}: {outcome.stderr.strip()[-300:]}")
    try:
        return Lint(outcome.findings())
    except msgspec.DecodeError as error:
        return Lint((), f"output is not the expected JSON: {error}")


def judge(label: Label, findings: Sequence[Finding], tree: Path, codes: Sequence[str], slack: int) -> Verdict:
    """Say whether one of the findings is at the label's place, with a code that may speak there."""
    allowed = set(codes).intersection(label.codes)
    place = _place_of_label(label, tree)
    near = (f for f in findings if f.code in allowed and _near(place, _place_of_finding(f, tree), slack))
    return Verdict(label, next(near, None))


def _place_of_label(label: Label, tree: Path) -> Place:
    path = (tree / label.path).resolve()
    if label.cell is None:
        return Place(path, label.line, None)
    return Place(path, label.line - _lines_before(path, label.cell), label.cell)


def _lines_before(notebook: Path, cell: int) -> int:
    cells = json.loads(notebook.read_bytes())["cells"]
    sources = ["".join(c["source"]) for c in cells[:cell] if c["cell_type"] == "code"]
    # One header line before each code cell, that of the cell itself included.
    return sum(source.count("\n") + 2 for source in sources) + 1


def _place_of_finding(finding: Finding, tree: Path) -> Place:
    cell = None if finding.cell is None else finding.cell - 1
    return Place(finding.path(tree), finding.location.row, cell)


def _near(label: Place, finding: Place, slack: int) -> bool:
    same = label.path == finding.path and label.cell == finding.cell
    return same and abs(label.row - finding.row) <= slack


def render(verdicts: Sequence[Verdict], codes: Sequence[str]) -> Iterator[str]:
    """Yield the lines of the report on the labels."""
    yield f"{'rule group':<44}{'bugs found':>14}{'look-alikes flagged':>22}"
    for group in sorted({_group(v.label, codes) for v in verdicts}):
        yield _row(group, [v for v in verdicts if _group(v.label, codes) == group])
    yield _row("all", verdicts)
    for title, kind, hit in (("missed", "bug", False), ("flagged", "legit", True)):
        yield f"\n{title}:"
        yield from (_line(v) for v in verdicts if v.label.label == kind and (v.finding is not None) is hit)


def _group(label: Label, codes: Sequence[str]) -> str:
    return f"{' '.join(c.removeprefix('NNX') for c in codes if c in label.codes)} {label.category}"


def _row(name: str, verdicts: Sequence[Verdict]) -> str:
    return f"{name:<44}{_share(verdicts, 'bug'):>14}{_share(verdicts, 'legit'):>22}"


def _share(verdicts: Sequence[Verdict], kind: str) -> str:
    of_kind = [v for v in verdicts if v.label.label == kind]
    return f"{sum(v.finding is not None for v in of_kind)}/{len(of_kind)}"


def _line(verdict: Verdict) -> str:
    said = "" if verdict.finding is None else f"\n      {verdict.finding.code} {verdict.finding.message}"
    return f"  {verdict.label}{said}"


def render_totals(lints: Mapping[str, Lint]) -> Iterator[str]:
    """Yield how often each code was reported, and the repositories that could not be linted."""
    totals = Counter(finding.code for one in lints.values() for finding in one.findings)
    yield "\nall findings, by code:"
    yield from (f"  {code}  {count:>6}" for code, count in sorted(totals.items()))
    yield from (f"not linted: {repo}: {one.trouble}" for repo, one in lints.items() if one.trouble)


def render_findings(lints: Mapping[str, Lint], codes: Sequence[str]) -> Iterator[str]:
    """Yield every finding of the codes, labelled or not, for reading by hand."""
    yield "\nfindings:"
    for repo, one in lints.items():
        for f in one.findings:
            if f.code in codes:
                cell = "" if f.cell is None else f"cell {f.cell}:"
                yield f"  {repo} {f.filename}:{cell}{f.location.row}: {f.code} {f.message}"


@click.command()
@click.argument("labels_jsonl", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("worktrees_dir", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--code", "codes", multiple=True, default=MEASURED, help="Measure these codes only.")
@click.option("--slack", default=2, show_default=True, help="How many lines a finding may be off.")
@click.option("--timeout", default=600.0, show_default=True, help="Seconds for one repository.")
@click.option("--jobs", default=4, show_default=True, help="Repositories linted at once.")
@click.option("--option", "options", multiple=True, help="Handed to `nnxlint check`.")
@click.option("--skip-notebooks", is_flag=True, help="Leave out labels in notebooks.")
@click.option("--show-findings", is_flag=True, help="List every finding of the measured codes.")
def main(  # noqa: PLR0913
    *,
    labels_jsonl: Path,
    worktrees_dir: Path,
    codes: tuple[str, ...],
    slack: int,
    timeout: float,
    jobs: int,
    options: tuple[str, ...],
    skip_notebooks: bool,
    show_findings: bool,
) -> None:
    """Lint the work trees and compare the findings with the labels."""
    labels = [one for one in read_labels(labels_jsonl, codes) if one.cell is None or not skip_notebooks]
    repos = sorted({label.repo for label in labels})
    with ThreadPoolExecutor(jobs) as pool:
        runs = pool.map(lambda repo: lint(tree_of(worktrees_dir, repo), options, timeout), repos)
        lints = dict(zip(repos, runs, strict=True))
    # A repository that could not be linted says nothing, neither for nor against.
    verdicts = [
        judge(label, lints[label.repo].findings, tree_of(worktrees_dir, label.repo), codes, slack)
        for label in labels
        if not lints[label.repo].trouble
    ]
    for line in (*render(verdicts, codes), *render_totals(lints)):
        click.echo(line)
    if show_findings:
        click.echo("\n".join(render_findings(lints, codes)))


if __name__ == "__main__":
    main()
