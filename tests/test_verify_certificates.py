"""Certificates and the cache of answers: what they keep, and what they do not believe."""

import json
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from nnxlint.errors import NnxlintError
from nnxlint.rule import Rule
from nnxlint.rules import all_rules
from nnxlint.verify.cache import AnswerCache, cached, installed, make_cache, user_cache, write_whole
from nnxlint.verify.certificates import (
    Certificate,
    certify,
    jobs_of_certificate,
    read_certificate,
    replayed,
    write_certificate,
)
from nnxlint.verify.devices import HOST, Device, agreement, choose_devices
from nnxlint.verify.protocol import (
    Answer,
    ArraySpec,
    Case,
    CompareJob,
    Environment,
    Job,
    Program,
    RunJob,
    Series,
    SolveJob,
    WitnessJob,
)
from nnxlint.verify.results import Result
from nnxlint.verify.verdicts import Verdict

MODEL = "class Model: ...\n"
BAD = Program({"reference/model.py": MODEL, "program.py": "bad()\n"}, "program.py", (1,))
FIXED = Program({"reference/model.py": MODEL, "program.py": "fixed()\n"}, "program.py", (1,))
CASE = Case("NNX102/mlp", inputs={"batch.x": ArraySpec((4, 8)), "batch.y": ArraySpec((4,), "int32", 3)})
JOBS: tuple[Job, ...] = (
    CompareJob("NNX102/mlp/equal", BAD, FIXED, CASE, seeds=(0, 5)),
    WitnessJob("NNX102/mlp/bad", BAD, CASE, "eval-repeatable", {"model": "model"}, other=FIXED),
    RunJob("NNX102/mlp/run", BAD, CASE),
    SolveJob("NNX102/mlp/solve", (BAD, FIXED), (CASE,)),
)
ON = Environment("0.12.8", "0.10.2", "cpu", "cpu", 1, "namespace")
ANSWERS = (
    Answer(id="NNX102/mlp/equal", verdict=Verdict.PROVED, hashes={"loss": "abc"}, environment=ON),
    Answer(id="NNX102/mlp/bad", holds=False, reason="1.5 apart", environment=ON),
    Answer(id="NNX102/mlp/run", error="TypeError", row=3, environment=ON),
    Answer(id="NNX102/mlp/solve", choice=0, environment=ON),
)
RESULT = Result(
    code="NNX102",
    contract="repairs(eval-repeatable, training-program)",
    verdict=Verdict.REPAIRED,
    witness="eval-repeatable",
    reason="as promised",
    environment=ON,
    seconds=1.5,
)


@pytest.fixture
def rule() -> Rule:
    """Give the rule of the result."""
    return next(rule for rule in all_rules() if rule.code == "NNX102")


@pytest.fixture
def certificate(rule: Rule) -> Certificate:
    """Give the certificate of the result."""
    return certify(RESULT, rule, JOBS, ANSWERS, device="cpu")


@pytest.fixture
def written(certificate: Certificate, tmp_path: Path) -> Path:
    """Give the file of the certificate."""
    return write_certificate(certificate, tmp_path / "certificates")


def test_a_certificate_says_what_the_verdict_rests_on(written: Path, rule: Rule) -> None:
    told = json.loads(written.read_bytes())

    assert written.name.startswith("NNX102-REPAIRED-")
    assert (told["verdict"], told["code"], told["seeds"]) == ("REPAIRED", "NNX102", [0, 5])
    assert told["shapes"] == {"NNX102/mlp batch.x": "float32[4, 8]", "NNX102/mlp batch.y": "int32[4] below 3"}
    assert told["environment"]["device_kind"] == "cpu"
    assert told["versions"] == installed()
    assert sorted(told["sources"].values()) == ["bad()\n", MODEL, "fixed()\n"]
    assert told["steps"][0]["outcome"]["hashes"] == {"loss": "abc"}
    assert len(told["rule"]) == len(next(iter(told["sources"])))
    assert rule.code == told["code"]


def test_its_jobs_can_be_asked_again_as_they_were(written: Path) -> None:
    assert jobs_of_certificate(read_certificate(written)) == JOBS


def test_equal_answers_keep_it(written: Path, rule: Rule) -> None:
    slower = [msgspec.structs.replace(answer, seconds=99.0) for answer in ANSWERS]
    replay = replayed(read_certificate(written), slower, rule)

    assert (replay.broken, replay.notes) == ((), ())


@pytest.mark.parametrize(
    ("number", "changed", "told"),
    [
        (
            0,
            {"verdict": Verdict.DIFFERS, "reason": "0.3 apart"},
            "equal: verdict was PROVED and is DIFFERS (0.3 apart)",
        ),
        (0, {"hashes": {"loss": "abd"}}, "equal: the jaxprs of loss are others than they were"),
        (1, {"holds": True, "reason": ""}, "bad: holds was False and is True"),
        (2, {"error": "", "row": None}, "run: error was TypeError and is nothing"),
        (2, {"row": 4}, "run: row was 3 and is 4"),
        (3, {"kind": "timed-out"}, "solve: kind was done and is timed-out"),
    ],
)
def test_other_answers_break_it(
    certificate: Certificate, rule: Rule, number: int, changed: dict[str, object], told: str
) -> None:
    answers = list(ANSWERS)
    answers[number] = msgspec.structs.replace(answers[number], **changed)

    assert replayed(certificate, answers, rule).broken == (f"NNX102/mlp/{told}",)


def test_on_other_versions_hashes_may_differ_and_verdicts_may_not(certificate: Certificate, rule: Rule) -> None:
    older = msgspec.structs.replace(certificate, versions={**certificate.versions, "jax": "0.6.0"})
    answers = [msgspec.structs.replace(ANSWERS[0], hashes={"loss": "other"}), *ANSWERS[1:]]
    replay = replayed(older, answers, rule)

    assert replay.broken == ()
    assert [note for note in replay.notes if note.startswith("jax was 0.6.0 and is ")]


def test_a_changed_rule_is_noted(certificate: Certificate, rule: Rule) -> None:
    other = next(each for each in all_rules() if each.code == "NNX101")

    assert "was changed since" in replayed(certificate, ANSWERS, other).notes[0]
    assert "there is no rule NNX102" in replayed(certificate, ANSWERS, None).notes[0]
    assert replayed(certificate, ANSWERS, rule).notes == ()


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda text: text.replace("fixed()", "evil()"), "the certificate was changed"),
        (lambda text: text.replace('"PROVED"', '"PERHAPS"'), "no certificate"),
        (lambda text: text[: len(text) // 2], "no certificate"),
        (lambda _: "[]", "no certificate"),
    ],
)
def test_what_was_damaged_is_refused(written: Path, damage: object, told: str) -> None:
    assert callable(damage)
    written.write_text(damage(written.read_text()))

    with pytest.raises(NnxlintError, match=told):
        read_certificate(written)


def test_what_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(NnxlintError, match="cannot be read"):
        read_certificate(tmp_path / "none.json")


def test_answers_are_asked_once(tmp_path: Path) -> None:
    asked: list[str] = []
    told: list[str] = []

    def ask(jobs: Sequence[Job]) -> Sequence[Answer]:
        asked.extend(job.id for job in jobs)
        return [answer for job in jobs for answer in ANSWERS if answer.id == job.id]

    ask_cached = cached(ask, make_cache(tmp_path, HOST), lambda answer: told.append(answer.id))

    assert list(ask_cached(JOBS[:2])) == list(ANSWERS[:2])
    assert list(ask_cached(JOBS)) == list(ANSWERS)
    assert asked == [job.id for job in JOBS]
    assert told == [job.id for job in JOBS[:2]]


def test_an_answer_is_known_by_all_but_the_name_of_its_job(tmp_path: Path) -> None:
    cache = make_cache(tmp_path, HOST)
    cache.put(JOBS[0], ANSWERS[0])
    renamed = msgspec.structs.replace(JOBS[0], id="another")
    seeded = CompareJob("NNX102/mlp/equal", BAD, FIXED, CASE, seeds=(1,))

    assert cache.get(renamed) == msgspec.structs.replace(ANSWERS[0], id="another")
    assert cache.get(seeded) is None
    assert make_cache(tmp_path, Device("gpu", "cuda,cpu", "H100")).get(JOBS[0]) is None


def test_failures_are_not_kept(tmp_path: Path) -> None:
    crashed = Answer(id=JOBS[0].id, kind="crashed", reason="no memory")
    cache = make_cache(tmp_path, HOST)
    cached(lambda _: [crashed], cache, lambda _: None)(JOBS[:1])

    assert cache.get(JOBS[0]) is None


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"id": 3}', b"\xff\xfe"])
def test_damaged_entries_are_ignored(tmp_path: Path, damage: bytes) -> None:
    cache = AnswerCache(tmp_path, "salt")
    cache.put(JOBS[0], ANSWERS[0])
    [entry] = tmp_path.glob("*/*.json")
    entry.write_bytes(damage)

    assert cache.get(JOBS[0]) is None
    cache.put(JOBS[0], ANSWERS[0])
    assert cache.get(JOBS[0]) == ANSWERS[0]


def test_a_cache_that_cannot_be_written_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    cache = AnswerCache(tmp_path / "file", "salt")
    cache.put(JOBS[0], ANSWERS[0])

    assert cache.get(JOBS[0]) is None


def test_files_are_written_whole_or_not_at_all(tmp_path: Path) -> None:
    write_whole(tmp_path / "a" / "b", b"one")
    with pytest.raises(TypeError):
        write_whole(tmp_path / "a" / "b", "text")  # type: ignore[arg-type]

    assert [path.read_bytes() for path in (tmp_path / "a").iterdir()] == [b"one"]


def test_the_users_cache_follows_the_system(tmp_path: Path) -> None:
    assert user_cache({"XDG_CACHE_HOME": str(tmp_path)}) == tmp_path / "nnxlint"
    assert user_cache({}).name == "nnxlint"


def test_devices_are_what_is_asked_for_or_what_jax_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    gpu = Environment("0.12.8", "0.10.2", "gpu", "NVIDIA H100", 2)

    def find(platforms: str) -> Environment | None:
        return gpu if platforms in {"cuda,cpu", "", "cuda"} else None

    monkeypatch.setattr("nnxlint.verify.devices._plugins", lambda: ("xla_cuda12",))
    on_gpu = Device("gpu", "cuda,cpu", "NVIDIA H100")

    assert choose_devices("cpu", {}, find) == (HOST,)
    assert choose_devices("gpu", {}, find) == (on_gpu,)
    assert choose_devices("all", {}, find) == (HOST, on_gpu)
    assert choose_devices(None, {}, find) == (Device("gpu", "", "NVIDIA H100"),)
    assert choose_devices(None, {"JAX_PLATFORMS": "cpu"}, find) == (HOST,)
    with pytest.raises(NnxlintError, match="--device tpu: JAX finds none here"):
        choose_devices("tpu", {}, find)
    with pytest.raises(NnxlintError, match="JAX_PLATFORMS=rocm"):
        choose_devices(None, {"JAX_PLATFORMS": "rocm"}, find)


def test_without_plugins_no_child_is_asked_for_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nnxlint.verify.devices._plugins", lambda: ())

    assert choose_devices(None, {}, lambda _: pytest.fail("a child was started")) == (HOST,)
    assert choose_devices("all", {}, lambda _: pytest.fail("a child was started")) == (HOST,)


def test_numbers_of_an_accelerator_are_compared_with_the_cpus() -> None:
    def answer(*values: float | None, count: float = 3.0) -> Answer:
        series = (Series("Loss", "step", "loss", values),)
        return Answer(id="a", series=series, numbers={"step/count int32": (count,), "loss/output float32": (1.0,)})

    assert str(agreement([answer(1.0, None)], [answer(1.001, None)], "gpu")) == "4 numbers equal the CPU's"
    assert "1 of 3 numbers differ" in str(agreement([answer(1.0)], [answer(1.5)], "gpu"))
    assert "step/count int32: 3.0 against 4.0" in str(agreement([answer(1.0)], [answer(1.0, count=4.0)], "gpu"))
    assert "1 of 3 numbers differ" in str(agreement([answer(None)], [answer(1.0)], "gpu"))
    assert str(agreement([answer(1.0)], [], "gpu")) == ""
