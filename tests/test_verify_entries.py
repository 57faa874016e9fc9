"""The user's own code: which entries fixes have, what these are given, and what running them says."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from nnxlint.cases import DeclaredCases
from nnxlint.edits import Applicability, Edit, Fix
from nnxlint.fixer import allowed_applicabilities, fixable
from nnxlint.knowledge import Project, load_projects
from nnxlint.project import CheckRequest, check
from nnxlint.rule import Preserves
from nnxlint.rules import all_rules
from nnxlint.semantic.analysis import analyse
from nnxlint.settings import load_settings, settings_loader
from nnxlint.spans import Span
from nnxlint.verify.entries.around import around
from nnxlint.verify.entries.bisection import settle
from nnxlint.verify.entries.candidates import Candidate, Finder, Refused
from nnxlint.verify.entries.known import known_of
from nnxlint.verify.entries.layout import lay_out
from nnxlint.verify.entries.overlay import FixUnit, compatible, same_program
from nnxlint.verify.pool import Pool, PoolOptions, child_pool
from nnxlint.verify.protocol import ArraySpec
from nnxlint.verify.run_paths import ProjectJudge, run_paths, units_of
from nnxlint.verify.verdicts import Verdict
from tests.fixture_cases import FIXTURES

PROJECTS = FIXTURES / "_verify_projects"

MODEL = """\
import jax.numpy as jnp
import optax
from flax import nnx


class Net(nnx.Module):
    def __init__(self, width: int, *, rngs: nnx.Rngs):
        self.lin = nnx.Linear(3, width, rngs=rngs)
        self.out = nnx.Linear(width, 1, rngs=rngs)

    def __call__(self, x):
        return self.out(nnx.relu(self.lin(x)))

"""


def project_of(folder: Path) -> Project:
    [project] = [each for each in load_projects((folder,), settings_loader()).projects if each.sources]
    return project


def units(project: Project, folder: Path) -> tuple[FixUnit, ...]:
    report = check(CheckRequest((folder,), settings_loader(), all_rules()))
    allowed = allowed_applicabilities(unsafe=True)
    return units_of([each for each in report.diagnostics if fixable(each, allowed)], all_rules(), project)


def finder_of(project: Project, declared: DeclaredCases | None = None) -> Finder:
    known = known_of(analyse(project, entered=True))
    return Finder(known, project) if declared is None else Finder(known, project, declared)


def candidates(folder: Path, code: str) -> list[Candidate | Refused]:
    project = project_of(folder)
    finder = finder_of(project, load_settings(folder).verify)
    [unit, *_] = [each for each in units(project, folder) if each.diagnostic.code == code]
    return list(finder.candidates(unit))


def first(folder: Path, code: str) -> Candidate:
    found = candidates(folder, code)[0]
    assert isinstance(found, Candidate), found
    return found


def written(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_modules_get_the_arguments_that_callers_give() -> None:
    entry = first(PROJECTS / "digits", "NNX207")

    assert entry.entry.name == "train_step"
    assert 'return _nnxlint.resolve_name("digits.model:Classifier")(config=' in entry.driver.code
    assert "widths=(32, 16, )" in entry.driver.code
    assert 'resolve_name("flax.nnx.MultiMetric")' in entry.driver.code or "MultiMetric(" in entry.driver.code


def test_the_keys_of_a_batch_become_inputs() -> None:
    entry = first(PROJECTS / "digits", "NNX207")

    assert entry.driver.unsolved == {"batch_image": "image", "batch_label": "label"}
    assert "batch={'image': batch_image, 'label': batch_label}" in entry.driver.code


def test_a_batch_that_is_unpacked_becomes_a_tuple() -> None:
    entry = first(PROJECTS / "agent", "NNX207")

    assert set(entry.driver.unsolved.values()) == {"observation", "action", "reward", "following"}


def test_what_is_run_over_becomes_a_loader_of_two_batches() -> None:
    folder = PROJECTS / "agent"
    finder = finder_of(project_of(folder))
    facts = finder.known.facts[(folder / "agent.py").as_posix()]
    train = next(decl for decl in facts.functions.values() if decl.name == "train")
    found = around(facts, facts.tree.span(train.node))

    assert found is not None
    entry = finder._candidate(found, facts.path, None)
    batch = "(batches_observation, batches_action, batches_reward, batches_following,)"
    assert f"batches=[{batch}, {batch}]" in entry.driver.code
    assert "steps=2" in entry.driver.code  # instead of the default, 1000


def test_counts_of_repetitions_are_small(tmp_path: Path) -> None:
    text = MODEL + (
        "def train(epochs, x):\n    model = Net(4, rngs=nnx.Rngs(0))\n    opt = nnx.Optimizer(model, optax.sgd(0.1))\n"
        "    for _ in range(epochs):\n        opt.update(model, nnx.grad(lambda m: jnp.mean(m(x) ** 2))(model))\n\n\n"
        "def main():\n    train(5000, jnp.ones((2, 3)))\n"
    )

    assert "epochs=2" in first(written(tmp_path, {"train.py": text}), "NNX206").driver.code


def test_callers_follow_the_function_itself() -> None:
    names = [each.entry.name for each in candidates(PROJECTS / "digits", "NNX207") if isinstance(each, Candidate)]

    assert names[:2] == ["train_step", "run"]


def test_what_stands_at_the_top_of_a_script_is_refused_with_advice() -> None:
    [refused] = candidates(PROJECTS / "script", "NNX206")

    assert isinstance(refused, Refused)
    assert "row 9" in refused.reason
    assert "declare a case" in refused.reason


def test_a_constructor_is_run_by_building_and_calling() -> None:
    entry = first(FIXTURES / "_project" / "kinds", "NNX501")

    assert "control.pid:Proportional" in entry.driver.code
    assert "return built(error=error)" in entry.driver.code


def test_a_declared_case_that_does_not_fit_says_so(tmp_path: Path) -> None:
    text = MODEL + (
        "def step(x):\n    model = Net(4, rngs=nnx.Rngs(0))\n    opt = nnx.Optimizer(model, optax.sgd(0.1))\n"
        "    opt.update(model, nnx.grad(lambda m: jnp.mean(m(x) ** 2))(model))\n"
    )
    settings = "[[verify.case]]\ntarget = 'shop.train:step'\ninputs = {images = {shape = [5, 3]}}\n"
    files = {"shop/train.py": text, "shop/__init__.py": "", "nnxlint.toml": settings, "pyproject.toml": "[project]\n"}

    refused, itself = candidates(written(tmp_path, files), "NNX206")

    assert isinstance(refused, Refused)
    assert refused.reason == "the case of shop.train:step has the input `images`, which `step` does not take"
    assert isinstance(itself, Candidate)


def test_the_functions_of_a_file_that_the_settings_name_are_entries(tmp_path: Path) -> None:
    text = MODEL + (
        "def step(model, x):\n    opt = nnx.Optimizer(model, optax.sgd(0.1))\n"
        "    opt.update(model, nnx.grad(lambda m: jnp.mean(m(x) ** 2))(model))\n"
    )
    entries = (
        "import jax.numpy as jnp\nfrom flax import nnx\nfrom shop.train import Net, step\n\n\n"
        "def one_step():\n    step(Net(4, rngs=nnx.Rngs(0)), jnp.ones((2, 3)))\n"
    )
    settings = "[verify]\nentries = 'entries.py'\n"
    files = {"shop/train.py": text, "shop/__init__.py": "", "entries.py": entries, "nnxlint.toml": settings}

    entry = first(written(tmp_path, {**files, "pyproject.toml": "[project]\n"}), "NNX206")

    assert entry.entry.name == "one_step"
    assert 'resolve_name("entries:one_step")' in entry.driver.code
    assert "entries.py" in entry.layout.files


def test_a_declared_class_is_built_as_the_settings_say(tmp_path: Path) -> None:
    text = MODEL.replace("self.lin =", "self.seen = nnx.Param(jnp.zeros(()))\n        self.lin =").replace(
        "        return", "        self.seen[...] = self.seen[...] + 1\n        return"
    )
    settings = (
        "[[verify.case]]\ntarget = 'train:Net'\narguments = {width = 7}\n"
        "inputs = {x = {shape = [1, 3], dtype = 'bfloat16'}}\n"
    )
    files = {"train.py": text, "nnxlint.toml": settings, "pyproject.toml": "[project]\n"}

    entry = first(written(tmp_path, files), "NNX501")

    assert "Net(width=7, rngs=" in entry.driver.code
    assert entry.driver.case.inputs == {"x": ArraySpec((1, 3), "bfloat16")}
    assert entry.driver.unsolved == {}


def test_files_lie_where_imports_look_for_them() -> None:
    project = project_of(PROJECTS / "digits")

    layout = lay_out((PROJECTS / "digits" / "train.py").as_posix(), project)

    assert layout.main == "train.py"
    assert set(layout.files) == {"train.py", "digits/__init__.py", "digits/config.py", "digits/model.py"}


def test_fixes_that_touch_the_same_text_are_not_made_together() -> None:
    project = project_of(PROJECTS / "digits")
    [one, *_] = units(project, PROJECTS / "digits")

    assert compatible([one, one], project.sources) == (one,)


def test_comments_make_no_other_program() -> None:
    assert same_program("x = 1  # one\n", "x = 1\n")
    assert not same_program("x = 1\n", "x = 2\n")


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with child_pool(PoolOptions(workers=2, platforms="cpu")) as made:
        yield made


EXPECTED = {
    "trainer_class": {("NNX206", 21): "REVIVED", ("NNX207", 30): "REVIVED", ("NNX102", 34): "REPAIRED"},
    "vae_config": {("NNX402", 46): "REPAIRED", ("NNX102", 63): "REPAIRED", ("NNX504", 72): "REPAIRED"},
    "agent": {("NNX501", 12): "REPAIRED", ("NNX207", 35): "REVIVED"},
    "digits": {("NNX207", 25): "REVIVED", ("NNX206", 42): "REVIVED"},
    "script": {("NNX206", 9): "REVIVED", ("NNX207", 19): "REVIVED"},
}


@pytest.mark.runtime
@pytest.mark.parametrize("name", EXPECTED)
def test_projects_get_their_verdicts(name: str, pool: Pool) -> None:
    run = run_paths(CheckRequest((PROJECTS / name,), settings_loader(), all_rules()), pool.run)

    found = {}
    for each in run.verdicts:
        finding = each.unit.diagnostic
        row = run.report.sources[finding.path].lines.position(finding.span.start).row
        found[finding.code, row] = each.judged.verdict.value
        assert each.judged.reason
    assert found == EXPECTED[name]


@pytest.mark.runtime
def test_a_wrong_fix_is_found_among_right_ones(pool: Pool) -> None:
    folder = PROJECTS / "vae_config"
    project = project_of(folder)
    path = (folder / "vae.py").as_posix()
    text = project.sources[path].text
    [template, *_] = [each for each in units(project, folder) if each.diagnostic.code == "NNX402"]

    def made(old: str, new: str) -> FixUnit:
        start = text.index(old)
        fix = Fix("change it", Applicability.SAFE, (Edit(Span(start, start + len(old)), new),))
        return FixUnit(replace(template.diagnostic, span=Span(start, start + 1), fix=fix), Preserves())

    renamed = made("    h = nnx.relu(self.lin(x))\n", "    h = jax.nn.relu(self.lin(x))\n")
    wrong = made("-0.5 * jnp.mean", "-0.25 * jnp.mean")
    same = made("jnp.mean((recon - x) ** 2) + kl", "kl + jnp.mean((recon - x) ** 2)")

    settled = settle((renamed, wrong, same), ProjectJudge(project, pool.run).judge())

    assert set(settled.kept) == {renamed, same}
    assert settled.taken_back[wrong].verdict is Verdict.DIFFERS
    assert "elbo" in settled.taken_back[wrong].reason or "_nnxlint_entry" in settled.taken_back[wrong].reason


LACKS_A_LIBRARY = """\
import optax
from absent_library import Dataset, registered
from flax import nnx


class Pictures(Dataset):
    pass


@registered
def unused():
    return Pictures()


def trained(pictures: Dataset | None = None) -> Dataset:
    return nnx.Optimizer(nnx.Linear(2, 2, rngs=nnx.Rngs(0)), optax.sgd(0.1))


def loaded():
    pictures = Pictures()
    return pictures, nnx.Optimizer(nnx.Linear(2, 2, rngs=nnx.Rngs(0)), optax.sgd(0.1))
"""


@pytest.mark.runtime
def test_what_needs_an_absent_library_is_left_out_alone(tmp_path: Path, pool: Pool) -> None:
    folder = written(tmp_path, {"train.py": LACKS_A_LIBRARY})
    run = run_paths(CheckRequest((folder,), settings_loader(), all_rules()), pool.run)

    apart, needing = (each.judged for each in run.verdicts)
    assert apart.verdict is Verdict.REVIVED, apart.reason
    assert needing.verdict is Verdict.UNVERIFIED
    assert "`Pictures` is missing: row 6 was not run because it uses what was not run" in needing.reason


def test_a_batch_whose_keys_only_its_uses_tell_becomes_inputs(tmp_path: Path) -> None:
    text = MODEL + (
        "def prepared(batch):\n    return {key: jnp.array(value) for key, value in batch.items()}\n\n\n"
        "def train_step(model: Net, opt: nnx.Optimizer, batch):\n"
        "    grads = nnx.grad(lambda m: jnp.mean((m(batch['image']) - batch['label']) ** 2))(model)\n"
        "    opt.update(grads)\n\n\n"
        "def main(batches):\n    model = Net(4, rngs=nnx.Rngs(0))\n"
        "    opt = nnx.Optimizer(model, optax.sgd(0.1), wrt=nnx.Param)\n"
        "    for batch in batches:\n        train_step(model, opt, prepared(batch))\n"
    )
    entry = first(written(tmp_path, {"train.py": text}), "NNX207")

    assert entry.driver.unsolved == {"batch_image": "image", "batch_label": "label"}
