"""Rules of others: found, loaded, chosen, silenced, remembered, and named where they are wrong."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from nnxlint import api, testing
from nnxlint.cli import main
from tests.fixture_cases import ROOT

EXAMPLE = ROOT / "docs" / "examples" / "acme-nnx-rules"
RULE = EXAMPLE / "acme_nnx_rules" / "batch_norm_implicit_momentum.py"
CODE = "from flax import nnx\n\nnorm = nnx.BatchNorm(8, rngs=nnx.Rngs(0))\n"
SETTINGS = '[tool.nnxlint]\nrules-path = ["lint_rules"]\n'
FOUND = "code.py:3:8: ACME101 warning: `nnx.BatchNorm` without `momentum`"
OTHER = '''"""Finds all Rngs.

## What it does
It does that.
"""

from nnxlint.api import Level, rule


@rule("{code}", "{name}", level=Level.WARNING, documentation=__doc__)
def {function}(ctx):
    """Report them."""
    for call in ctx.model.calls("flax.nnx.Rngs"):
        {body}
'''
REPORT = 'yield ctx.diagnostic(call, "an `Rngs`")'


@dataclass(frozen=True, slots=True)
class Done:
    """What a run gave."""

    status: int
    out: str
    err: str


Run = Callable[..., Done]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Give a project whose settings name a folder with the example's rule."""
    folder = tmp_path / "project"
    (folder / "lint_rules").mkdir(parents=True)
    shutil.copy(RULE, folder / "lint_rules")
    (folder / "code.py").write_text(CODE)
    (folder / "pyproject.toml").write_text(SETTINGS)
    return folder


@pytest.fixture
def run(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Give what runs nnxlint in the project."""
    monkeypatch.chdir(project)

    def start(*arguments: str) -> Done:
        status = main(arguments)
        captured = capsys.readouterr()
        return Done(status, captured.out, captured.err)

    return start


@pytest.fixture
def run_apart(project: Path, tmp_path: Path) -> Run:
    """Give what runs nnxlint in a process of its own, with the packages in `site` installed, and no local rules."""
    (project / "pyproject.toml").unlink()

    def start(*arguments: str) -> Done:
        path = os.pathsep.join((str(tmp_path / "site"), str(ROOT)))
        done = subprocess.run(
            [sys.executable, "-m", "nnxlint", *arguments],
            cwd=project,
            env={**os.environ, "NO_COLOR": "1", "PYTHONPATH": path},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    return start


def check(run: Run, *arguments: str) -> Done:
    return run("check", "--output-format", "concise", *arguments, "code.py")


def other(code: str = "ACME102", name: str = "rngs-made", body: str = REPORT) -> str:
    return OTHER.format(code=code, name=name, function=name.replace("-", "_"), body=body)


def install(site: Path, *, value: str = "acme_nnx_rules", package: str = "acme-nnx-rules") -> Path:
    """Put the example among the installed packages, as pip would."""
    copied = site / value.partition(":")[0].partition(".")[0]
    if not copied.exists():
        shutil.copytree(EXAMPLE / "acme_nnx_rules", copied)
    about = site / f"{package.replace('-', '_')}-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[nnxlint.rules]\nacme = {value}\n")
    return copied


def test_a_folder_that_settings_name_brings_rules(run: Run) -> None:
    found = check(run)

    assert found.status == 1
    assert FOUND in found.out
    assert found.err == ""


def test_no_compiled_code_is_left_beside_rules(run: Run, project: Path) -> None:
    check(run)

    assert [path.name for path in (project / "lint_rules").iterdir()] == [RULE.name]


def test_files_may_import_each_other_and_helpers_are_no_rules(run: Run, project: Path) -> None:
    rules = project / "lint_rules"
    (rules / "_words.py").write_text('TEXT = "an `Rngs`, says a helper"\n')
    (rules / "test_rules.py").write_text("raise RuntimeError\n")
    text = other(body="yield ctx.diagnostic(call, TEXT)").replace("@rule", "from ._words import TEXT\n\n\n@rule")
    (rules / "second.py").write_text(text)
    (rules / "third.py").write_text(
        other("ACME103", "third-rule").replace("\n\n@rule", "\nfrom .second import rngs_made\n\n@rule")
    )

    found = check(run)

    assert "ACME102 warning: an `Rngs`, says a helper" in found.out
    assert found.out.count("ACME102") == 1
    assert "ACME103" in found.out


def test_a_single_file_brings_rules(run: Run, project: Path) -> None:
    (project / "pyproject.toml").write_text(f'[tool.nnxlint]\nrules-path = ["lint_rules/{RULE.name}"]\n')

    assert FOUND in check(run).out


def test_paths_count_from_the_settings_file(run: Run, project: Path) -> None:
    (project / "pyproject.toml").rename(project / "lint_rules" / "nnxlint.toml")
    (project / "lint_rules" / "nnxlint.toml").write_text('rules-path = ["."]\n')

    assert FOUND in check(run, "--config", "lint_rules/nnxlint.toml").out


def test_only_a_settings_file_brings_rules(run: Run, project: Path) -> None:
    typed = check(run, "--isolated", "--config", 'rules-path = ["lint_rules"]')

    assert typed.status == 2
    assert "only a settings file may name code" in typed.err
    assert "ACME101" not in check(run, "--isolated").out
    (project / "pyproject.toml").unlink()
    assert "ACME101" not in check(run).out


def test_an_installed_package_brings_rules(run_apart: Run, tmp_path: Path) -> None:
    install(tmp_path / "site")

    assert FOUND in check(run_apart).out
    assert "From acme-nnx-rules 1.0." in run_apart("rule", "ACME101").out


@pytest.mark.parametrize(
    "value",
    [
        "acme_nnx_rules.batch_norm_implicit_momentum",
        "acme_nnx_rules.batch_norm_implicit_momentum:batch_norm_implicit_momentum",
    ],
)
def test_an_entry_point_names_a_module_or_a_rule(run_apart: Run, tmp_path: Path, value: str) -> None:
    install(tmp_path / "site", value=value)

    assert FOUND in check(run_apart).out


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["--select", "ACME"], 1),
        (["--select", "ACME1"], 1),
        (["--select", "batch-norm-implicit-momentum"], 1),
        (["--select", "NNX"], 0),
        (["--ignore", "ACME101"], 0),
        (["--ignore", "ACME"], 0),
        (["--per-file-ignores", "*.py:ACME101"], 0),
    ],
)
def test_rules_are_chosen_by_code_prefix_and_name(run: Run, arguments: list[str], status: int) -> None:
    assert check(run, *arguments).status == status


@pytest.mark.parametrize("selector", ["ACME102", "ACM", "batch-norm-momentum"])
def test_a_name_of_no_rule_is_compared_with_all_rules(run: Run, selector: str) -> None:
    done = check(run, "--select", selector)

    assert done.status == 2
    assert "did you mean `ACME101`?" in done.err or "did you mean `batch-norm-implicit-momentum`?" in done.err


@pytest.mark.parametrize(
    "comment", ["# nnxlint: ignore[ACME101]", "# nnxlint: ignore[batch-norm-implicit-momentum]", "# noqa: ACME101"]
)
def test_comments_silence_them(run: Run, project: Path, comment: str) -> None:
    (project / "code.py").write_text(CODE.rstrip() + f"  {comment}\n")

    assert check(run) == Done(0, "No problems found in 1 file\n", "")


def test_a_comment_that_silences_none_of_them_is_reported(run: Run, project: Path) -> None:
    (project / "code.py").write_text(CODE + "x = 1  # noqa: ACME101\n")

    assert "NNX901 warning: `ACME101` silences nothing" in check(run).out


def test_codes_of_others_in_noqa_are_left_alone_without_the_rule(run: Run, project: Path) -> None:
    (project / "code.py").write_text(CODE + "x = 1  # noqa: ACME101\n")

    assert check(run, "--isolated") == Done(0, "No problems found in 1 file\n", "")


def test_their_fixes_are_made(run: Run, project: Path) -> None:
    run("check", "--fix", "code.py")

    assert (project / "code.py").read_text() == CODE.replace("Rngs(0))", "Rngs(0), momentum=0.99)")


def test_options_of_theirs_hold(run: Run, project: Path) -> None:
    (project / "pyproject.toml").write_text(SETTINGS + "[tool.nnxlint.rules.ACME101]\nmomentum = 0.9\n")

    diff = run("check", "--diff", "--unsafe-fixes", "code.py").out

    assert "momentum=0.9)" in diff


def test_what_is_kept_is_forgotten_when_a_rule_changes(run: Run, project: Path) -> None:
    assert FOUND in check(run).out
    assert FOUND in check(run).out
    rule = project / "lint_rules" / RULE.name

    rule.write_text(rule.read_text().replace("nobody chose", "no one chose"))

    assert "no one chose" in check(run).out


def test_what_is_kept_is_forgotten_when_an_installed_rule_changes(run_apart: Run, tmp_path: Path) -> None:
    assert "ACME101" not in check(run_apart).out
    installed = install(tmp_path / "site")
    assert FOUND in check(run_apart).out

    path = installed / RULE.name
    path.write_text(path.read_text().replace("follow at a pace nobody chose", "follow at some pace"))

    assert "follow at some pace" in check(run_apart).out


def test_worker_processes_know_them(run: Run, project: Path) -> None:
    filler = "".join(f"x{number} = {number}\n" for number in range(12_000))
    for name in ("one", "two", "three"):
        (project / f"{name}.py").write_text(CODE + filler)

    found = run("check", "--no-cache", "--output-format", "concise", "one.py", "two.py", "three.py")

    assert found.out.count("ACME101") == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "import nowhere_to_be_found\n",
            "cannot be loaded: ModuleNotFoundError: No module named 'nowhere_to_be_found' (second.py, line 1)",
        ),
        ("x = 1\n1 / 0\n", "cannot be loaded: ZeroDivisionError: division by zero (second.py, line 2)"),
        ("raise SystemExit(3)\n", "cannot be loaded: SystemExit: 3 (second.py, line 1)"),
        ("def broken(:\n", "cannot be loaded: SyntaxError"),
        (other("NNX777"), "`NNX777`: the prefix NNX is kept for nnxlint's own rules"),
        (other("ALL101"), "`ALL101`: ALL names all rules"),
        (other("acme102"), "`acme102` is no code"),
        (other("ACME"), "`ACME` is no code"),
        (other(name="rngs"), "`rngs` is no name of a rule"),
        (other().replace("documentation=__doc__", 'documentation=""'), "`ACME102` has no documentation"),
    ],
)
def test_rules_that_are_wrong_are_one_line_that_names_them(run: Run, project: Path, text: str, message: str) -> None:
    (project / "lint_rules" / "second.py").write_text(text)

    done = check(run)

    assert done.status == 2
    assert done.out == ""
    assert "second.py: " in done.err
    assert message in done.err
    assert done.err.count("\n") == 1


@pytest.mark.parametrize(
    ("code", "name", "message"),
    [
        (
            "ACME101",
            "rngs-made",
            f"two rules are called `ACME101`: ACME101 (batch-norm-implicit-momentum) of {RULE.name} and ACME101",
        ),
        (
            "ACME102",
            "manual-param-update",
            "two rules are called `manual-param-update`: NNX201 (manual-param-update) of nnxlint itself and",
        ),
    ],
)
def test_clashes_are_mistakes(run: Run, project: Path, code: str, name: str, message: str) -> None:
    (project / "lint_rules" / "second.py").write_text(other(code, name))

    done = check(run)

    assert done.status == 2
    assert message in done.err


def test_a_package_that_cannot_be_loaded_is_named(run_apart: Run, tmp_path: Path) -> None:
    installed = install(tmp_path / "site")
    (installed / "broken.py").write_text("1 / 0\n")

    done = check(run_apart)

    assert done.status == 2
    assert (
        "the rules `acme` of the installed package acme-nnx-rules 1.0: cannot be loaded: ZeroDivisionError" in done.err
    )


def test_an_entry_point_that_names_no_rule_is_a_mistake(run_apart: Run, tmp_path: Path) -> None:
    install(tmp_path / "site", value="acme_nnx_rules.batch_norm_implicit_momentum:MESSAGE")

    assert "is neither a module, nor a rule, nor a list of rules" in check(run_apart).err


def test_a_folder_without_rules_is_a_mistake(run: Run, project: Path) -> None:
    (project / "lint_rules" / RULE.name).write_text("x = 1\n")

    assert "defines no rule: write one with `@rule` of `nnxlint.api`" in check(run).err


def test_a_rule_that_crashes_is_reported_as_theirs(run: Run, project: Path) -> None:
    (project / "lint_rules" / "second.py").write_text(other(body="yield 1 / 0"))

    done = check(run)

    assert done.status == 2
    assert "NNX999 error: rule ACME102 (rngs-made) crashed here: a defect of second.py" in done.out
    assert FOUND in done.out


def test_rules_are_listed_and_explained_with_those_of_others(run: Run) -> None:
    assert (
        "ACME101  batch-norm-implicit-momentum  warning  safe fix  from batch_norm_implicit_momentum.py"
        in run("rule", "--all").out
    )
    explained = json.loads(run("rule", "ACME101", "--output-format", "json").out)

    assert explained["options"] == [
        {"name": "momentum", "default": 0.99, "description": "the momentum that the fix writes"}
    ]
    assert explained["origin"] == RULE.name


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            "[tool.nnxlint.rules.NNX501]\ntraned = []\n",
            "pyproject.toml:4: `NNX501` has no option `traned`, did you mean `trained`?",
        ),
        (
            "[tool.nnxlint.rules]\nNNX501.trained = 'a'\n",
            "pyproject.toml:4: `NNX501`: `trained` must be a list of strings",
        ),
        ("[tool.nnxlint.rules.ACME101]\nmomentum = true\n", "pyproject.toml:4: `ACME101`: `momentum` must be a number"),
        ("[tool.nnxlint.rules.NNX206]\nx = 1\n", "pyproject.toml:4: `NNX206` has no options"),
        ("[tool.nnxlint.rules.ACME110]\nx = 1\n", "pyproject.toml:4: unknown rule `ACME110`, did you mean `ACME101`?"),
        (
            "[tool.nnxlint.rules.statistic-as-parm]\nx = 1\n",
            "pyproject.toml:4: unknown rule `statistic-as-parm`, did you mean `statistic-as-param`?",
        ),
        ("rules = {NNX501 = {x = 1}}\n", "pyproject.toml:3: `NNX501` has no option `x` (known: trained)"),
    ],
)
def test_options_that_are_wrong_are_one_line_with_their_place(
    run: Run, project: Path, table: str, message: str
) -> None:
    (project / "pyproject.toml").write_text(SETTINGS + table)

    done = check(run)

    assert done.status == 2
    assert message in done.err
    assert done.err.count("\n") == 1


def test_the_example_passes_the_tests_that_it_shows(tmp_path: Path) -> None:
    install(tmp_path / "site")
    shutil.copytree(EXAMPLE / "tests", tmp_path / "tests")

    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "--rootdir",
            str(tmp_path),
            str(tmp_path / "tests"),
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(tmp_path / "site"), str(ROOT)))},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )

    assert done.returncode == 0, done.stdout
    assert "33 passed" in done.stdout


def test_what_authors_import_is_documented() -> None:
    page = (ROOT / "docs" / "plugins.md").read_text()

    assert {name for name in (*api.__all__, *testing.__all__) if not re.search(rf"\b{name}\b", page)} == set()


def test_the_harness_works_without_importing_pytest() -> None:
    code = "import sys, nnxlint.testing, nnxlint.api; print('pytest' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
