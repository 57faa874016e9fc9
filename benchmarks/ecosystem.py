"""Say how right the findings in public packages are, and how another version of nnxlint differs.

Each finding of `nnxlint check` in the packages of `ECOSYSTEM` stands in `ecosystem.toml` with the verdict of a
person who read that place. `--update` brings the table to what is found now: new findings are `unread`, and
those that no longer occur are dropped. `--against REV` lints with that revision, too, and shows the difference.

Exit status 1: too many findings are wrong, one is unread, or the table is not that of this version.
"""

import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
from command import REPOSITORY, check
from packages import ECOSYSTEM, PINNED, package_paths
from rich.console import Console
from rich.table import Table
from verdicts import Entry, Verdict, entries_of, judged, read_table, write_table

TABLE = Path(__file__).resolve().with_suffix(".toml")
# The least share of the findings of a level that must be right.
BARS: Mapping[str, float] = {"error": 0.95, "warning": 0.90}
NOT_LINTED = ": not linted: "


@dataclass(frozen=True, slots=True)
class Lint:
    """What one version of nnxlint finds in a package; `skipped` are files that it could not read."""

    entries: Sequence[Entry]
    skipped: Sequence[str]


@dataclass(frozen=True, slots=True)
class Share:
    """How many of some findings are right."""

    right: int
    wrong: int
    unread: int

    @property
    def total(self) -> int:
        """All findings."""
        return self.right + self.wrong + self.unread

    @property
    def value(self) -> float:
        """The share of right ones among those that were read; one where there are none."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0


def lint(package: str, root: Path, timeout: float, checkout: Path) -> Lint:
    """Lint one package with the nnxlint of a checkout, errors and warnings, for the pinned Flax."""
    settings = ["--isolated", "--flax-version", PINNED["flax"], "--exit-zero"]
    outcome = check([*settings, "."], root, timeout, checkout)
    skipped = [line for line in outcome.stderr.splitlines() if NOT_LINTED in line]
    if outcome.status and not (outcome.status in {1, 2} and skipped):
        message = f"`{package}`: exit status {outcome.status}: {outcome.stderr.strip()[-500:]}"
        raise click.ClickException(message)
    return Lint(tuple(entries_of(package, ECOSYSTEM[package], root, outcome.findings())), skipped)


def lint_all(roots: Mapping[str, Path], timeout: float, jobs: int, checkout: Path = REPOSITORY) -> Mapping[str, Lint]:
    """Lint every package."""
    with ThreadPoolExecutor(jobs) as pool:
        runs = pool.map(lambda package: lint(package, roots[package], timeout, checkout), roots)
        return dict(zip(roots, runs, strict=True))


@contextmanager
def checked_out(revision: str) -> Iterator[Path]:
    """Check a revision of this repository out beside it, for a while."""
    with tempfile.TemporaryDirectory() as scratch:
        tree = Path(scratch) / "nnxlint"
        _git("worktree", "add", "--quiet", "--detach", str(tree), revision)
        try:
            yield tree
        finally:
            _git("worktree", "remove", "--force", str(tree))


def _git(*arguments: str) -> None:
    done = subprocess.run(["git", *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if done.returncode:
        message = f"`git {arguments[0]}` failed: {done.stderr.strip()}"
        raise click.ClickException(message)


def shares(entries: Sequence[Entry]) -> Iterator[tuple[str, str, Share]]:
    """Yield the share of each rule at each level, then of each level as a whole."""
    for level in BARS:
        of_level = [entry for entry in entries if entry.level == level]
        for code in sorted({entry.code for entry in of_level}):
            yield code, level, share([entry for entry in of_level if entry.code == code])
        yield "all", level, share(of_level)


def share(entries: Sequence[Entry]) -> Share:
    """Count the verdicts."""
    return Share(*(sum(entry.verdict is verdict for entry in entries) for verdict in Verdict))


def problems(entries: Sequence[Entry], table: Sequence[Entry]) -> Iterator[str]:
    """Yield what does not hold: a bar that is missed, a finding that nobody read, a table of another version."""
    for code, level, one in shares(entries):
        if code == "all" and one.value < BARS[level]:
            yield f"{one.value:.1%} of the findings of level {level} are right, at least {BARS[level]:.0%} wanted"
    yield from (f"unread: {entry}" for entry in entries if entry.verdict is Verdict.UNREAD)
    found = {entry.key: entry for entry in entries}
    yield from (f"no longer found: {entry}" for entry in table if entry.key not in found)
    for entry in table:
        now = found.get(entry.key, entry)
        if now != entry:
            yield f"not as in the table: {now}"


def differences(before: Sequence[Entry], after: Sequence[Entry]) -> Iterator[str]:
    """Yield the findings that appeared, went away or changed from one version to the other, with their verdicts."""
    old, new = ({entry.key: entry for entry in side} for side in (before, after))
    yield from (f"+ {_with_verdict(entry)}" for entry in after if entry.key not in old)
    yield from (f"- {_with_verdict(entry)}" for entry in before if entry.key not in new)
    for entry in after:
        earlier = old.get(entry.key, entry)
        if (earlier.level, earlier.code) != (entry.level, entry.code):
            yield f"~ {_with_verdict(entry)} (was {earlier.level})"


def _with_verdict(entry: Entry) -> str:
    return f"{entry}: {entry.verdict.value}{f': {entry.reason}' if entry.reason else ''}"


def render(lints: Mapping[str, Lint], entries: Sequence[Entry]) -> Table:
    """Draw the shares as a table."""
    skipped = sum(len(one.skipped) for one in lints.values())
    caption = f"files that need a newer Python than this one: {skipped}" if skipped else None
    table = Table(title=f"{len(entries)} findings in {len(lints)} packages", caption=caption)
    for title in ("rule", "level", "findings", "right", "wrong", "unread", "share right"):
        table.add_column(title, justify="left" if title in {"rule", "level"} else "right")
    for code, level, one in shares(entries):
        numbers = (str(number) for number in (one.total, one.right, one.wrong, one.unread))
        right = f"{one.value:.1%}" if one.right + one.wrong else ""
        table.add_row(code, level, *numbers, right, end_section=code == "all")
    return table


def _found(lints: Mapping[str, Lint]) -> Sequence[Entry]:
    return [entry for one in lints.values() for entry in one.entries]


@click.command()
@click.option("--package", "packages", multiple=True, type=click.Choice(list(ECOSYSTEM)), help="Only this package.")
@click.option("--update", is_flag=True, help="Bring the table to what is found now, with the verdicts kept.")
@click.option("--against", metavar="REV", help="Show what this revision of nnxlint finds otherwise.")
@click.option("--dir", "directory", type=click.Path(path_type=Path), help="Where the packages are kept.")
@click.option("--wheels", type=click.Path(exists=True, path_type=Path), help="Wheels downloaded earlier.")
@click.option("--timeout", default=900.0, show_default=True, help="Seconds for one package.")
@click.option("--jobs", default=2, show_default=True, help="Packages linted at once.")
def main(
    *,
    packages: tuple[str, ...],
    update: bool,
    against: str | None,
    directory: Path | None,
    wheels: Path | None,
    timeout: float,
    jobs: int,
) -> None:
    """Lint the pinned packages and report how right the findings are."""
    chosen = {name: version for name, version in ECOSYSTEM.items() if name in packages or not packages}
    roots = package_paths(directory, wheels, chosen)
    table = read_table(TABLE)
    of_chosen = [entry for entry in table if entry.package in chosen]
    others = [entry for entry in table if entry.package in ECOSYSTEM and entry.package not in chosen]
    lints = lint_all(roots, timeout, jobs)
    entries = judged(_found(lints), of_chosen)
    if update:
        write_table(TABLE, [*others, *entries])
        of_chosen = [*entries]
    Console().print(render(lints, entries))
    if against is not None:
        with checked_out(against) as tree:
            before = judged(_found(lint_all(roots, timeout, jobs, tree)), table)
        click.echo("\n".join((f"since {against}:", *(differences(before, entries) or ()))))
    found = list(problems(entries, of_chosen))
    for line in found:
        click.echo(line, err=True)
    raise SystemExit(1 if found else 0)


if __name__ == "__main__":
    main()
