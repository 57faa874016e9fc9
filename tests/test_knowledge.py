"""Which files are known when some are named."""

from pathlib import Path

import pytest
from packaging.version import Version

from nnxlint.imports import Import, ModuleFinder, find_imports
from nnxlint.knowledge import Loaded, Project, load_projects
from nnxlint.settings import settings_loader

NNX = "from flax import nnx\n"


def make(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def load(root: Path, *names: str) -> Loaded:
    return load_projects([root / name for name in names], settings_loader())


def known(project: Project, root: Path) -> set[str]:
    return {Path(path).relative_to(root).as_posix() for path in project.sources}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import a", [Import(0, ("a",), ())]),
        ("import a.b as c, d  # e", [Import(0, ("a", "b"), ()), Import(0, ("d",), ())]),
        ("from a.b import c as d, e", [Import(0, ("a", "b"), ("c", "e"))]),
        ("from . import a", [Import(1, (), ("a",))]),
        ("from ..a.b import *", [Import(2, ("a", "b"), ("*",))]),
        ("from.a import b", [Import(1, ("a",), ("b",))]),
        ("from a import (\r\n    b,  # why, oh\r\n    c as d,\r\n)", [Import(0, ("a",), ("b", "c"))]),
        ("from a import b, \\\n    c", [Import(0, ("a",), ("b", "c"))]),
        ("from a \\\n    import b", [Import(0, ("a",), ("b",))]),
        ("if TYPE_CHECKING: import a; import b", [Import(0, ("a",), ()), Import(0, ("b",), ())]),
        ("def f():\n\tfrom a import(b)", [Import(0, ("a",), ("b",))]),
        ("important = 1\nreimport(a)\n# do import a\nx = 'import a'", []),
        ("imports\nfrom a\nimport", []),
    ],
)
def test_imports_as_the_bytes_tell(text: str, expected: list[Import]) -> None:
    assert list(find_imports(text.encode())) == expected


@pytest.mark.parametrize(
    ("importer", "statement", "expected"),
    [
        ("scripts/run.py", "import model", ["scripts/model.py"]),
        ("scripts/run.py", "from pkg import layers", ["src/pkg/__init__.py", "src/pkg/layers.py"]),
        ("scripts/run.py", "from pkg.layers import X", ["src/pkg/layers.py"]),
        ("src/pkg/a.py", "from . import layers", ["src/pkg/__init__.py", "src/pkg/layers.py"]),
        ("src/pkg/sub/a.py", "from ..layers import X", ["src/pkg/layers.py"]),
        ("src/pkg/a.py", "import pkg.space.deep", ["src/pkg/space/deep.py"]),
        ("src/pkg/a.py", "import model", ["model.py"]),
        ("src/pkg/a.py", "import optax", []),
        ("scripts/run.py", "import optax", []),
        ("scripts/run.py", "import nowhere", []),
        ("scripts/run.py", "from nowhere import *", []),
    ],
)
def test_the_files_of_an_import(importer: str, statement: str, expected: list[str], tmp_path: Path) -> None:
    names = ("model.py", "scripts/model.py", "scripts/optax.py", "src/pkg/__init__.py", "src/pkg/layers.py")
    make(
        tmp_path,
        dict.fromkeys((*names, "src/pkg/optax.py", "src/pkg/sub/__init__.py", "src/pkg/space/deep.py"), ""),
    )
    root = tmp_path.as_posix()
    finder = ModuleFinder(root, (root, f"{root}/src"))
    (imported,) = find_imports(statement.encode())
    files = finder.files_of(f"{root}/{importer}", imported)
    assert [file.removeprefix(f"{root}/") for file in files] == expected


CHAIN = {
    "pyproject.toml": "",
    "model.py": NNX + "import config\n",
    "config.py": "from deep.constants import RATE\n",
    "deep/constants.py": "RATE = 1\n",
    "train.py": "from model import Model\nimport tracking\n",
    "main.py": "import train\n",
    "tracking.py": "x = 1\n",
    "bystander.py": "import config\n",
    "onnx_only.py": "import onnx\n",
}
RELATED = {"model.py", "config.py", "deep/constants.py", "train.py", "main.py", "tracking.py"}


@pytest.mark.parametrize("named", [".", "model.py", "deep/constants.py", "main.py", "bystander.py"])
def test_what_is_named_does_not_change_what_is_known(named: str, tmp_path: Path) -> None:
    make(tmp_path, CHAIN)
    project = load(tmp_path, named).projects[-1]
    assert known(project, tmp_path) == (set() if named == "bystander.py" else RELATED)
    assert project.root == tmp_path


def test_only_what_is_named_is_reported(tmp_path: Path) -> None:
    make(tmp_path, CHAIN)
    aside, project = load(tmp_path, "model.py", "deep", "bystander.py").projects
    assert [Path(path).name for path in project.reported] == ["constants.py", "model.py"]
    assert [Path(path).name for path in aside.unrelated] == ["bystander.py"]


def test_excluded_and_ignored_code_is_known_when_it_is_imported_but_not_reported(tmp_path: Path) -> None:
    make(tmp_path, {
        "pyproject.toml": '[tool.nnxlint]\nextend-exclude = ["vendored"]\n',
        ".gitignore": "generated.py\n",
        "vendored/model.py": NNX,
        "generated.py": NNX,
        "main.py": "import vendored.model, generated\n",
    })  # fmt: skip
    (project,) = load(tmp_path, ".").projects
    assert known(project, tmp_path) == {"main.py", "vendored/model.py", "generated.py"}
    assert [Path(path).name for path in project.reported] == ["main.py"]


def test_what_no_import_connects_with_the_named_files_is_left_out(tmp_path: Path) -> None:
    make(tmp_path, {
        ".git": "",
        "a/pkg/__init__.py": "",
        "a/pkg/model.py": NNX,
        "a/pkg/train.py": NNX + "from pkg import model\n",
        "a/run.py": "import pkg.train\n",
        "b/model.py": NNX,
    })  # fmt: skip
    connected = {"a/pkg/__init__.py", "a/pkg/model.py", "a/pkg/train.py", "a/run.py"}
    for named in ("a", "a/run.py", "a/pkg/model.py"):
        (project,) = load(tmp_path, named).projects
        assert known(project, tmp_path) == connected
    parts = load(tmp_path, ".").projects
    assert [known(part, tmp_path) for part in parts] == [connected, {"b/model.py"}]


def test_broken_files_are_left_out_and_told_only_when_named(tmp_path: Path) -> None:
    make(tmp_path, {"pyproject.toml": "", "good.py": NNX})
    (tmp_path / "bad.py").write_bytes(NNX.encode() + b"x = '\xff'\n")
    loaded = load(tmp_path, ".")
    assert [known(part, tmp_path) for part in loaded.projects] == [set(), {"good.py"}]
    assert [failure.reason for failure in loaded.failures] == ["cannot be decoded as utf-8: byte 0xff on line 2"]
    assert load(tmp_path, "good.py").failures == ()


def test_two_projects_are_two_groups_with_their_own_targets(tmp_path: Path) -> None:
    for name, version in (("one", "0.10.4"), ("two", "0.12.0")):
        make(tmp_path / name, {"setup.py": "", "requirements.txt": f"flax=={version}\n", "pkg/model.py": NNX})
    projects = [each for each in load(tmp_path, "one", "two").projects if each.sources]
    assert [set(project.targets.values()) for project in projects] == [
        {Version("0.10.4")},
        {Version("0.12.0")},
    ]
    assert [each for each in load(tmp_path, ".").projects if each.sources] == projects


def test_nested_projects_of_one_repository_add_search_roots_and_targets(tmp_path: Path) -> None:
    make(tmp_path, {
        ".git": "",
        "requirements.txt": "flax==0.12.0\n",
        "a/pyproject.toml": "[project]\ndependencies = ['flax==0.10.4']",
        "a/src/pkg/model.py": NNX,
        "b/pyproject.toml": "",
        "b/pkg/model.py": NNX,
        "b/tests/test_model.py": "from pkg.model import M\n",
    })  # fmt: skip
    other, project = load(tmp_path, ".").projects
    assert [Path(path).relative_to(tmp_path).as_posix() for path in project.search_roots] == [
        "a",
        "a/src",
        "b",
        ".",
    ]
    targets = {**other.targets, **project.targets}
    versions = {Path(path).relative_to(tmp_path).parts[0]: str(target) for path, target in targets.items()}
    assert versions == {"a": "0.10.4", "b": "0.12.0"}
    assert "b/tests/test_model.py" in known(project, tmp_path)
    roots = ModuleFinder(tmp_path.as_posix(), project.search_roots).roots_for(
        f"{tmp_path.as_posix()}/b/tests/test_model.py"
    )
    assert roots.index(f"{tmp_path.as_posix()}/b") < roots.index(f"{tmp_path.as_posix()}/a/src")


def test_without_a_marker_the_given_directory_is_the_root(tmp_path: Path) -> None:
    make(tmp_path, {"beside.py": NNX, "given/a.py": NNX, "given/sub/b.py": NNX, "given/sub/c.py": NNX})
    projects = load(tmp_path, "given", "given/sub/b.py").projects
    assert {project.root for project in projects} == {tmp_path / "given"}
    assert [known(each, tmp_path) for each in projects] == [{"given/a.py"}, {"given/sub/b.py"}, {"given/sub/c.py"}]
    (alone,) = load(tmp_path, "given/a.py").projects
    assert (alone.root, known(alone, tmp_path)) == (tmp_path / "given", {"given/a.py"})


def test_a_named_folder_that_its_project_ignores_stands_for_itself(tmp_path: Path) -> None:
    make(tmp_path, {".git": "", ".gitignore": "downloads/\n", "own.py": NNX, "downloads/x/a.py": NNX})
    (project,) = load(tmp_path, "downloads").projects
    assert (project.root, known(project, tmp_path)) == (tmp_path / "downloads", {"downloads/x/a.py"})


def test_a_named_link_stands_for_its_file(tmp_path: Path) -> None:
    make(tmp_path, {"pyproject.toml": "", "a.py": NNX})
    (tmp_path / "link.py").symlink_to("a.py")
    (project,) = load(tmp_path, "link.py").projects
    assert known(project, tmp_path) == {"link.py"}


def test_an_empty_directory_has_no_projects(tmp_path: Path) -> None:
    assert load(tmp_path, ".") == Loaded((), (), ())
