"""The numbers that devices are compared by, and the benchmark that compares them."""

from collections.abc import Sequence

import devices
import msgspec
import pytest

from nnxlint.verify.devices import HOST, Device
from nnxlint.verify.pool import PoolOptions, child_pool
from nnxlint.verify.programs import MODELS
from nnxlint.verify.protocol import Answer, CompareJob, Environment, Job
from nnxlint.verify.session import SessionOptions, seeded
from nnxlint.verify.verdicts import Verdict

GPU = Device("gpu", "cuda,cpu", "NVIDIA H100")
ON = Environment("0.12.8", "0.10.2", "gpu", "NVIDIA H100", 1)


def _asker(loss: float, *, worse: str = "") -> "devices.Ask":
    def ask(jobs: Sequence[Job]) -> Sequence[Answer]:
        return [
            Answer(
                id=job.id,
                verdict=Verdict.TESTED if job.id.endswith(worse or "?") else Verdict.PROVED,
                numbers={"loss/output float32": (loss,)},
                environment=ON,
            )
            for job in jobs
        ]

    return ask


def test_numbers_are_asked_for_where_devices_are_compared() -> None:
    job = devices.model_job("mlp")

    assert seeded(job, SessionOptions()) != seeded(job, SessionOptions(numbers=True))
    wanted = seeded(job, SessionOptions(seeds=2, numbers=True))
    assert isinstance(wanted, CompareJob)
    assert (wanted.numbers, wanted.seeds) == (True, (0, 1))


def test_models_that_come_out_as_on_the_cpu_hold() -> None:
    places = [devices.Place(HOST, _asker(1.0)), devices.Place(GPU, _asker(1.001))]

    [(name, rows)] = devices.measure(places, [], until=0.0)

    assert (name, [row.subject for row in rows]) == ("models", list(MODELS))
    assert all(row.holds and row.numbers == 1 and row.device == "gpu, NVIDIA H100, 1 device" for row in rows)


def test_what_came_out_otherwise_does_not_hold() -> None:
    far = [devices.Place(HOST, _asker(1.0)), devices.Place(GPU, _asker(2.0))]
    [(_, rows)] = devices.measure(far, [], until=0.0)
    assert not any(row.holds for row in rows)
    assert rows[0].apart == ("loss/output float32: 2.0 against 1.0",)

    other = [devices.Place(HOST, _asker(1.0)), devices.Place(GPU, _asker(1.0, worse="mlp"))]
    [(_, rows)] = devices.measure(other, [], until=0.0)
    assert [row.subject for row in rows if not row.holds] == ["mlp"]


def test_what_there_was_no_time_for_is_left_out() -> None:
    places = [devices.Place(HOST, _asker(1.0)), devices.Place(GPU, _asker(1.0))]

    groups = dict(devices.measure(places, ["NNX206"], until=0.0))

    assert groups["NNX206"] == []


@pytest.mark.runtime
def test_a_model_gives_the_same_numbers_again() -> None:
    job = msgspec.structs.replace(devices.model_job("mlp"), numbers=True)
    with child_pool(PoolOptions(workers=1, platforms="cpu")) as pool:
        first, again = (pool.run([job])[0] for _ in range(2))

    assert first.verdict is Verdict.PROVED
    assert first.numbers == again.numbers
    stages = {name.partition("/")[0] for name in first.numbers}
    assert stages == {"construction", "loss gradient", "train_step", "eval_step"}
    loss = next(values for name, values in first.numbers.items() if name == "loss gradient/output float32")
    assert loss[0] is not None
    assert loss[0] > 0
