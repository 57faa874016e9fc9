"""The process that analyses, started: before anything else is imported, because both take their time to be ready."""

import subprocess
import sys

COMMAND = (sys.executable, "-m", "nnxlint.lsp.analyser")


def start_analysis() -> subprocess.Popen[bytes]:
    """Start the process."""
    return subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - ours
