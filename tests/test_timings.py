"""Where the time of a run goes: added up rightly, told apart from the report, and only to who asks."""

import json
from pathlib import Path

import pytest

from nnxlint import timing
from nnxlint.knowledge import load_projects
from nnxlint.project import CheckRequest, _Job, check
from nnxlint.scope import EVERYTHING
from nnxlint.settings import Overrides, settings_loader
from nnxlint.timing import Stopwatch, Timings
from tests.cli_runs import NNX, RunCli, write


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Give the time, as `perf_counter` does."""
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(timing, "perf_counter", made)
    return made


def test_a_phase_within_another_counts_for_itself(clock: Clock) -> None:
    watch = Stopwatch()
    clock.now = 5
    with watch.phase("fix"):
        clock.now += 1
        with watch.phase("parse"):
            clock.now += 10
        clock.now += 2
    clock.now += 100
    with watch.phase("parse"):
        clock.now += 20
    assert watch.timings.phases == (("fix", 3.0), ("parse", 30.0))


def test_a_rule_that_crashes_took_its_time(clock: Clock) -> None:
    watch = Stopwatch()

    def crash() -> None:
        with watch.rule("NNX1", "one"):
            clock.now += 1
            raise ZeroDivisionError

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            crash()
    assert watch.timings.rules == ((("NNX1", "one"), 2.0),)


def test_other_processes_are_added() -> None:
    watch = Stopwatch({"parse": 1.0}, {("NNX1", "one"): 1.0})
    watch.add(Timings((("parse", 2.0), ("interpret", 3.0)), ((("NNX1", "one"), 4.0),)))
    assert watch.timings == Timings((("parse", 3.0), ("interpret", 3.0)), ((("NNX1", "one"), 5.0),))


def test_a_job_tells_what_it_took(tmp_path: Path) -> None:
    write(tmp_path / "a.py", NNX)
    settings_of = settings_loader(Overrides(isolated=True))
    [project] = load_projects((tmp_path,), settings_of).projects

    def timings(*, timed: bool) -> Timings:
        job = _Job(project, settings_of, frozenset(), statistics=False, remembers=False, scope=EVERYTHING, timed=timed)
        return job.run().timings

    assert {"parse", "interpret", "run rules"} <= {name for name, _ in timings(timed=True).phases}
    assert "NNX102" in {code for (code, _), _ in timings(timed=True).rules}
    assert timings(timed=False) == Timings()


def test_what_jobs_took_arrives(tmp_path: Path) -> None:
    write(tmp_path / "a.py", NNX)
    watch = Stopwatch()
    check(CheckRequest((tmp_path,), settings_loader(Overrides(isolated=True)), jobs=2, clock=watch))
    assert {"read files", "parse", "run rules"} <= {name for name, _ in watch.timings.phases}
    assert watch.timings.rules


def test_timings_are_told_on_standard_error(run: RunCli, project: Path) -> None:
    write(project / "a.py", f"{NNX}x = BAD\n")
    result = run(".", "--timings", "--output-format", "concise")
    assert result.out.startswith("a.py:2:5: NNX801")
    assert "Time" not in result.out
    lines = [" ".join(line.split()[2:]) for line in result.err.splitlines() if line.startswith(" ")]
    assert lines[: lines.index("from start to end")] == [
        "read files",
        "look results up",
        "load rules",
        "run rules",
        "keep results",
        "write the report",
    ]
    assert "NNX801 no-bad" in lines
    assert run(".", "--output-format", "concise").err == ""


def test_timings_are_json_where_the_report_is(run: RunCli, project: Path) -> None:
    write(project / "a.py", f"{NNX}x = BAD\n")
    result = run(".", "--timings", "--statistics", "--output-format", "json")
    assert [each["code"] for each in result.json] == ["NNX801"]
    statistics, timings = map(json.loads, result.err.splitlines())
    assert statistics["rules"][0]["code"] == "NNX801"
    assert timings["seconds"] >= sum(each["seconds"] for each in timings["phases"]) > 0
    assert {each["code"] for each in timings["rules"]} >= {"NNX801", "NNX802"}


def test_statistics_and_timings_stay_out_of_a_report_for_programs(run: RunCli, project: Path) -> None:
    write(project / "a.py", f"{NNX}x = BAD\n")
    result = run(".", "--timings", "--statistics", "--output-format", "sarif")
    assert json.loads(result.out)["version"] == "2.1.0"
    assert "1  NNX801 no-bad" in result.err
    assert "Time by phase:" in result.err
