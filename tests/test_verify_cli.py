"""`nnxlint verify` from arguments to exit status; mostly on answers that are made up, once on JAX."""

import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest

from nnxlint.cli import main
from nnxlint.render.plots import described, plot
from nnxlint.render.verify_report import report_page
from nnxlint.verify.cache import Ask
from nnxlint.verify.devices import Device
from nnxlint.verify.protocol import Answer, CompareJob, Environment, Job, RunJob, Series
from nnxlint.verify.results import Curve, Result, Run
from nnxlint.verify.session import SessionOptions
from nnxlint.verify.verdicts import Verdict

ON = Environment("0.12.8", "0.10.2", "cpu", "cpu", 1, "namespace")
KEYS = [
    "code",
    "contract",
    "verdict",
    "witness",
    "reason",
    "flax",
    "jax",
    "device",
    "seconds",
    "certificate",
]
PROGRAM = """\
import optax
from flax import nnx


def make(model: nnx.Linear):
    return nnx.Optimizer(model, optax.adam(1e-3))
"""

Answering = Callable[[Job], Answer]


def kept(job: Job) -> Answer:
    """Answer as if every rule kept its contract."""
    part = job.id.rpartition("/")[2]
    if isinstance(job, CompareJob):
        return Answer(id=job.id, verdict=Verdict.PROVED, reason="equal", environment=ON, seconds=0.5)
    if isinstance(job, RunJob):
        marked = job.program.files[job.program.main].splitlines()
        row = next((row for row, line in enumerate(marked, 1) if "# expect:" in line), None)
        error = "TypeError" if part == "bad" else ""
        return Answer(id=job.id, error=error, row=row, environment=ON, seconds=0.5)
    values = (0.0, 0.1, 0.3) if part == "bad" else (0.0, 0.0, 0.0)
    series = (Series("Drift of `mean`", "call", "largest change", values),)
    return Answer(id=job.id, holds=part != "bad", reason=part, series=series, environment=ON, seconds=0.5)


def broken(job: Job) -> Answer:
    """Answer as if no fix did what it promises."""
    return msgspec.structs.replace(kept(job), holds=False, verdict=Verdict.DIFFERS, reason="0.3 apart")


@pytest.fixture
def sessions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Device, SessionOptions]]:
    """Note the sessions that are opened, which are those of `answering`; work in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("JAX_PLATFORMS", "cpu")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr("nnxlint.commands.verify.demand_jax", lambda: None)
    return []


@pytest.fixture
def answering(
    sessions: list[tuple[Device, SessionOptions]], monkeypatch: pytest.MonkeyPatch
) -> Callable[[Answering], None]:
    """Give what has jobs answered by a function instead of by children."""

    def install(answer: Answering) -> None:
        @contextmanager
        def session(device: Device, options: SessionOptions, advance: object) -> Iterator[Ask]:
            del advance
            sessions.append((device, options))
            yield lambda jobs: [answer(job) for job in jobs]

        monkeypatch.setattr("nnxlint.commands.verify.session", session)

    install(kept)
    return install


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "name paths to verify your code, `--rules` to verify the rules, or `--replay FILE`"),
        (["--replay", "a.json", "b.py"], "--replay repeats what its certificate names"),
        (["--replay", "a.json", "--rules"], "--replay repeats what its certificate names"),
        (["--replay", "a.json", "--report", "b.html"], "choose one of them"),
        (["--replay", "a.json"], "a.json: cannot be read"),
        (["--rules", "NNX777"], "NNX777"),
        (["--rules", "--seeds", "0"], "--seeds"),
        (["--rules", "--timeout", "0"], "--timeout"),
        (["--rules", "--device", "abacus"], "--device"),
        (["missing.py"], "missing.py"),
    ],
)
@pytest.mark.usefixtures("answering")
def test_mistakes_are_one_line(arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", *arguments]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("nnxlint: error: ")
    assert told in line


def test_without_jax_one_line_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("nnxlint.commands.verified._NEEDED", ("no_such_jax", "flax"))

    assert main(["verify", "--rules"]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert "no_such_jax is not installed" in line
    assert "install nnxlint with its extra `verify`" in line


@pytest.mark.usefixtures("answering")
def test_rules_that_keep_their_contracts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "--rules", "NNX102", "NNX206", "--output-format", "json"]) == 0
    first, second = json.loads(capsys.readouterr().out)

    assert list(first) == KEYS
    assert (first["code"], first["verdict"], first["witness"]) == ("NNX102", "REPAIRED", "eval-repeatable")
    assert (second["code"], second["verdict"], second["contract"]) == ("NNX206", "REVIVED", "revives(TypeError)")
    assert (first["flax"], first["jax"], first["device"]) == ("0.12.8", "0.10.2", "cpu, 1 device")
    assert first["seconds"] > 0
    assert Path(first["certificate"]).is_file()


@pytest.mark.usefixtures("answering")
def test_the_table_names_verdicts_and_devices(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "--rules", "NNX102,NNX504"]) == 0
    told = capsys.readouterr().out

    assert re.search(r"^NNX102 +repairs\(eval-repeatable, training-program\) +REPAIRED ", told, re.MULTILINE)
    assert told.endswith("2 REPAIRED (Flax 0.12.8, JAX 0.10.2, cpu, 1 device)\n")


def test_a_contract_that_fails_makes_the_status_1(
    answering: Callable[[Answering], None], capsys: pytest.CaptureFixture[str]
) -> None:
    answering(broken)

    assert main(["verify", "--rules", "NNX102"]) == 1
    assert "1 DIFFERS" in capsys.readouterr().out


def test_a_contract_that_could_not_be_checked_makes_the_status_1(answering: Callable[[Answering], None]) -> None:
    answering(lambda job: Answer(id=job.id, kind="timed-out", reason="no answer within 1 s"))

    assert main(["verify", "--rules", "NNX102"]) == 1


@pytest.mark.usefixtures("answering")
def test_options_reach_the_session(
    sessions: list[tuple[Device, SessionOptions]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--seeds", "7", "--timeout", "5", "--jobs", "3", "--device", "cpu"]

    assert main(["verify", "--rules", "NNX102", *options]) == 0
    assert main(["verify", "--rules", "NNX102", "--no-cache", "--output-format", "json"]) == 0
    kept_in = tmp_path / "cache" / "nnxlint" / "verify" / "answers"
    assert sessions[0] == (Device("cpu", "cpu"), SessionOptions(jobs=3, seconds=5.0, seeds=7, cache=kept_in))
    assert sessions[1][1] == SessionOptions()
    [without] = json.loads(capsys.readouterr().out.partition("device)\n")[2])
    assert without["certificate"] == ""


@pytest.mark.usefixtures("answering")
def test_accelerators_are_compared_with_the_cpu(
    sessions: list[tuple[Device, SessionOptions]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gpu = Device("gpu", "cuda,cpu", "NVIDIA H100")
    monkeypatch.setattr("nnxlint.commands.verify.choose_devices", lambda *_: (gpu,))

    assert main(["verify", "--rules", "NNX102", "--output-format", "json"]) == 0
    [told] = json.loads(capsys.readouterr().out)
    assert [device.name for device, _ in sessions] == ["cpu", "gpu"]
    assert told["reason"].endswith(" numbers equal the CPU's")


@pytest.mark.usefixtures("answering")
def test_a_certificate_is_written_and_replayed(
    answering: Callable[[Answering], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", "--rules", "NNX206", "--certificates", "kept", "--seeds", "5"]) == 0
    [path] = (tmp_path / "kept").iterdir()
    capsys.readouterr()

    assert json.loads(path.read_text())["seeds"] == [0, 1, 2, 3, 4]
    assert main(["verify", "--replay", str(path)]) == 0
    assert capsys.readouterr().out == "NNX206 REVIVED: still holds\n"
    answering(broken)
    assert main(["verify", "--replay", str(path), "--output-format", "json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["code"], told["holds"]) == ("NNX206", False)
    assert any("verdict was PROVED and is DIFFERS (0.3 apart)" in each for each in told["broken"])


def test_on_paths_what_cannot_be_run_is_no_failure(
    answering: Callable[[Answering], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "train.py").write_text(PROGRAM)
    answering(lambda job: Answer(id=job.id, kind="unsupported", reason="needs data"))

    assert main(["verify", "train.py", "--flax-version", "0.12.8", "--isolated", "--output-format", "json"]) == 0
    [told] = json.loads(capsys.readouterr().out)
    assert (told["code"], told["verdict"]) == ("NNX206", "UNVERIFIED")
    assert (told["filename"], told["row"]) == ("train.py", 6)
    assert told["certificate"].startswith(".nnxlint_cache/verify/certificates/NNX206-UNVERIFIED-")
    assert (tmp_path / "train.py").read_text() == PROGRAM


@pytest.mark.usefixtures("answering")
def test_on_paths_without_fixes_there_is_nothing_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "clean.py").write_text("from flax import nnx\n")

    assert main(["verify", "clean.py"]) == 0
    assert capsys.readouterr().out == "nothing to verify: no finding has a fix\n"


@pytest.mark.usefixtures("answering")
def test_a_report_is_one_page_that_needs_nothing_else(tmp_path: Path) -> None:
    assert main(["verify", "--rules", "NNX102", "NNX206", "--report", "out/report.html"]) == 0
    page = (tmp_path / "out" / "report.html").read_text()

    outline = Outline()
    outline.feed(page)
    assert outline.open == []
    assert [tag for tag in outline.tags if tag in {"header", "main", "footer"}] == ["header", "main", "footer"]
    assert not re.search(r"<(script|link|img|iframe)|url\(|@import", page)
    assert "prefers-color-scheme: dark" in page
    assert len(outline.ids) == len(set(outline.ids))
    assert outline.referred <= set(outline.ids)
    assert outline.tags.count("table") == outline.tags.count("caption") == 2
    assert outline.tags.count("svg") == outline.tags.count("desc") == outline.tags.count("figcaption") == 1
    assert 'scope="col"' in page
    assert 'scope="row"' in page
    assert re.search(r"NNX206.*REVIVED", page)


def test_what_programs_say_is_no_markup_of_the_report() -> None:
    reason = "<script>alert('`x` & y')</script>"
    result = Result(code="NNX102", contract="", verdict=Verdict.DIFFERS, reason=reason, environment=ON)
    bad = Series("<b>`loss`", "<i>step", "</svg>loss", (1.0, None, 3.0))
    result = msgspec.structs.replace(result, curves=(Curve("<model>", (bad,), (bad,)),))
    page = report_page([Run(result, filename="<a>.py", row=3)])

    assert not re.search(r"<(script|b|i|a|model)>", page)
    assert "</svg>loss" not in page


@pytest.mark.parametrize(
    ("bad", "fixed", "told"),
    [
        (
            (1.0, 2.0),
            (1.0, 1.0),
            "Loss by step; before the fix: from 1 to 2, between 1 and 2; after the fix: 1 each time.",
        ),
        ((0.0,), (6.0,), "Loss by step; before the fix: 0; after the fix: 6."),
        ((None, None), (1.0, None), "Loss by step; before the fix: no finite number; after the fix: 1."),
    ],
)
def test_plots_are_described_in_words(
    bad: tuple[float | None, ...], fixed: tuple[float | None, ...], told: str
) -> None:
    before, after = ((Series("Loss", "step", "loss", values),) for values in (bad, fixed))

    assert described(before, after) == told
    assert told in plot("Loss", before, after, "plot")


def test_two_streams_are_plotted_one_against_the_other() -> None:
    def drawn(*values: Sequence[float]) -> tuple[Series, ...]:
        return tuple(Series(f"Stream {number}", "draw", "value", tuple(each)) for number, each in enumerate(values))

    same, apart = drawn((1.0, 2.0), (1.0, 2.0)), drawn((1.0, 2.0), (3.0, 2.0))

    assert "before the fix, 2 of 2 draws are the same in both; after it, 1 of 2" in described(same, apart)
    assert plot("Streams", same, apart, "plot").count("<circle") == 4


@pytest.mark.runtime
def test_a_rule_is_verified_on_jax(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.chdir(tmp_path)
    options = ["--device", "cpu", "--no-cache", "--output-format", "json", "--certificates", str(tmp_path / "kept")]

    assert main(["verify", "--rules", "NNX504", *options, "--report", str(tmp_path / "report.html")]) == 0
    [told] = json.loads(capsys.readouterr().out)
    assert told["verdict"] == "REPAIRED"
    assert told["device"].startswith("cpu, ")
    assert "<svg" in (tmp_path / "report.html").read_text()
    assert main(["verify", "--replay", told["certificate"]]) == 0
    assert "still holds" in capsys.readouterr().out


class Outline(HTMLParser):
    """What a page consists of: its elements in order, which are still open, its ids and what refers to ids."""

    VOID = frozenset({"meta", "br", "hr", "input"})

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.ids: list[str] = []
        self.referred: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.tags.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name == "id" and value:
                self.ids.append(value)
            if name in {"aria-labelledby", "aria-describedby"} and value:
                self.referred.add(value)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element that closes itself, as those of SVG may."""
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        """Note that an element is closed."""
        assert self.open.pop() == tag
