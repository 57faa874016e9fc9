"""Whole runs of the command line against goldens: what is typed, printed and written, and the exit status."""

import shlex
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nnxlint.cache import FOLDER
from nnxlint.cli import main
from tests.fixture_cases import FIXTURES

CASES = sorted(path for path in (FIXTURES / "_cli").iterdir() if path.is_dir())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_runs_equal_their_golden(
    case: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
    golden: Callable[[Path, str | None], None],
) -> None:
    folder = tmp_path / case.name
    shutil.copytree(case / "files", folder)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("NO_COLOR", "1")
    before = _contents(folder)
    transcript: list[str] = []
    for line in (case / "commands").read_text(encoding="utf-8").splitlines():
        status = main(shlex.split(line))
        printed = [part.decode() for part in capfdbinary.readouterr()]
        transcript += [f"$ nnxlint {line}\n", *filter(None, printed), f"exit status {status}\n\n"]
    after = _contents(folder)

    transcript += (text for file in after for text in _change(file, before.get(file), after[file]))
    golden(case / "expected", "".join(transcript).replace(folder.as_posix(), "<here>"))


def _contents(folder: Path) -> dict[str, bytes]:
    files = sorted(path for path in folder.rglob("*") if path.is_file() and FOLDER not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def _change(file: str, before: bytes | None, after: bytes) -> Iterator[str]:
    """Give the new lines of a file that was changed, as bytes, so that line ends and encoding show."""
    if before != after:
        known = set((before or b"").splitlines(keepends=True))
        yield f"changed: {file}\n"
        yield from (f"  {line!r}\n" for line in after.splitlines(keepends=True) if line not in known)
