"""Work in several processes: the same results in the same order, and nothing lost where processes die."""

import os
from pathlib import Path

import pytest

from nnxlint import workers
from nnxlint.fixer import allowed_applicabilities
from nnxlint.project import CheckRequest, check
from nnxlint.settings import Overrides, settings_loader
from nnxlint.workers import Task, spread

PROGRAM = """
from flax import nnx
import optax

model = nnx.Linear(2, 2, rngs=nnx.Rngs(0))
optimizer = nnx.Optimizer(model, optax.sgd(0.1))
"""


def double(number: int) -> tuple[int, int]:
    """Give twice the number, and the process that did it."""
    return 2 * number, os.getpid()


def fatal(number: int) -> tuple[int, int]:
    """Double the number, but die of 13 in any process that is not the test's own."""
    if number == 13 and os.environ["NNXLINT_TEST_PARENT"] != str(os.getpid()):
        os._exit(1)
    return double(number)


@pytest.fixture(autouse=True)
def everything_pays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start processes however little there is to do."""
    monkeypatch.setattr(workers, "_WORTHWHILE", 0)


def test_results_come_in_the_order_of_the_tasks() -> None:
    done: list[int] = []
    results = spread(
        double, [Task(number, number % 3) for number in range(8)], 2, lambda task: done.append(task.argument)
    )
    assert [result for result, _ in results] == [2 * number for number in range(8)]
    assert os.getpid() not in {process for _, process in results}
    assert sorted(done) == list(range(8))


def test_where_it_does_not_pay_no_process_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    tasks = [Task(1, 10), Task(2, 10)]
    monkeypatch.setattr(workers, "_WORTHWHILE", 11)
    assert {process for _, process in spread(double, tasks, 2, lambda _: None)} == {os.getpid()}
    monkeypatch.setattr(workers, "_WORTHWHILE", 0)
    assert {process for _, process in spread(double, tasks, 1, lambda _: None)} == {os.getpid()}


def test_the_tasks_of_a_process_that_dies_are_done_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NNXLINT_TEST_PARENT", str(os.getpid()))
    results = spread(fatal, [Task(number, 1) for number in range(12, 16)], 2, lambda _: None)
    assert [result for result, _ in results] == [24, 26, 28, 30]


@pytest.mark.parametrize("fixes", [frozenset(), allowed_applicabilities(unsafe=True)])
def test_several_jobs_find_and_mend_what_one_does(fixes: frozenset[object], tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\ndependencies = ["flax==0.12.0"]\n')
    for number in range(4):
        (tmp_path / f"part{number}.py").write_text(PROGRAM)
    request = CheckRequest((tmp_path,), settings_loader(Overrides()), fixes=fixes, jobs=1)  # type: ignore[arg-type]
    alone = check(request)
    together = check(CheckRequest((tmp_path,), settings_loader(Overrides()), fixes=fixes, jobs=2))  # type: ignore[arg-type]
    assert together.diagnostics == alone.diagnostics
    assert together.fixed == alone.fixed
    assert [each.after for each in together.changes] == [each.after for each in alone.changes]
    assert len(alone.changes if fixes else alone.diagnostics) == 4
