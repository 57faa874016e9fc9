"""Fetch the pinned public packages that the benchmarks read.

Wheels are downloaded and unpacked, never installed or imported. They lie in the user's cache folder,
never inside this repository: other people's code must not enter the project.
"""

import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import click

PINNED: Mapping[str, str] = {
    "easydel": "0.3.0",
    "flax": "0.12.8",
    "google-tunix": "0.1.7",
    "jax2onnx": "0.17.1",
    "netket": "3.23.0",
    "nnx-ppo": "0.3.0",
}
# What the ecosystem report reads: these packages, and others that use NNX throughout or in a part.
ECOSYSTEM: Mapping[str, str] = {
    **PINNED,
    "avitai-artifex": "0.1.15",
    "fabrique": "0.5.0",
    "gensbi": "0.5.1",
    "gpjax": "0.13.0",
    "jraphx": "0.1.0",
    "maxtext": "0.2.5",
    "neuralgcm": "1.2.2",
    "nmn": "0.3.5",
    "ott-jax": "0.6.0",
    "qwix": "0.1.8",
    "sglang-jax": "0.0.2",
    "timesfm": "3.0.2",
    "tpu-inference": "0.32.0",
}
REPOSITORY = Path(__file__).resolve().parent.parent


def package_paths(
    directory: Path | None = None, wheels: Path | None = None, pins: Mapping[str, str] = PINNED
) -> Mapping[str, Path]:
    """Return where each pinned package lies unpacked, after fetching those that are missing.

    `wheels` is a folder of wheels downloaded earlier; with it, pip asks no index.
    """
    home = (directory or default_directory()).resolve()
    if home.is_relative_to(REPOSITORY):
        message = f"`{home}` lies inside the repository, where packages must not be kept"
        raise click.ClickException(message)
    return {name: _unpacked(home, name, version, wheels) for name, version in pins.items()}


def default_directory() -> Path:
    """Return the folder for packages under the user's cache folder."""
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "nnxlint" / "benchmarks"


def _unpacked(home: Path, name: str, version: str, wheels: Path | None) -> Path:
    target = home / f"{name}-{version}"
    if target.is_dir():
        return target
    home.mkdir(parents=True, exist_ok=True)
    # A rename at the end, so that an interrupted run leaves no half package behind.
    with tempfile.TemporaryDirectory(dir=home) as scratch:
        wheel = _download(Path(scratch), f"{name}=={version}", wheels)
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(Path(scratch) / "tree")
        (Path(scratch) / "tree").rename(target)
    return target


def _download(folder: Path, requirement: str, wheels: Path | None) -> Path:
    source = ["--no-index", "--find-links", str(wheels)] if wheels else []
    # Only wheels: a source archive would run the package's own build code.
    options = ["--no-deps", "--only-binary", ":all:", "--ignore-requires-python", "--quiet"]
    command = [sys.executable, "-m", "pip", "download", *options, *source, "--dest", str(folder), requirement]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = sorted(folder.glob("*.whl"))
    if done.returncode or len(found) != 1:
        message = f"could not download `{requirement}`: {done.stderr.strip()[-500:]}"
        raise click.ClickException(message)
    return found[0]


@click.command()
@click.option("--dir", "directory", type=click.Path(path_type=Path), help="Where to keep the packages.")
@click.option("--wheels", type=click.Path(exists=True, path_type=Path), help="Wheels downloaded earlier.")
def main(directory: Path | None, wheels: Path | None) -> None:
    """Download and unpack the pinned packages, and print where they lie."""
    for path in package_paths(directory, wheels).values():
        click.echo(f"{path}  {sum(1 for _ in path.rglob('*.py'))} Python files")


if __name__ == "__main__":
    main()
