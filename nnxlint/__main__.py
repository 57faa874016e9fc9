"""`python -m nnxlint`."""

import sys

from nnxlint.cli import run

if __name__ == "__main__":
    sys.exit(run())
