"""What is remembered: warm runs find what cold ones find, whatever happened to the project or to the cache."""

import random
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from nnxlint import cache as cache_module
from nnxlint import checking
from nnxlint.cache import FOLDER, Cache, Entry, FileResults
from nnxlint.cli import main
from nnxlint.fixer import allowed_applicabilities
from nnxlint.project import CheckRequest, check
from nnxlint.report import Report
from nnxlint.settings import Overrides, settings_loader
from nnxlint.timing import Stopwatch
from tests.fixture_cases import FIXTURES

EDITS = 200
DEMO = FIXTURES / "_project" / "demo"


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    """Give a copy of the demonstration project that is plainly a project."""
    folder = tmp_path / "demo"
    shutil.copytree(DEMO, folder)
    (folder / ".git").mkdir()
    return folder


@pytest.fixture
def analysed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """Give the list of what is analysed: the files that are reported, each time."""
    seen: list[tuple[str, ...]] = []
    analyse = checking.analyse

    def watched(project: checking.Project, *, clock: Stopwatch | None = None) -> checking.Analysis:
        seen.append(project.reported)
        return analyse(project, clock=clock)

    monkeypatch.setattr(checking, "analyse", watched)
    return seen


def request(*paths: Path, remembers: bool = True, **overrides: object) -> CheckRequest:
    """A request for all rules on the paths."""
    settings_of = settings_loader(replace(Overrides(), **overrides))  # type: ignore[arg-type]
    return CheckRequest(paths, settings_of, remembers=remembers)


def told(report: Report) -> object:
    """All that a report says of the code."""
    return report.diagnostics, report.failures, report.file_count


def test_what_did_not_change_is_not_analysed_again(demo: Path, analysed: list[tuple[str, ...]]) -> None:
    cold = check(request(demo))
    assert cold.diagnostics
    assert analysed
    analysed.clear()
    assert told(check(request(demo))) == told(cold)
    one = next(demo.rglob("train.py"))
    assert check(request(one)).diagnostics == tuple(each for each in cold.diagnostics if each.path == one.as_posix())
    assert analysed == []


@pytest.mark.parametrize(
    "change",
    [
        {"ignore": ("NNX207",)},
        {"unfixable": ("ALL",)},
        {"flax_version": "0.10.4"},
        {"typed": ('mode-flags = {train = ["noisy"]}',)},
    ],
    ids=str,
)
def test_other_settings_are_other_results(change: dict[str, object], demo: Path) -> None:
    check(request(demo))
    assert told(check(request(demo, **change))) == told(check(request(demo, remembers=False, **change)))


def test_another_nnxlint_remembers_nothing(
    demo: Path, analysed: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    check(request(demo))
    analysed.clear()
    monkeypatch.setattr(cache_module, "_tool", lambda: "another one")
    check(request(demo))
    assert analysed


def test_fixes_are_made_of_what_is_remembered(demo: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / "demo"
    shutil.copytree(demo, other)
    check(request(demo))
    fixes = allowed_applicabilities(unsafe=False)
    warm = check(replace(request(demo), fixes=fixes))
    cold = check(replace(request(other, remembers=False), fixes=fixes))
    assert [each.after.content for each in warm.changes] == [each.after.content for each in cold.changes] != []


def test_statistics_are_made_where_they_were_not_kept(demo: Path) -> None:
    check(request(demo))
    wanted = replace(request(demo), statistics=True)
    first = check(wanted).statistics
    assert first.model_calls.seen
    assert check(wanted).statistics == first


@pytest.mark.parametrize("damage", [lambda data: data[: len(data) // 2], lambda _: b"", lambda data: data[:-1] + b"!"])
def test_damage_costs_no_more_than_the_work(damage: Callable[[bytes], bytes], demo: Path) -> None:
    cold = check(request(demo))
    entries = list((demo / FOLDER).glob("*.results"))
    for path in entries:
        path.write_bytes(damage(path.read_bytes()))
    assert told(check(request(demo))) == told(cold)
    assert told(check(request(demo))) == told(cold)
    assert list((demo / FOLDER).glob("*.results")) == entries


def test_an_entry_that_cannot_be_read_as_one_is_none(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.write("key", Entry({"a": FileResults(failures=("x",))}))
    assert cache.read("key").files["a"].failures == ("x",)
    payload = b"\xc1 no message pack"
    (tmp_path / "key.results").write_bytes(cache_module._checksum(payload) + payload)
    assert cache.read("key") == Entry()


def test_a_folder_that_cannot_be_written_is_no_mistake(demo: Path) -> None:
    (demo / FOLDER).write_text("a file where the folder should be")
    assert told(check(request(demo))) == told(check(request(demo, remembers=False)))


def test_parallel_runs_do_not_disturb_each_other(demo: Path) -> None:
    cold = told(check(request(demo, remembers=False)))
    paths = [demo, *sorted(demo.rglob("*.py"))]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda path: check(request(path)), paths * 2))
    assert told(check(request(demo))) == cold
    assert not list((demo / FOLDER).glob(".*.results.*"))


def test_the_oldest_entries_go_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_module, "_MOST_ENTRIES", 4)
    cache = Cache(tmp_path)
    for number in range(20):
        cache.write(f"key{number}", Entry({"a": FileResults(failures=(str(number),))}))
    assert len(list(tmp_path.glob("*.results"))) <= 4
    assert cache.read("key19").files
    assert not cache.read("key0").files


def test_code_outside_of_projects_leaves_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, analysed: list[tuple[str, ...]]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    script = tmp_path / "scripts" / "a.py"
    script.parent.mkdir()
    script.write_text("from flax import nnx\n")
    check(request(script))
    check(request(script))
    assert list(script.parent.iterdir()) == [script]
    assert len(analysed) == 1


def test_the_options_choose_the_folder(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(demo)
    main([".", "--no-cache"])
    assert not (demo / FOLDER).exists()
    main([".", "--cache-dir", str(tmp_path / "kept")])
    assert list((tmp_path / "kept").glob("*.results"))
    main([".", "--config", 'cache-dir = "own"'])
    assert list((demo / "own").glob("*.results"))
    capsys.readouterr()
    assert main([".", "--no-cache", "--cache-dir", "x"]) == 2
    assert "contradict" in capsys.readouterr().err


def test_warm_runs_find_what_cold_ones_find_after_any_edits(demo: Path) -> None:
    chance = random.Random(20261124)  # noqa: S311 - edits, not secrets
    files = sorted(demo.rglob("*.py"))
    original = {path: path.read_text(encoding="utf-8") for path in files}
    found: set[object] = set()
    for _ in range(EDITS):
        _edit(chance, files, original)
        named = chance.choice([[demo], chance.sample([path for path in files if path.exists()], 2)])
        warm = told(check(request(*named)))
        assert warm == told(check(request(*named, remembers=False)))
        found.add(warm)
    assert len(found) > EDITS // 10


def _edit(chance: random.Random, files: list[Path], original: dict[Path, str]) -> None:
    """Change one file: lose a line, take one of another file, move a block, break it, or put it back."""
    path = chance.choice(files)
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []
    match chance.randrange(6):
        case 0 if lines:
            del lines[chance.randrange(len(lines))]
        case 1:
            lines.insert(chance.randint(0, len(lines)), chance.choice(["\n", "# a comment\n", "x = (\n"]))
        case 2 if lines:
            donor = original[chance.choice(files)].splitlines(keepends=True)
            lines[chance.randrange(len(lines))] = chance.choice(donor or ["\n"])
        case 3 if path.exists():
            path.unlink()
            return
        case _:
            lines = original[path].splitlines(keepends=True)
    path.write_text("".join(lines), encoding="utf-8")


def test_a_name_that_is_no_text_is_linted_and_not_kept(tmp_path: Path) -> None:
    odd = tmp_path / "non\udcffutf.py"
    try:
        odd.write_text("from flax import nnx\n\n\ndef make(model, tx):\n    return nnx.Optimizer(model, tx)\n")
    except (OSError, UnicodeEncodeError):
        pytest.skip("this file system has no such names")
    for _ in range(2):
        report = check(request(tmp_path, flax_version="0.12.8"))
        assert [each.code for each in report.diagnostics] == ["NNX206"]
