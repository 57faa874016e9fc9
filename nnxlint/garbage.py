"""Rest for Python's garbage collector while a project is known.

Syntax trees and facts are millions of objects that all stay in use, and the collector looks at each of them whenever
their number has grown by a quarter: that takes as long as parsing does.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# Objects made, and not yet taken apart, since the collector last looked.
_MANY = 1_000_000


@contextmanager
def resting_collector() -> Iterator[None]:
    """Look for no garbage in the block; afterwards as before, and what was made counts as old."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            # Else the next allocation has the collector look at all of it.
            gc.freeze()
            gc.unfreeze()
            gc.enable()


def sweep() -> None:
    """Look for garbage if much was made: what is known of a project hangs together in cycles."""
    if gc.get_count()[0] > _MANY:
        gc.collect()
