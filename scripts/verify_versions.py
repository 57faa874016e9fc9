"""Run `nnxlint verify --rules` on the Flax versions of the tables, and keep what came out in `docs/versions.json`.

    python scripts/verify_versions.py --envs /opt/flaxenvs [VERSIONS]

Each version lives in an environment of its own under the folder given (those of `generate_flax_api.py` will do); what
is missing there is installed. A rule is run where it has something to say of that Flax. Exit status 1: a contract
does not hold somewhere.
"""

import argparse
import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

from generate_flax_api import INSTALLS, FlaxInstall, environment_of

ROOT = Path(__file__).resolve().parent.parent
VERSIONS = ROOT / "docs" / "versions.json"

_KEPT = ("code", "contract", "verdict", "reason", "flax", "jax")


def main(arguments: Sequence[str]) -> int:
    """Run the versions, and write the file anew for each of them."""
    options = _parse(arguments)
    failed = 0
    for install in INSTALLS:
        if options.versions and install.flax not in options.versions:
            continue
        results = verified(install, options.envs)
        wrong = [each for each in results if each["verdict"] in ("DIFFERS", "UNVERIFIED")]
        failed += len(wrong)
        sys.stdout.write(f"Flax {install.flax}: {len(results) - len(wrong)} of {len(results)} hold\n")
        sys.stdout.writelines(f"  {each['code']} {each['verdict']}: {each['reason']}\n" for each in wrong)
        _keep(install, results)
    return 1 if failed else 0


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Verify the rules on several versions of Flax.")
    parser.add_argument(
        "versions", nargs="*", metavar="VERSION", help="versions of Flax; by default those of the tables"
    )
    parser.add_argument("--envs", type=Path, required=True, help="folder of the virtual environments")
    return parser.parse_args(arguments)


def verified(install: FlaxInstall, envs: Path) -> list[dict[str, str]]:
    """What the rules come to on one version."""
    interpreter = environment_of(install, envs)
    needed = _missing(interpreter)
    if needed:
        subprocess.run(
            [str(interpreter), "-m", "pip", "install", "--quiet", *needed, f"flax=={install.flax}"], check=True
        )
    command = [str(interpreter), "-m", "nnxlint", "verify", "--rules", "--device", "cpu", "--no-cache"]
    done = subprocess.run(
        [*command, "--output-format", "json"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", "JAX_PLATFORMS": "cpu"},
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=False,
    )
    if done.returncode not in (0, 1):
        message = f"Flax {install.flax}: nnxlint ended with exit status {done.returncode}"
        raise SystemExit(message)
    return [{key: each[key] for key in _KEPT} for each in json.loads(done.stdout)]


def _missing(interpreter: Path) -> list[str]:
    """What nnxlint itself needs, and orbax, as far as the environment lacks it."""
    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    listed = subprocess.run(
        [str(interpreter), "-m", "pip", "list", "--format", "json"], check=True, capture_output=True
    )
    there = {each["name"].lower() for each in json.loads(listed.stdout)}
    return [each for each in (*told["project"]["dependencies"], "orbax-checkpoint") if each.split(">")[0] not in there]


def _keep(install: FlaxInstall, results: list[dict[str, str]]) -> None:
    before = json.loads(VERSIONS.read_text(encoding="utf-8")) if VERSIONS.exists() else {}
    before[install.flax] = results
    order = {each.flax: number for number, each in enumerate(INSTALLS)}
    ordered = {name: before[name] for name in sorted(before, key=lambda name: order.get(name, -1))}
    VERSIONS.write_text(json.dumps(ordered, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
