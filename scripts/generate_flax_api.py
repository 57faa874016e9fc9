"""Write `nnxlint/semantic/flax_api/tables/` by introspecting real installs of Flax.

    python scripts/generate_flax_api.py --envs /opt/flaxenvs
    python scripts/generate_flax_api.py --envs /opt/flaxenvs --check

The first line writes the tables; the second only compares, and exits with 1 when one differs. Each version
lives in a virtual environment of its own under the folder given; what is missing there is made.
"""

import argparse
import difflib
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TABLES = ROOT / "nnxlint" / "semantic" / "flax_api" / "tables"
INTROSPECTION = ROOT / "scripts" / "introspect_flax.py"
SHOWN_DIFFERENCES = 40


@dataclass(frozen=True, slots=True)
class FlaxInstall:
    """A version to describe, and what to install with it."""

    flax: str
    jax: str
    extra: tuple[str, ...] = ()


# Each JAX is the newest that the Flax beside it was released for.
INSTALLS = (
    FlaxInstall("0.8.5", "0.4.30", ("numpy<2", "scipy<1.14")),
    FlaxInstall("0.10.7", "0.6.2"),
    FlaxInstall("0.11.0", "0.7.2"),
    FlaxInstall("0.11.2", "0.7.2"),
    FlaxInstall("0.12.0", "0.7.2"),
    FlaxInstall("0.12.1", "0.8.1"),
    FlaxInstall("0.12.4", "0.8.3"),
    FlaxInstall("0.12.8", "0.10.2"),
)


def main(arguments: Sequence[str]) -> int:
    """Bring every table up to date, or say which are not."""
    options = _parse(arguments)
    changed = [install.flax for install in INSTALLS if _update(install, options.envs, check=options.check)]
    if options.check and changed:
        sys.stderr.write(f"differs from the Flax installed: {', '.join(changed)}\n")
        return 1
    return 0


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Write the tables of the Flax API, or check them.")
    parser.add_argument("--envs", type=Path, required=True, help="folder of the virtual environments")
    parser.add_argument("--check", action="store_true", help="compare without writing")
    return parser.parse_args(arguments)


def _update(install: FlaxInstall, envs: Path, *, check: bool) -> bool:
    table = introspect(environment_of(install, envs))
    path = TABLES / f"{install.flax}.json"
    written = path.read_text(encoding="utf-8") if path.exists() else ""
    if written == table:
        return False
    if check:
        difference = difflib.unified_diff(written.splitlines(), table.splitlines(), path.name, "installed", n=0)
        sys.stdout.writelines(f"{line}\n" for line in list(difference)[:SHOWN_DIFFERENCES])
        return True
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(table, encoding="utf-8", newline="\n")
    sys.stdout.write(f"wrote {path.relative_to(ROOT)}: {len(table.encode()):,} bytes\n")
    return True


def introspect(interpreter: Path) -> str:
    """The table of the Flax that this interpreter has, in the form in which it is kept."""
    # An accelerator changes nothing in the table, but waiting for one would.
    environment = {**os.environ, "JAX_PLATFORMS": "cpu"}
    command = [str(interpreter), str(INTROSPECTION)]
    return subprocess.run(
        command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    ).stdout


def environment_of(install: FlaxInstall, envs: Path) -> Path:
    """The interpreter of the environment of a version, which is made where it is missing."""
    folder = envs / install.flax
    interpreter = folder / "bin" / "python"
    if not interpreter.exists():
        subprocess.run(["python3.11", "-m", "venv", str(folder)], check=True)
    if not list(folder.glob(f"lib/*/site-packages/flax-{install.flax}.dist-info")):
        jax = (f"jax=={install.jax}", f"jaxlib=={install.jax}")
        command = [str(interpreter), "-m", "pip", "install", "--quiet"]
        subprocess.run([*command, f"flax=={install.flax}", *jax, "optax", *install.extra], check=True)
    return interpreter


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
