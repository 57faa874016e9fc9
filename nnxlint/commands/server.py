"""`nnxlint server`: be the server of an editor."""

import importlib.util
import logging
import os
import sys

from nnxlint.errors import NnxlintError
from nnxlint.garbage import resting_collector


def run_server(*, verbose: bool) -> int:
    """Serve an editor at standard input and output; the process ends with it."""
    if importlib.util.find_spec("pygls") is None:
        message = (
            "the server speaks to editors through pygls, which is not installed: install nnxlint with its extra `lsp`"
        )
        raise NnxlintError(message)
    from nnxlint.lsp.starting import start_analysis  # noqa: PLC0415 - only this command needs it

    process = start_analysis()
    with resting_collector():  # what is imported stays
        from nnxlint.lsp.remote import RemoteAnalysis  # noqa: PLC0415 - while the analysis starts, too
        from nnxlint.lsp.serving import serve  # noqa: PLC0415

    level = logging.DEBUG if verbose else logging.CRITICAL
    logging.basicConfig(stream=sys.stderr, level=level, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    status = serve(lambda: RemoteAnalysis(process))
    sys.stderr.flush()
    # The analysis may be at work, and nobody waits for what it would find.
    os._exit(status)
