"""Measure how much of real NNX code the semantic layer understands, and that nothing crashes or hangs.

A rule is silent on what is not understood, so this bounds what the rules can find. Without PATHS, the pinned
packages of `packages.py` are read. Exit status 1: too little understood, a crash, a hang, or an internal
error (NNX999).
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click
import msgspec
from command import Outcome, check
from packages import package_paths

# The least share that must be understood; the other kinds are only printed.
REQUIRED_SHARE = (("model calls", 0.85), ("optimizers", 0.95))
INTERNAL_ERROR = "NNX999"
SECONDS_TO_START = 60


class Statistic(msgspec.Struct, frozen=True):
    """How many things of a kind were seen and understood, and why the rest was not.

    The reasons of one kind add up to `total - understood`.
    """

    kind: str
    understood: int
    total: int
    reasons: dict[str, int] = {}


def statistics_of(outcome: Outcome) -> Iterator[Statistic]:
    """Read the statistics of one run.

    The one place that knows their form: a line of JSON on standard error, `{"rules": [...], "understood":
    {"model_calls": {"understood": 1, "seen": 2, "reasons": [["unknown class", 1]]}}}`; other lines are for people.
    """
    for line in outcome.stderr.splitlines():
        if line.startswith("{"):
            document = msgspec.json.decode(line, type=_Document)
            for kind, share in document.understood.items():
                yield Statistic(kind.replace("_", " "), share.understood, share.seen, dict(share.reasons))


class _Share(msgspec.Struct, frozen=True):
    understood: int
    seen: int
    reasons: tuple[tuple[str, int], ...]


class _Document(msgspec.Struct, frozen=True):
    understood: Mapping[str, _Share]


def measure(path: Path, options: Sequence[str], timeout: float) -> Sequence[Statistic]:
    """Return the statistics of one package."""
    outcome = check(["--statistics", "--exit-zero", *options, "."], path, timeout)
    if outcome.status:
        message = f"`{path.name}`: exit status {outcome.status}: {outcome.stderr.strip()[-500:]}"
        raise click.ClickException(message)
    return tuple(statistics_of(outcome))


def added_up(statistics: Sequence[Statistic]) -> Iterator[Statistic]:
    """Yield one statistic for each kind."""
    for kind in dict.fromkeys(one.kind for one in statistics):
        same = [one for one in statistics if one.kind == kind]
        reasons: Counter[str] = Counter()
        for one in same:
            reasons.update(one.reasons)
        yield Statistic(kind, sum(s.understood for s in same), sum(s.total for s in same), dict(reasons))


def render(statistics: Sequence[Statistic]) -> Iterator[str]:
    """Yield the shares, each with the reasons for what was not understood."""
    for one in statistics:
        yield f"{one.kind:<24}{one.understood:>7} of {one.total:<7}{_share(one):>8.1%}"
        ordered = sorted(one.reasons.items(), key=lambda item: (-item[1], item[0]))
        yield from (f"    {count:>7}  {reason}" for reason, count in ordered)


def shortfalls(statistics: Sequence[Statistic]) -> Iterator[str]:
    """Yield what is understood too seldom; a kind without a statistic is one too."""
    shares = {one.kind: _share(one) for one in statistics}
    for kind, least in REQUIRED_SHARE:
        if shares.get(kind, 0.0) < least:
            yield f"{kind}: {shares.get(kind, 0.0):.1%} understood, at least {least:.0%} wanted"


def _share(statistic: Statistic) -> float:
    return statistic.understood / statistic.total if statistic.total else 1.0


def troubles(root: Path, options: Sequence[str], seconds_a_file: float, *, each: bool) -> Iterator[str]:
    """Lint every Python file of a package and yield the crashes, hangs and internal errors.

    All files go to one process, and only a batch in trouble is halved until one culprit is left; `each` gives
    every file a process of its own, which is slow, because each learns the whole package anew.
    """
    files = sorted(str(path.relative_to(root)) for path in root.rglob("*.py"))
    batches = [[file] for file in files] if each else [files]
    for batch in filter(None, batches):
        problem = _problem(root, batch, options, seconds_a_file)
        if problem:
            culprit, problem = _narrowed(root, batch, problem, options, seconds_a_file)
            yield f"{root.name}: {culprit}: {problem}"


def _problem(root: Path, files: Sequence[str], options: Sequence[str], seconds_a_file: float) -> str:
    outcome = check([*options, *files], root, SECONDS_TO_START + seconds_a_file * len(files))
    if outcome.timed_out:
        return f"hang: {outcome.stderr}"
    if outcome.status not in {0, 1}:
        return f"exit status {outcome.status}: {outcome.stderr.strip()[-300:]}"
    try:
        errors = [f for f in outcome.findings() if f.code == INTERNAL_ERROR]
    except msgspec.DecodeError as error:
        return f"output is not the expected JSON: {error}"
    return "; ".join(f"{INTERNAL_ERROR} at {f.filename}:{f.location.row}: {f.message}" for f in errors)


def _narrowed(
    root: Path, files: Sequence[str], problem: str, options: Sequence[str], seconds_a_file: float
) -> tuple[str, str]:
    if len(files) == 1 or INTERNAL_ERROR in problem:
        return files[0] if len(files) == 1 else f"{len(files)} files", problem
    middle = len(files) // 2
    for half in (files[:middle], files[middle:]):
        of_half = _problem(root, half, options, seconds_a_file)
        if of_half:
            return _narrowed(root, half, of_half, options, seconds_a_file)
    return f"{len(files)} files together, neither half alone", problem


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--dir", "directory", type=click.Path(path_type=Path), help="Where the packages are kept.")
@click.option("--wheels", type=click.Path(exists=True, path_type=Path), help="Wheels downloaded earlier.")
@click.option("--timeout", default=600.0, show_default=True, help="Seconds for one package's statistics.")
@click.option("--seconds-a-file", default=2.0, show_default=True, help="Beyond this, a run is a hang.")
@click.option("--each", is_flag=True, help="Look for crashes with one process a file: slow.")
@click.option("--skip-crashes", is_flag=True, help="Do not look for crashes and hangs.")
@click.option("--option", "options", multiple=True, help="Handed to `nnxlint check`.")
def main(
    *,
    paths: tuple[Path, ...],
    directory: Path | None,
    wheels: Path | None,
    timeout: float,
    seconds_a_file: float,
    each: bool,
    skip_crashes: bool,
    options: tuple[str, ...],
) -> None:
    """Print the shares of NNX code that are understood, and what crashes or hangs."""
    roots = [path.resolve() for path in paths] or list(package_paths(directory, wheels).values())
    statistics: list[Statistic] = []
    for root in roots:
        of_root = measure(root, options, timeout)
        click.echo("\n".join((f"== {root.name}", *render(of_root))))
        statistics.extend(of_root)
    total = tuple(added_up(statistics))
    click.echo("\n".join(("== all", *render(total))))
    problems = list(shortfalls(total))
    if not skip_crashes:
        problems += [line for root in roots for line in troubles(root, options, seconds_a_file, each=each)]
    for line in problems:
        click.echo(line, err=True)
    raise SystemExit(1 if problems else 0)


if __name__ == "__main__":
    main()
