"""Where the pages of the rules are on the web, if they are there at all."""

import functools
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, metadata

_LABEL = "rules"
_OWN = "NNX"


def page_address(code: str, name: str) -> str | None:
    """Give the address of a rule's page, below the one that the installed package tells as its `Rules`.

    The rules of others have no page there.
    """
    folder = _folder() if code.startswith(_OWN) else None
    return f"{folder}/{name}.md" if folder else None


@functools.cache
def _folder() -> str | None:
    """Find the address among the URLs of the package; None where it has none, or is not installed."""
    try:
        told: Sequence[str] = metadata("nnxlint").get_all("Project-URL") or ()
    except PackageNotFoundError:
        return None
    for each in told:
        label, _, address = each.partition(",")
        if label.strip().lower() == _LABEL:
            return address.strip().rstrip("/")
    return None
