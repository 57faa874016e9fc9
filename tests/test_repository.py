"""The house rules: layers, sizes, documents and messages, read from the files themselves."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from nnxlint.rule import Rule
from nnxlint.rules import all_rules
from nnxlint.testing import Bench, Case
from nnxlint.testing.documentation import (
    documentation_has_its_headings,
    the_example_is_reported,
    the_rule_has_fixtures,
    what_to_use_instead_is_not_reported,
)
from tests.fixture_cases import (
    FIXTURES,
    ROOT,
    WITHOUT_PROGRAMS,
    fixture_folder,
    module_of,
    rule_cases,
)

PACKAGE = ROOT / "nnxlint"
PAGES = ROOT / "docs" / "rules"
MAX_FUNCTION_LINES = 40
MAX_MODULE_LINES = 300

# The layers, lowest first: a module imports from its own layer and from those before it, never from one
# after. A package stands for everything in it, unless one of its modules is named elsewhere. The tables of
# the Flax API are generated data that import nothing, and the choice of the target must know their versions.
LAYERS = {
    "vocabulary": ("spans", "edits", "diagnostic", "errors", "garbage", "timing", "semantic.flax_api"),
    "input": (
        "source",
        "notebook",
        "naming",
        "presence",
        "discovery",
        "anchoring",
        "cases",
        "toml_places",
        "config",
        "file_ignores",
        "extensions",
        "settings",
        "pins",
        "target",
        "imports",
        "connections",
        "grouping",
        "knowledge",
        "writing",
        "workers",
    ),
    "syntax": ("syntax", "newer_syntax"),
    "facts": ("semantic.facts", "semantic.index", "semantic.vocabulary", "semantic.statistics"),
    "values": ("semantic.values", "semantic.observe", "semantic.heap", "semantic.frames"),
    "machine": ("semantic.machine", "semantic.numbers", "semantic.recording", "semantic.segments"),
    "interpretation": ("semantic.library", "semantic.flow"),
    "run": ("semantic.run", "semantic.reconcile", "semantic.live"),
    "queries": ("semantic",),  # whatever asks the log: a module of `semantic` that is named nowhere else
    "model": ("semantic.model",),
    "analysis": ("semantic.analysis",),
    "rule": ("rule",),
    "rules": ("rules", "plugins", "api"),
    "engine": (
        "statements",
        "directives",
        "fingerprint",
        "suppression",
        "ignoring",
        "baseline",
        "revision",
        "scope",
        "cache",
        "configured",
        "selection",
        "linter",
        "report",
        "fixer",
        "syntax_errors",
        "request",
        "remembering",
        "checking",
        "project",
        "live",
        "surveying",
    ),
    "companion": ("verify",),
    "output": ("render",),
    "faces": ("completion", "manual", "options", "pages", "commands", "lsp", "cli", "__main__"),
    "testing": ("testing",),  # the harness of rules, for tests only
    "child": ("verify.child", "verify.reference"),  # processes of their own: nobody imports them
}

# What a rule may import of the project besides the model and the queries, whose sites it names.
# How the linted program is interpreted (values, heap, flow) is not its business.
FOR_RULES = ("diagnostic", "edits", "rule", "spans", "syntax.rewrite", "syntax.tree")

# Heavy or optional packages, and the only parts of the house that may import them.
CONFINED = {
    "jax": ("verify.child", "verify.reference"),
    "flax": ("verify.child", "verify.reference"),
    "optax": ("verify.child", "verify.reference"),
    "orbax": ("verify.child", "verify.reference"),
    "pygls": ("lsp",),
    "lsprotocol": ("lsp",),
    "pygal": ("render.plots",),
    "watchfiles": ("commands.watch",),
    "rich": ("render", "commands"),
    "click": ("cli", "completion", "manual", "options", "render.diff"),
    "libcst": ("syntax", "newer_syntax", "semantic.sites", "rules", "testing"),
}


def _name(path: Path) -> str:
    """Give the name of a module below the package; the package's own is empty."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


PATHS = {_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}
MODULES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in PATHS.items()}
DOCUMENTED = tuple(rule for rule in all_rules() if rule.code != "NNX999")
RulePromise = Callable[[Rule, Sequence[Case], Bench], None]
every_rule = pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.code)
documented_rules = pytest.mark.parametrize("rule", DOCUMENTED, ids=lambda rule: rule.code)


def _named(promise: RulePromise) -> str:
    return promise.__name__


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """Give the bench with nnxlint's own rules."""
    return Bench(tmp_path_factory.mktemp("bench"), all_rules())


@pytest.mark.parametrize("module", sorted(MODULES))
def test_imports_go_down_only(module: str) -> None:
    layers = list(LAYERS)
    own = layers.index(_layer(module))

    upwards = [name for name in _imports_of_project(module) if layers.index(_layer(name)) > own]

    assert upwards == []


@pytest.mark.parametrize("module", sorted(MODULES))
def test_heavy_packages_stay_where_they_belong(module: str) -> None:
    strays = [
        name
        for name in _imports(MODULES[module])
        for confined in (name.partition(".")[0],)
        if not any(_within(module, place) for place in CONFINED.get(confined, (module,)))
    ]

    assert strays == []


@pytest.mark.parametrize("module", sorted(name for name in MODULES if name.startswith("rules.")))
def test_rules_ask_the_model_only(module: str) -> None:
    strays = [
        name
        for name in _imports_of_project(module)
        if _layer(name) not in {"queries", "model"} and not any(_within(name, allowed) for allowed in FOR_RULES)
    ]

    assert strays == []
    assert "ast" not in _imports(MODULES[module])


@pytest.mark.parametrize("module", sorted(MODULES))
def test_modules_are_short(module: str) -> None:
    lines = PATHS[module].read_text(encoding="utf-8").count("\n")

    assert lines <= MAX_MODULE_LINES


@pytest.mark.parametrize("module", sorted(MODULES))
def test_functions_are_short(module: str) -> None:
    long = {
        node.name: length
        for node in ast.walk(MODULES[module])
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (length := _length(node)) > MAX_FUNCTION_LINES
    }

    assert long == {}


def test_every_rule_has_fixtures_and_every_fixture_a_rule() -> None:
    with_programs = {rule.code: fixture_folder(rule) for rule in all_rules() if rule.code not in WITHOUT_PROGRAMS}
    folders = {path for path in FIXTURES.iterdir() if path.name.startswith("nnx")}

    assert folders == set(with_programs.values())
    for folder in folders:
        assert (folder / "bad.py").is_file()
        assert (folder / "good.py").is_file()


@every_rule
def test_files_are_named_after_their_rule(rule: Rule) -> None:
    assert module_of(rule).__name__.rpartition(".")[2] == fixture_folder(rule).name


def test_codes_and_names_are_unique() -> None:
    rules = all_rules()

    assert len({rule.code for rule in rules}) == len(rules)
    assert len({rule.name for rule in rules}) == len(rules)
    assert {code for rule in rules for code in rule.supersedes} <= {f"NNX{number}" for number in range(1000)}


def test_every_rule_has_a_page_and_a_row_in_the_readme() -> None:
    expected = {rule.name for rule in all_rules()}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    assert {path.stem for path in PAGES.glob("*.md")} - {"index"} == expected
    assert set(re.findall(r"\]\(docs/rules/([a-z-]+)\.md\) \|", readme)) == expected


def test_documents_are_fresh() -> None:
    done = _python(str(ROOT / "scripts" / "generate_docs.py"), "--check")

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("promise", [documentation_has_its_headings, the_rule_has_fixtures], ids=_named)
@every_rule
def test_rules_keep_their_promises(rule: Rule, promise: RulePromise, bench: Bench) -> None:
    if promise is the_rule_has_fixtures and rule.code in WITHOUT_PROGRAMS:
        pytest.skip("no program shows it")
    promise(rule, rule_cases(), bench)


@pytest.mark.parametrize("promise", [the_example_is_reported, what_to_use_instead_is_not_reported], ids=_named)
@documented_rules
def test_documentation_is_true(rule: Rule, promise: RulePromise, bench: Bench) -> None:
    promise(rule, (), bench)


def test_starting_up_imports_nothing_heavy() -> None:
    code = "import sys; from nnxlint.cli import main; main(['--version']); print(*sorted(sys.modules))"
    loaded = set(_python("-c", code).stdout.split())

    assert "nnxlint.cli" in loaded
    assert loaded.isdisjoint({"libcst", "rich", "jax", "flax", "pygls", "msgspec", "pathspec", "numpy"})


def test_linting_needs_neither_jax_nor_flax() -> None:
    code = (
        "import sys; from nnxlint.cli import main;"
        f"main(['check', '--no-cache', '--quiet', '--exit-zero', {str(FIXTURES / '_project' / 'demo')!r}]);"
        "print('loaded', *sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    loaded = set(_python("-c", code).stdout.rpartition("loaded")[2].split())

    assert "libcst" in loaded
    assert loaded.isdisjoint({"jax", "jaxlib", "flax", "optax", "orbax", "numpy", "pygls"})


def test_ci_runs_the_second_line_of_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    lines = re.findall(r"```sh\n(.+)\n```", readme)

    assert len(lines) >= len(("install and lint", "install and test"))
    assert lines[1] in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def _layer(module: str) -> str:
    """Give the layer of the longest prefix that a layer names."""
    if not module:
        return "vocabulary"
    found = [(prefix, layer) for layer, named in LAYERS.items() for prefix in named if _within(module, prefix)]
    assert found, f"{module} belongs to no layer: put it into one"
    return max(found, key=lambda each: len(each[0]))[1]


def _within(module: str, prefix: str) -> bool:
    return module == prefix or module.startswith(f"{prefix}.")


def _imports_of_project(module: str) -> Iterator[str]:
    """Give the project's modules that a module imports, each by its name below the package."""
    for name in _imports(MODULES[module]):
        if name.startswith("nnxlint."):
            inside = name.removeprefix("nnxlint.")
            yield inside if inside in MODULES else inside.rpartition(".")[0]


def _imports(tree: ast.Module) -> list[str]:
    """Give the dotted names that the module imports when it runs, those inside functions too."""
    typing_only = {
        child
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for child in ast.walk(node)
    }
    found: list[str] = []
    for node in ast.walk(tree):
        if node in typing_only:
            continue
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            found += [f"{node.module}.{alias.name}" for alias in node.names]
            found += [node.module] if node.module == "ast" else []
    return found


def _length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines of a function, its docstring left out."""
    lines = (node.end_lineno or node.lineno) - node.lineno + 1
    first = node.body[0]
    if ast.get_docstring(node) is not None:
        lines -= (first.end_lineno or first.lineno) - first.lineno + 1
    return lines


def _python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
