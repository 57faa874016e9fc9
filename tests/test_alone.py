"""Naming files chooses what is reported, never what is known: a file has the same findings alone."""

from pathlib import Path

import pytest

from nnxlint.knowledge import load_projects
from nnxlint.project import CheckRequest, check
from nnxlint.rules import all_rules
from nnxlint.settings import Overrides, settings_loader
from nnxlint.testing.cases import Case, copied, expected_places, overrides_for, place
from tests.fixture_cases import project_cases

CASES = tuple(case for case in project_cases() if case.name.startswith("_project/"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_file_has_the_same_findings_alone_as_in_a_full_run(case: Case, tmp_path: Path) -> None:
    folder = _repository(case, tmp_path)
    settings_of = settings_loader(overrides_for(case))
    promised = expected_places(case)

    for file in case.modules:
        report = check(CheckRequest((folder / file,), settings_of, all_rules()))

        found = sorted(place(folder, report.sources[each.path], each) for each in report.diagnostics)
        assert found == [each for each in promised if each[0] == file]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_several_files_have_the_findings_of_each(case: Case, tmp_path: Path) -> None:
    folder = _repository(case, tmp_path)
    settings_of = settings_loader(overrides_for(case))
    named = case.modules[::2]

    report = check(CheckRequest(tuple(folder / file for file in named), settings_of, all_rules()))

    found = sorted(place(folder, report.sources[each.path], each) for each in report.diagnostics)
    assert found == [each for each in expected_places(case) if each[0] in named]


def test_callers_are_known_though_they_are_not_named(tmp_path: Path) -> None:
    demo = next(case for case in CASES if case.name == "_project/demo")
    folder = copied(demo, tmp_path)
    loaded = load_projects((folder / "flowers/evaluate.py",), settings_loader())

    [project] = loaded.projects

    assert project.reported == ((folder / "flowers/evaluate.py").as_posix(),)
    assert (folder / "flowers/train.py").as_posix() in project.sources


def _repository(case: Case, folder: Path) -> Path:
    """Copy a case into what is plainly a project: without one, a single file is known with its folder only."""
    (folder / ".git").mkdir()
    return copied(case, folder)


@pytest.mark.parametrize("named", ["shop", "shop/evaluate.py", "."])
def test_a_package_without_a_project_file_knows_itself_by_its_name(
    named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "shop"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "model.py").write_text(
        "from flax import nnx\n\n\nclass Net(nnx.Module):\n    def __init__(self, *, rngs: nnx.Rngs):\n"
        "        self.drop = nnx.Dropout(0.5, rngs=rngs)\n\n    def __call__(self, x, train=True):\n"
        "        return self.drop(x, deterministic=not train)\n"
    )
    (package / "evaluate.py").write_text(
        "from flax import nnx\n\nfrom shop.model import Net\n\n\ndef evaluate(test_batch):\n"
        "    model = Net(rngs=nnx.Rngs(0))\n    test_preds = model(test_batch)\n    return test_preds\n"
    )
    monkeypatch.chdir(tmp_path)
    report = check(CheckRequest((Path(named).resolve(),), settings_loader(Overrides())))
    assert [each.code for each in report.diagnostics] == ["NNX101"]
