"""The pool of children, on a child that does not know JAX: it answers, and misbehaves as it is told."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from nnxlint.verify.pool import PoolOptions, child_pool
from nnxlint.verify.processes import below, running
from nnxlint.verify.protocol import Answer, Case, Program, RunJob
from nnxlint.verify.sandbox import Limits, child_environment
from nnxlint.verify.tolerances import EXACT, are_close, tolerance_of

ROOT = Path(__file__).resolve().parent.parent
CHILD = "fake_verify_child"

# Reads jobs and runs their program with `answer(message)` at hand; says nothing of its own when the program did.
FAKE_CHILD = """
import json, os, socket, sys

jobs, answers = int(sys.argv[2]), int(sys.argv[4])
os.write(answers, b"\\n")
for line in os.fdopen(jobs):
    job = json.loads(line)
    out = {"id": job["id"], "reason": "well", "environment": {
        "flax": "0", "jax": "0", "platform": "cpu", "device_kind": "cpu", "device_count": 1}}
    try:
        exec(job["program"]["files"]["main.py"])
    except Exception as error:
        out["error"], out["message"] = type(error).__name__, str(error)
    os.write(answers, json.dumps(out).encode() + b"\\n")
"""

WELL = "out['message'] = 'ran'"
QUICK = Limits(seconds=1.5, memory=400 * 2**20, file_size=2**20)


@pytest.fixture(autouse=True)
def fake_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the fake child where children find modules, and temporary folders where the test can look."""
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / f"{CHILD}.py").write_text(FAKE_CHILD)
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "modules"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))


@pytest.fixture(autouse=True)
def _nothing_is_left(fake_child: None, tmp_path: Path) -> Iterator[None]:
    del fake_child
    yield
    assert list((tmp_path / "tmp").iterdir()) == []
    assert _of_test(tmp_path) == []


def test_answers_come_in_the_order_of_the_jobs() -> None:
    programs = [f"import time; time.sleep({0.2 - each / 20}); out['message'] = '{each}'" for each in range(5)]

    assert [answer.message for answer in _run(programs)] == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize(
    ("misdeed", "kind", "reason"),
    [
        ("os._exit(7)", "crashed", "with exit status 7"),
        ("os._exit(0)", "crashed", "with exit status 0"),
        ("import signal; os.kill(os.getpid(), signal.SIGSEGV)", "crashed", "killed by SIGSEGV"),
        ("import ctypes; ctypes.string_at(0)", "crashed", "killed by SIGSEGV"),
        ("os.abort()", "crashed", "killed by SIGABRT"),
        ("sys.exit('I give up')", "crashed", "I give up"),
        ("os.close(answers); os.close(jobs); os._exit(1)", "crashed", "with exit status 1"),
        ("while True: pass", "timed-out", "no answer within 1.5 s"),
        (
            "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(99)",
            "timed-out",
            "no answer",
        ),
        ("os.write(answers, b'what?\\n')", "crashed", "it wrote what is no answer: 'what?'"),
        ("os.write(answers, b'\\xff\\xfe\\n')", "crashed", "it wrote what is no answer"),
        ('os.write(answers, b\'{"id": "another", "verdict": "PROVED"}\\n\')', "crashed", "it wrote what is no answer"),
        ("os.write(answers, json.dumps(out).encode() + b'\\nand more\\n')", "crashed", "it wrote what is no answer"),
        ("os.write(answers, b'half'); import time; time.sleep(99)", "timed-out", "no answer within 1.5 s"),
        ("hoard = [bytearray(b'x') * 2**20 for _ in range(2000)]", "crashed", "more than 0.39 GiB of memory"),
    ],
)
def test_one_that_misbehaves_is_told_and_spoils_no_other(misdeed: str, kind: str, reason: str) -> None:
    before, guilty, after = _run([WELL, misdeed, WELL], workers=1)

    assert guilty.kind == kind
    assert reason in guilty.reason
    assert guilty.reason.endswith("also when repeated alone")
    assert guilty.verdict is None
    assert [before.message, after.message] == ["ran", "ran"]


def test_one_that_only_fails_beside_others_is_answered_when_it_is_repeated_alone(tmp_path: Path) -> None:
    once = f"import pathlib\nmark = pathlib.Path({str(tmp_path / 'mark')!r})\n"
    once += "if not mark.exists():\n    mark.touch()\n    os._exit(1)\nout['message'] = 'at last'"

    assert [answer.message for answer in _run([once, WELL])] == ["at last", "ran"]


def test_what_programs_print_goes_nowhere() -> None:
    [answer] = _run(
        ["print('x' * 100_000); os.write(1, b'{}'); sys.stderr.write('y' * 100_000); out['message'] = 'ran'"]
    )

    assert answer.message == "ran"


def test_files_cannot_grow_beyond_the_limit() -> None:
    [answer] = _run(["open('huge', 'wb').write(b'x' * 2**21)"])

    assert (answer.error, answer.kind) == ("OSError", "done")
    assert "File too large" in answer.message


@pytest.mark.parametrize("ending", ["os._exit(1)", "time.sleep(99)", "pass"])
def test_what_a_child_leaves_behind_ends_with_it(ending: str) -> None:
    leave = """
        import subprocess, time
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(99)"])
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(99)"], start_new_session=True)
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                time.sleep(99)
            os._exit(0)
    """

    _run([textwrap.dedent(leave) + ending])


def test_folders_that_forbid_everything_are_removed_too() -> None:
    [answer] = _run(["os.makedirs('a/b'); open('a/b/c', 'w').close(); os.chmod('a/b', 0); os.chmod('a', 0)"])

    assert answer.reason == "well"


def test_a_child_has_a_folder_of_its_own_and_no_secrets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush")
    monkeypatch.setenv("HF_TOKEN", "hush")
    look = "out['message'] = ' '.join([os.getcwd(), os.environ['HOME'], os.environ['TMPDIR'], os.path.expanduser('~')])"

    [places, environment] = _run([look, "out['message'] = repr(dict(os.environ))"], workers=1)

    assert all(place.startswith(str(tmp_path / "tmp" / "nnxlint-verify-")) for place in places.message.split())
    assert "hush" not in environment.message


def test_a_child_cannot_read_the_environment_of_nnxlint() -> None:
    reading = f"out['message'] = str(len(open('/proc/{os.getpid()}/environ').read()))"

    [answer] = _run([reading])

    if answer.environment and answer.environment.network == "namespace":
        # With a /proc of its own it does not even see that process.
        assert answer.error in {"PermissionError", "FileNotFoundError"}


@pytest.mark.parametrize("isolated", [True, False])
def test_a_child_has_no_network(isolated: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:  # noqa: FBT001
    if not isolated:
        _forbid_namespaces(monkeypatch, tmp_path)
    local, pair = "socket.create_connection(('127.0.0.1', 9), 1)", "one, other = socket.socketpair(); one.send(b'x')"
    with _listening() as port:
        answers = _run([local, f"socket.create_connection(('127.0.0.1', {port}), 1)", pair])

    networks = {answer.environment.network for answer in answers if answer.environment}
    assert networks == ({"namespace"} if isolated and _namespaces_work() else {"guard"})
    assert {answer.error for answer in answers[:2]} <= {"ConnectionRefusedError", "PermissionError"}
    assert answers[2].error == ""


def test_the_environment_names_the_devices() -> None:
    environment = child_environment({"PATH": "/bin", "XLA_FLAGS": "mine"}, "cpu", 8)

    assert environment["JAX_PLATFORMS"] == "cpu"
    assert environment["XLA_FLAGS"] == "--xla_force_host_platform_device_count=8"
    assert "XLA_FLAGS" not in child_environment({"XLA_FLAGS": "mine"}, "cpu")
    assert child_environment({"XLA_FLAGS": "mine"}, "cuda,cpu")["XLA_FLAGS"] == "--xla_gpu_autotune_level=0"


def test_jobs_for_several_devices_get_them() -> None:
    told = "out['message'] = os.environ.get('XLA_FLAGS', '') + os.environ.get('JAX_PLATFORMS', '')"
    jobs = [_job(number, told, devices) for number, devices in enumerate((4, 1, 4, 1))]
    with child_pool(_options()) as pool:
        messages = [answer.message for answer in pool.run(jobs)]

    assert messages == ["--xla_force_host_platform_device_count=4cpu", "--xla_gpu_autotune_level=0"] * 2


def test_children_stay_for_later_jobs_until_they_are_bloated() -> None:
    hoard = "keep = b'x' * (280 * 2**20); import time; time.sleep(0.6)"
    with child_pool(_options(workers=1)) as pool:
        for program in (WELL, WELL, hoard, WELL):
            pool.run([_job(0, program)])
        assert pool.started == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_interrupted_it_takes_all_children_along(number: signal.Signals, tmp_path: Path) -> None:
    script = """
        import signal, sys, tempfile
        from nnxlint.verify.pool import PoolOptions, child_pool
        from tests.test_verify_pool import CHILD, _job
        signal.signal(signal.SIGINT, signal.default_int_handler)  # what runs in the background is born deaf to it
        tempfile.tempdir = sys.argv[1]
        with child_pool(PoolOptions(workers=2, module=CHILD)) as pool:
            pool.run([_job(0, "import time; time.sleep(99)"), _job(1, "while True: pass")])
    """
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), os.environ["PYTHONPATH"]))}
    command = [sys.executable, "-c", textwrap.dedent(script), str(tmp_path / "tmp")]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) as process:
        _wait_for(lambda: len(below(process.pid, running())) >= 4)
        process.send_signal(number)
        _, errors = process.communicate(timeout=20)

    _wait_for(lambda: _of_test(tmp_path) == [])
    if number is signal.SIGKILL:
        [folder] = (tmp_path / "tmp").iterdir()  # nobody is left to remove it
        subprocess.run(["rm", "-r", str(folder)], check=True)  # noqa: S607
    else:
        assert b"KeyboardInterrupt" in errors


def test_tolerances_are_stated_for_every_dtype_and_device() -> None:
    assert tolerance_of("int32", "cpu") == EXACT
    assert tolerance_of("float32", "cuda") == tolerance_of("float32", "gpu") == tolerance_of("float32", "unheard-of")
    assert tolerance_of("complex64", "cpu") == tolerance_of("float32", "cpu")
    for dtype in ("float64", "float32", "float16", "bfloat16", "float8_e4m3fn"):
        on_cpu, on_gpu, on_tpu = (tolerance_of(dtype, platform) for platform in ("cpu", "gpu", "tpu"))
        assert 0 < on_cpu.relative <= on_gpu.relative <= on_tpu.relative


def test_closeness() -> None:
    tolerance = tolerance_of("float32", "cpu")

    assert are_close(1.0, 1.00001, tolerance)
    assert not are_close(1.0, 1.0001, tolerance)
    assert are_close(float("nan"), float("nan"), EXACT)
    assert not are_close(float("nan"), 1.0, tolerance)
    assert are_close(float("inf"), float("inf"), EXACT)
    assert not are_close(float("inf"), 1.0, tolerance)


def _run(programs: list[str], *, workers: int = 2) -> tuple[Answer, ...]:
    with child_pool(_options(workers)) as pool:
        return pool.run([_job(number, program) for number, program in enumerate(programs)])


def _options(workers: int = 2) -> PoolOptions:
    return PoolOptions(workers=workers, limits=QUICK, module=CHILD)


def _job(number: int, program: str, devices: int = 1) -> RunJob:
    return RunJob(str(number), Program({"main.py": program}, "main.py"), Case("case", devices=devices))


def _forbid_namespaces(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Have Python in children not find `unshare`, as on systems that have none."""
    hiding = """
        import ctypes
        class WithoutNamespaces(ctypes.CDLL):
            def __getattr__(self, name):
                if name == "unshare":
                    raise AttributeError(name)
                return super().__getattr__(name)
        ctypes.CDLL = WithoutNamespaces
    """
    (folder / "hiding").mkdir()
    (folder / "hiding" / "sitecustomize.py").write_text(textwrap.dedent(hiding))
    monkeypatch.setenv("PYTHONPATH", f"{folder / 'hiding'}{os.pathsep}{os.environ['PYTHONPATH']}")


def _namespaces_work() -> bool:
    if shutil.which("unshare") is None:
        return False
    command = ["unshare", "--user", "--map-root-user", "--net", "--pid", "--fork", "true"]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


@contextmanager
def _listening() -> Iterator[int]:
    """Give a port that something outside the child listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def _of_test(folder: Path) -> list[int]:
    """Give the processes that were started in a folder of this test."""
    found = []
    for pid in running():
        try:
            cwd = str(Path(f"/proc/{pid}/cwd").readlink())
        except OSError:
            continue
        if cwd.startswith(f"{folder}/"):
            found.append(pid)
    return found


def _wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.05)
