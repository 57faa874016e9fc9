"""Which files a path means."""

from pathlib import Path

import pytest

from nnxlint.discovery import find_python_files, project_root
from nnxlint.errors import NnxlintError


def make(root: Path, *names: str, **contents: str) -> Path:
    for name in (*names, *contents):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith("/"):
            path.mkdir(exist_ok=True)
        else:
            path.write_text(contents.get(name, ""))
    return root


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def found(root: Path, *paths: str, exclude: tuple[str, ...] | None = None) -> list[str]:
    named = [root / path for path in paths or (".",)]
    options = {} if exclude is None else {"exclude": exclude}
    return [path.relative_to(root).as_posix() for path in find_python_files(named, root=root, **options)]


def test_only_python_files_sorted_and_absolute(tmp_path: Path) -> None:
    make(tmp_path, "b.py", "a.py", "sub/c.py", "a.pyi", "a.txt", "n.ipynb", "py")
    assert found(tmp_path) == ["a.py", "b.py", "n.ipynb", "sub/c.py"]
    assert all(path.is_absolute() for path in find_python_files([tmp_path]))


@pytest.mark.parametrize(
    "folder",
    [".git", ".hg", ".venv", "venv", "__pycache__", "build", "dist", "node_modules", "site-packages", ".tox"],
)
def test_default_excludes_hold_at_any_depth_but_not_for_what_is_named(folder: str, tmp_path: Path) -> None:
    make(tmp_path, f"{folder}/a.py", f"sub/{folder}/deep/b.py", "sub/c.py")
    assert found(tmp_path) == ["sub/c.py"]
    assert found(tmp_path, folder) == [f"{folder}/a.py"]
    assert found(tmp_path, f"{folder}/a.py") == [f"{folder}/a.py"]


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (("gen",), ["a_test.py", "pkg/a.py"]),
        (("pkg/gen",), ["a_test.py", "gen/b.py", "pkg/a.py"]),
        (("/gen",), ["a_test.py", "pkg/a.py", "pkg/gen/c.py"]),
        (("*_test.py", "pkg/**"), ["gen/b.py"]),
        ((), ["a_test.py", "gen/b.py", "pkg/a.py", "pkg/gen/c.py"]),
    ],
)
def test_exclude_patterns_are_those_of_gitignore(
    patterns: tuple[str, ...], expected: list[str], tmp_path: Path
) -> None:
    make(tmp_path, "a_test.py", "gen/b.py", "pkg/a.py", "pkg/gen/c.py")
    assert found(tmp_path, exclude=patterns) == expected


def test_nested_gitignores_overrule_outer_ones(tmp_path: Path) -> None:
    make(tmp_path, ".git/", "a.py", "gen_x.py", "sub/gen_y.py", "sub/gen_z.py", "out/b.py", "sub/out/c.py")
    write(tmp_path / ".gitignore", "gen_*.py\n/out\n# a comment\n")
    write(tmp_path / "sub/.gitignore", "!gen_y.py\n")
    assert found(tmp_path) == ["a.py", "sub/gen_y.py", "sub/out/c.py"]


def test_gitignores_above_the_named_directory_hold_up_to_the_repository(tmp_path: Path) -> None:
    write(tmp_path / ".gitignore", "*.py\n")  # outside the repository
    repository = make(tmp_path / "repo", ".git/", "sub/a.py", "sub/gen.py")
    write(repository / ".gitignore", "gen.py\n")
    write(repository / ".git/info/exclude", "a.py\n")
    assert found(repository, "sub") == []
    write(repository / ".git/info/exclude", "")
    assert found(repository, "sub") == ["sub/a.py"]


def test_an_ignored_directory_that_is_named_is_walked(tmp_path: Path) -> None:
    make(tmp_path, ".git/", "scratch/a.py", "scratch/deep/b.py")
    write(tmp_path / ".gitignore", "scratch/\n")
    assert found(tmp_path) == []
    assert found(tmp_path, "scratch") == ["scratch/a.py", "scratch/deep/b.py"]


def test_a_file_counts_once_however_often_it_is_named(tmp_path: Path) -> None:
    make(tmp_path, "sub/a.py")
    assert found(tmp_path, ".", "sub", "sub/a.py", "sub/../sub/a.py") == ["sub/a.py"]


def test_links_are_followed_once_and_real_paths_win(tmp_path: Path) -> None:
    make(tmp_path, "pkg/a.py", "outside/b.py", "tree/")
    (tmp_path / "tree/loop").symlink_to(tmp_path / "tree")
    (tmp_path / "tree/self").symlink_to("self")
    (tmp_path / "tree/out").symlink_to(tmp_path / "outside")
    (tmp_path / "aaa").symlink_to(tmp_path / "pkg")
    (tmp_path / "a_link.py").symlink_to(tmp_path / "pkg/a.py")
    (tmp_path / "dangling.py").symlink_to(tmp_path / "nothing.py")
    assert found(tmp_path, "tree") == ["tree/out/b.py"]
    assert found(tmp_path) == ["outside/b.py", "pkg/a.py"]
    assert found(tmp_path, "a_link.py") == ["a_link.py"]


def test_a_missing_path_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NnxlintError, match="no such file or directory"):
        find_python_files([tmp_path / "nothing.py"])


def test_a_named_file_needs_no_suffix(tmp_path: Path) -> None:
    make(tmp_path, "train")
    assert found(tmp_path, "train") == ["train"]
    assert found(tmp_path) == []


@pytest.mark.parametrize(
    ("markers", "start", "expected"),
    [
        ((".git/",), "a/b/c", "."),
        (("a/.git/", ".git/"), "a/b/c", "a"),
        (("a/.git",), "a/b/c", "a"),
        (("pyproject.toml", "a/setup.py"), "a/b/c", "."),
        (("a/setup.cfg", "a/b/pyproject.toml"), "a/b/c", "a"),
        (("pyproject.toml", "a/.git/"), "a/b/c", "a"),
        ((), "a/b/c", None),
    ],
)
def test_the_root_of_a_project(markers: tuple[str, ...], start: str, expected: str | None, tmp_path: Path) -> None:
    make(tmp_path, "a/b/c/x.py", *markers)
    wanted = None if expected is None else tmp_path / expected
    assert project_root(tmp_path / start) == wanted
    assert project_root(tmp_path / start / "x.py") == wanted


def test_the_home_directory_is_no_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    make(tmp_path, ".git/", "pyproject.toml", "code/a.py")
    assert project_root(tmp_path / "code/a.py") is None
