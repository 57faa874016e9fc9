"""Run `nnxlint verify --rules` and keep what it measured in `docs/measured.json`: `python scripts/measure_rules.py`.

The pages of the rules get their section *Measured* from there (`scripts/generate_docs.py`). Needs the `verify` extra.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MEASURED = ROOT / "docs" / "measured.json"

# What differs from one run to the next, or from one machine to another, and says nothing about the rules.
_LEFT_OUT = ("seconds", "certificate")


def main() -> int:
    """Write the file; the exit status is that of the run: 1 where a contract does not hold."""
    command = [sys.executable, "-m", "nnxlint", "verify", "--rules", "--device", "cpu", "--output-format", "json"]
    done = subprocess.run(
        [*command, "--no-cache"],
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=False,
    )
    if done.returncode not in (0, 1):
        return done.returncode
    results = [{key: value for key, value in each.items() if key not in _LEFT_OUT} for each in json.loads(done.stdout)]
    MEASURED.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
