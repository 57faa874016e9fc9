"""What tests of the command line share: a run and what it came to."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from nnxlint.rule import Rule

MakeRule = Callable[..., Rule]
Install = Callable[..., None]

NNX = "from flax import nnx\n"


@dataclass(frozen=True, slots=True)
class Run:
    """What a run of the command line came to."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> list[dict[str, object]]:
        """Standard output as the document that it is."""
        loaded = json.loads(self.out)
        assert isinstance(loaded, list)
        return loaded


RunCli = Callable[..., Run]


def write(path: Path, text: str) -> Path:
    """Write a file, its folders too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return path
