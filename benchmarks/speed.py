"""Measure nnxlint's time and memory as ratios within one run: against `ast.parse`, bare LibCST, and other linters.

Every figure is of whole processes. The files compared are those that nnxlint itself calls relevant; the baselines parse
each of them once, in one process. Exit status 1: a bar is missed. Without PATHS, the pinned packages of `packages.py`.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
from command import REPOSITORY
from packages import package_paths
from rich.console import Console
from rich.table import Table

COLD_OF_LIBCST = 0.5
WARM_OVER_VERSION = 0.5
CHANGED_OVER_WARM = 0.2
VERSION_OVER_PASS = 0.15
MEGABYTES = 600
# Time a line at the largest size, against that at the smallest.
GROWTH = 1.3
FEW = 5

_PARSE = "import sys, {module}\nfor name in sys.stdin.read().splitlines():\n    {call}(open(name, 'rb').read(){more})\n"
_BASELINES = {
    "ast.parse": _PARSE.format(module="ast", call="ast.parse", more=""),
    "libcst.parse_module": _PARSE.format(module="libcst", call="libcst.parse_module", more=""),
}
_LISTING = """
import sys
from pathlib import Path
from nnxlint.knowledge import load_projects
from nnxlint.settings import Overrides, settings_loader
loaded = load_projects([Path(name) for name in sys.argv[1:]], settings_loader(Overrides()))
for project in loaded.projects:
    for path, source in project.sources.items():
        if path.endswith(".py"):
            print(source.lines.row_count, path)
"""


@dataclass(frozen=True, slots=True)
class Run:
    """Wall-clock seconds of a process and all its children, and the peak memory of the largest, in megabytes."""

    seconds: float
    megabytes: float


@dataclass(frozen=True, slots=True)
class Bar:
    """A figure that must not exceed its limit."""

    name: str
    value: float
    limit: float
    unit: str

    @property
    def holds(self) -> bool:
        """Whether the limit is kept."""
        return self.value <= self.limit


def run(command: Sequence[str], cwd: Path, stdin: str = "") -> Run:
    """Run a command to its end; `click.ClickException` when it fails with more than findings."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    start = time.perf_counter()
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as told:
        given.write(stdin.encode())
        given.seek(0)
        process = subprocess.Popen(
            command, cwd=cwd, stdin=given, stdout=subprocess.DEVNULL, stderr=told,
            env=environment | {"PYTHONPATH": str(REPOSITORY)},
        )  # fmt: skip
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in (0, 1):
            told.seek(0)
            message = f"`{' '.join(command[:6])} …`: {told.read().decode(errors='replace').strip()[-500:]}"
            raise click.ClickException(message)
    return Run(seconds, usage.ru_maxrss / 1024)


def best(action: Callable[[], Run], times: int = FEW) -> Run:
    """The fastest of several runs: what else the machine does can only slow one down."""
    return min((action() for _ in range(times)), key=lambda each: each.seconds)


def nnxlint(paths: Sequence[Path], cwd: Path, *options: str) -> Run:
    """Run the linter on the paths."""
    command = [sys.executable, "-P", "-m", "nnxlint", "check", "--exit-zero", "--quiet", *options]
    return run([*command, *map(str, paths)], cwd)


def relevant(paths: Sequence[Path]) -> tuple[tuple[str, ...], int]:
    """The files that nnxlint reads for the paths, and how many lines they have."""
    command = [sys.executable, "-P", "-c", _LISTING, *map(str, paths)]
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    listed = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.splitlines()
    rows = [line.split(" ", maxsplit=1) for line in listed]
    return tuple(name for _, name in rows), sum(int(count) for count, _ in rows)


def measure_parsers(paths: Sequence[Path], scratch: Path, console: Console) -> Iterator[Bar]:
    """Compare a cold run with parsing the same files."""
    files, lines = relevant(paths)
    listing = "\n".join(files)
    cold = best(lambda: nnxlint(paths, scratch, "--no-cache"), 2)
    table = Table(title=f"{len(files)} relevant files, {lines:,} lines, {os.cpu_count()} cores")
    table.add_column("cold")
    table.add_column("seconds", justify="right")
    table.add_column("nnxlint takes", justify="right")
    table.add_row("nnxlint", f"{cold.seconds:.2f}", "1.00 x")
    for name, program in _BASELINES.items():
        other = best(lambda program=program: run([sys.executable, "-c", program], scratch, listing), 2)  # type: ignore[misc]
        table.add_row(name, f"{other.seconds:.2f}", f"{cold.seconds / other.seconds:.2f} x")
        if name.startswith("libcst"):
            yield Bar("cold, of one process of bare LibCST", cold.seconds / other.seconds, COLD_OF_LIBCST, "x")
    yield Bar("peak memory of the largest process", cold.megabytes, MEGABYTES, "MB")
    console.print(table)


def measure_linters(path: Path, scratch: Path, console: Console) -> None:
    """Compare with other linters on one package, where they are installed; nothing depends on them."""
    cold = best(lambda: nnxlint([path], scratch, "--no-cache"), 2)
    table = Table(title=f"other linters on {path.name}")
    table.add_column("linter")
    table.add_column("seconds", justify="right")
    table.add_column("nnxlint takes", justify="right")
    for name, command in {"fixit": ["fixit", "lint"], "ruff": ["ruff", "check", "--no-cache", "--isolated"]}.items():
        program = Path(sys.executable).parent / name
        if program.is_file():
            other = best(lambda: run([str(program), *command[1:], str(path)], scratch), 2)  # noqa: B023
            table.add_row(name, f"{other.seconds:.2f}", f"{cold.seconds / other.seconds:.2f} x")
    console.print(table)


def measure_warm(path: Path, scratch: Path) -> Iterator[Bar]:
    """Compare runs that find their results kept, but for one file, with one that only tells its version."""
    copy = scratch / path.name
    shutil.copytree(path, copy)
    kept = ["--cache-dir", str(scratch / "kept")]
    nnxlint([copy], scratch, *kept)
    warm = best(lambda: nnxlint([copy], scratch, *kept))
    version = best(lambda: run([sys.executable, "-P", "-m", "nnxlint", "--version"], scratch))
    yield Bar(f"{path.name}: warm, beyond --version", warm.seconds - version.seconds, WARM_OVER_VERSION, "s")
    changed = max(relevant([copy])[0], key=lambda name: Path(name).stat().st_size)

    def edited() -> Run:
        with Path(changed).open("a", encoding="utf-8") as stream:
            stream.write("\nADDED = 1\n")
        return nnxlint([copy], scratch, *kept)

    again = best(edited, 3)
    yield Bar(f"{path.name}: one file changed, beyond warm", again.seconds - warm.seconds, CHANGED_OVER_WARM, "s")
    shutil.rmtree(copy)


def measure_start(scratch: Path) -> Bar:
    """Compare the quickest command with an interpreter that does nothing."""
    nothing = best(lambda: run([sys.executable, "-c", "pass"], scratch))
    version = best(lambda: run([sys.executable, "-P", "-m", "nnxlint", "--version"], scratch))
    return Bar("--version, beyond `python -c pass`", version.seconds - nothing.seconds, VERSION_OVER_PASS, "s")


def measure_growth(path: Path, scratch: Path, sizes: Sequence[int], console: Console) -> Bar:
    """Lint ever more copies of a package, and compare the time that a line takes."""
    lines = relevant([path])[1]
    table = Table(title=f"copies of {path.name}")
    for title in ("lines", "seconds", "seconds a million lines", "MB"):
        table.add_column(title, justify="right")
    paces = []
    for size in sizes:
        folder = scratch / f"copies-{size}"
        copies = max(1, round(size / lines))
        for number in range(copies):
            shutil.copytree(path, folder / f"copy{number}")
            (folder / f"copy{number}" / "pyproject.toml").write_text("")
        cold = nnxlint([folder], scratch, "--no-cache")
        paces.append(cold.seconds / (copies * lines))
        table.add_row(f"{copies * lines:,}", f"{cold.seconds:.1f}", f"{paces[-1] * 1e6:.0f}", f"{cold.megabytes:.0f}")
        shutil.rmtree(folder)
    console.print(table)
    return Bar("time a line, largest of smallest size", paces[-1] / paces[0], GROWTH, "x")


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--warm", "warmed", multiple=True, default=("nnx-ppo", "flax", "easydel"), help="Packages kept warm.")
@click.option("--growth", default="10000,100000,1000000", show_default=True, help="Sizes in lines; empty for none.")
def main(paths: tuple[Path, ...], warmed: tuple[str, ...], growth: str) -> None:
    """Measure, print the tables, and say which bars hold."""
    console = Console(width=110)
    packages = package_paths()
    chosen = [path.resolve() for path in paths] or list(packages.values())
    sizes = [int(size) for size in growth.split(",") if size]
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        bars = [measure_start(scratch), *measure_parsers(chosen, scratch, console)]
        measure_linters(packages["nnx-ppo"], scratch, console)
        for name in warmed:
            bars += measure_warm(packages[name], scratch)
        if sizes:
            bars.append(measure_growth(packages["nnx-ppo"], scratch, sizes, console))
    table = Table(title="bars")
    for title in ("figure", "value", "limit", ""):
        table.add_column(title)
    for bar in bars:
        table.add_row(
            bar.name, f"{bar.value:.2f} {bar.unit}", f"{bar.limit:g} {bar.unit}", "ok" if bar.holds else "MISSED"
        )
    console.print(table)
    raise SystemExit(0 if all(bar.holds for bar in bars) else 1)


if __name__ == "__main__":
    main()
