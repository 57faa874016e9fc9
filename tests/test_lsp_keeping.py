"""What the server keeps between changes: answers are those of a new start, and cost what changed."""

from pathlib import Path

import pytest

from nnxlint import live as live_module
from nnxlint.knowledge import Project
from nnxlint.lsp.checking import CheckAnalysis
from nnxlint.request import CheckRequest
from nnxlint.settings import NO_OVERRIDES

STEP = """from flax import nnx


def make(model, tx):
    return nnx.Optimizer(model, tx)
"""


@pytest.fixture
def program(tmp_path: Path) -> str:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "p"\ndependencies = ["flax>=0.12"]\n')
    (tmp_path / "steps.py").write_text(STEP)
    (tmp_path / "main.py").write_text("from flax import nnx\nfrom steps import make\n")
    return (tmp_path / "steps.py").as_posix()


@pytest.fixture
def analyses(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    made: list[str] = []
    keep = live_module.keep_live

    def watched(project: Project, request: CheckRequest, *, watched: bool = False) -> live_module.LiveProject:
        made.append(str(project.root))
        return keep(project, request, watched=watched)

    monkeypatch.setattr(live_module, "keep_live", watched)
    return made


def codes(analysis: CheckAnalysis, path: str) -> list[str]:
    return [each.code for each in analysis.file_findings(path).diagnostics]


def test_one_analysis_serves_many_changes(program: str, analyses: list[str]) -> None:
    analysis = CheckAnalysis([Path(program).parent])
    analysis.update(program, STEP.encode())
    analysis.prepare()
    assert codes(analysis, program) == ["NNX206"]
    for text in ("tx, wrt=nnx.Param", "tx", "tx, wrt=nnx.Param", "tx"):
        analysis.update(program, STEP.replace("Optimizer(model, tx)", f"Optimizer(model, {text})").encode())
        assert codes(analysis, program) == ([] if "wrt" in text else ["NNX206"])
        assert analysis.project_findings(lambda *_: None).keys() >= {program}
    assert len(analyses) == 1


def test_another_file_of_the_project_is_seen(program: str, analyses: list[str]) -> None:
    analysis = CheckAnalysis([Path(program).parent])
    analysis.update(program, STEP.encode())
    analysis.prepare()
    other = Path(program).with_name("extra.py")
    other.write_text(STEP.replace("make", "build"))
    Path(program).write_text("from extra import build\n" + STEP)
    analysis.update(other.as_posix(), None)
    analysis.update(program, Path(program).read_bytes())
    found = analysis.project_findings(lambda *_: None)
    assert [each.code for each in found[other.as_posix()].diagnostics] == ["NNX206"]
    assert len(analyses) <= 2


def test_settings_are_heeded_at_once(program: str, analyses: list[str]) -> None:
    analysis = CheckAnalysis([Path(program).parent])
    analysis.update(program, STEP.encode())
    analysis.prepare()
    assert codes(analysis, program) == ["NNX206"]
    Path(program).with_name("nnxlint.toml").write_text('ignore = ["NNX206"]\n')
    analysis.reload([Path(program).parent], NO_OVERRIDES)
    assert codes(analysis, program) == []
    assert analyses
