"""The recipes of `docs/ci.md`: each is what its service reads, and its shell lines run as they stand."""

import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli_runs import write
from tests.fixture_cases import ROOT

PAGE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
MODEL = "import optax\nfrom flax import nnx\n\n\ndef build(model: nnx.Linear) -> nnx.Optimizer:\n    return {}\n"
BAD = MODEL.format("nnx.Optimizer(model, optax.sgd(0.1))")
GOOD = MODEL.format("nnx.Optimizer(model, optax.sgd(0.1), wrt=nnx.Param)")


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def _recipes() -> dict[str, Any]:
    """Give the recipes in YAML by what they hold."""
    recipes: dict[str, Any] = {}
    for block in _blocks("yaml"):
        loaded = yaml.safe_load(block)
        recipes[loaded.get("name") or ("gitlab" if "nnxlint" in loaded else "pre-commit")] = loaded
    return recipes


def _lines_of(workflow: str) -> list[str]:
    return [step["run"] for step in _recipes()[workflow]["jobs"]["nnxlint"]["steps"] if "run" in step]


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a clone with one commit on `main`, and programs that stand for what the services bring along."""
    for name, line in {
        "nnxlint": f'exec "{sys.executable}" -m nnxlint "$@"',
        "pip": 'echo "$@" >>"$HOME/installed"',
    }.items():
        program = write(tmp_path / "bin" / name, f"#!/bin/sh\n{line}\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NNXLINT", "https://example.org/nnxlint.git@v1")
    monkeypatch.setenv("NO_COLOR", "1")
    origin = tmp_path / "origin"
    write(origin / "pyproject.toml", '[tool.nnxlint]\nflax-version = "0.12.0"\n')
    write(origin / "a.py", BAD)
    _git(origin, "init", "-b", "main")
    _commit(origin)
    _git(tmp_path, "clone", "--quiet", str(origin), "clone")
    _git(tmp_path / "clone", "checkout", "-b", "work")
    return tmp_path / "clone"


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def _commit(folder: Path) -> None:
    _git(folder, "add", "-A")
    _git(folder, "commit", "-m", "x")


def _run(folder: Path, lines: list[str], **variables: str) -> subprocess.CompletedProcess[str]:
    script = "\n".join(["set -e", *lines])
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
    return subprocess.run(
        ["bash", "-c", script],  # noqa: S607 - as services do
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_workflow_annotates(clone: Path) -> None:
    done = _run(clone, _lines_of("nnxlint"))
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("::error ")
    assert (clone.parent / "installed").read_text() == "install nnxlint @ git+https://example.org/nnxlint.git@v1\n"


def test_a_workflow_reports_changed_lines_only(clone: Path) -> None:
    lines = _lines_of("nnxlint on changed lines")
    checkout = _recipes()["nnxlint on changed lines"]["jobs"]["nnxlint"]["steps"][0]
    assert checkout["with"] == {"fetch-depth": 0}
    assert _run(clone, lines, GITHUB_BASE_REF="main").returncode == 0
    write(clone / "b.py", BAD)
    _commit(clone)
    done = _run(clone, lines, GITHUB_BASE_REF="main")
    assert (done.returncode, "b.py" in done.stdout, "a.py" in done.stdout) == (1, True, False)


def test_a_workflow_writes_what_code_scanning_reads(clone: Path) -> None:
    workflow = _recipes()["nnxlint for code scanning"]
    done = _run(clone, _lines_of("nnxlint for code scanning"))
    assert done.returncode == 0, done.stderr
    found = json.loads((clone / workflow["jobs"]["nnxlint"]["steps"][-1]["with"]["sarif_file"]).read_text())
    assert [each["ruleId"] for each in found["runs"][0]["results"]] == ["NNX206"]


def test_gitlab_gets_its_report_and_changed_lines(clone: Path) -> None:
    jobs = _recipes()["gitlab"]
    done = _run(clone, jobs["nnxlint"]["script"])
    assert done.returncode == 1, done.stderr
    assert "a.py:6:12: NNX206" in done.stdout
    report = json.loads((clone / jobs["nnxlint"]["artifacts"]["reports"]["codequality"]).read_text())
    assert [each["location"]["path"] for each in report] == ["a.py"]
    assert jobs["variables"]["GIT_DEPTH"] == "0"
    base = _git(clone, "rev-parse", "main")
    write(clone / "b.py", BAD)
    changed = _run(clone, jobs["nnxlint-changed-lines"]["script"], CI_MERGE_REQUEST_DIFF_BASE_SHA=base)
    assert (changed.returncode, "b.py" in changed.stdout, "a.py" in changed.stdout) == (1, True, False)


def test_the_way_with_a_baseline_can_be_walked(clone: Path) -> None:
    adopt, prune, _ = _blocks("sh")
    done = _run(clone, adopt.splitlines())
    assert done.returncode == 0, done.stderr
    assert _git(clone, "diff", "--cached", "--name-only") == "nnxlint-baseline.json"
    settings = (clone / "pyproject.toml").read_text() + _blocks("toml")[0].removeprefix("[tool.nnxlint]\n")
    write(clone / "pyproject.toml", settings)
    check = _lines_of("nnxlint")
    assert _run(clone, check).returncode == 0
    write(clone / "b.py", BAD)
    assert _run(clone, check).returncode == 1
    write(clone / "b.py", GOOD)
    write(clone / "a.py", GOOD)
    assert _run(clone, check).returncode == 1
    assert _run(clone, prune.splitlines()).returncode == 0
    assert _run(clone, check).returncode == 0


def test_any_service_can_read_junit(clone: Path) -> None:
    *_, lines = _blocks("sh")
    tools = clone / ".nnxlint-venv" / "bin"
    for name in ("pip", "nnxlint"):
        write(tools / name, (clone.parent / "bin" / name).read_text()).chmod(0o755)
    done = _run(clone, [f"python() {{ :; }}\n{lines}"])
    assert done.returncode == 1, done.stderr
    assert ET.parse(clone / "nnxlint.xml").getroot().tag == "testsuites"  # noqa: S314 - our own output


def test_hooks_are_those_that_there_are(clone: Path) -> None:
    [repository] = _recipes()["pre-commit"]["repos"]
    [hook] = repository["hooks"]
    offered = {each["id"]: each for each in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
    done = _run(clone, [" ".join((offered[hook["id"]]["entry"], *hook["args"], "a.py"))])
    assert (done.returncode, done.stderr) == (1, "")
    assert _run(clone, [f"{offered[hook['id']]['entry']} --diff-base HEAD a.py"]).returncode == 0
    assert "args: [--diff-base, HEAD]" in PAGE
    assert "nnxlint-fix" in offered


def test_links_lead_somewhere() -> None:
    assert all((ROOT / "docs" / link).is_file() for link in _links())


def _links() -> Iterator[str]:
    yield from re.findall(r"\]\(([^)#:]+)\)", PAGE)
