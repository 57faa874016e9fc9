"""`python -m nnxlint`."""

import sys

from nnxlint.cli import main

if __name__ == "__main__":
    sys.exit(main())
