"""Which Flax is targeted."""

import importlib.metadata
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from nnxlint.settings import Settings
from nnxlint.target import KNOWN_VERSIONS, newest_allowed, target_flax

NEWEST = str(KNOWN_VERSIONS[-1])


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def target(directory: Path) -> str:
    return str(target_flax(directory, Settings()).version)


@pytest.fixture(autouse=True)
def _other_flax_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.metadata, "version", lambda _: "0.9.9")


@pytest.mark.parametrize(
    ("specifiers", "version"),
    [
        ("", NEWEST),
        (">=0.10", NEWEST),
        ("==0.10.4", "0.10.4"),
        ("===0.10.4", "0.10.4"),
        ("<0.11", "0.10.7"),
        ("~=0.11.0", "0.11.2"),
        ("==0.10.*", "0.10.7"),
        (">=0.10,<0.12", "0.11.2"),
        ("!=0.12.8,<0.13", "0.12.4"),
        (">=0.9.0,<0.10.0", "0.9.0"),
        ("==0.9.*", "0.9"),
        ("<0.8", "0.8.5"),
        (">=7.0", "7.0"),
    ],
)
def test_the_newest_allowed(specifiers: str, version: str) -> None:
    assert newest_allowed(SpecifierSet(specifiers)) == Version(version)


@pytest.mark.parametrize(
    ("name", "text", "version"),
    [
        (
            "uv.lock",
            '[[package]]\nname = "flaxen"\nversion = "9"\n\n[[package]]\nname = "flax"\nversion = "0.10.4"\n',
            "0.10.4",
        ),
        (
            "uv.lock",
            ('[[package]]\nname = "flax"\nversion = "0.10.4"\n[[package]]\nname = "flax"\nversion = "0.12.0"\n'),
            "0.12.0",
        ),
        (
            "uv.lock",
            ('[[package]]\nname = "flax"\nsource = { editable = "." }\n\n[[package]]\nname = "jax"\nversion = "9"\n'),
            "0.9.9",
        ),
        ("poetry.lock", '[[package]]\nname = "flax"\nversion = "0.8.5"\ndescription = ""\n', "0.8.5"),
        ("pdm.lock", '[[package]]\nname = "flax"\nversion = "0.8.5"\n', "0.8.5"),
        ("pylock.toml", '[[packages]]\nname = "flax"\nversion = "0.8.5"\n', "0.8.5"),
        ("Pipfile.lock", '{"default": {"flax": {"version": "==0.10.2"}}}', "0.10.2"),
        ("Pipfile.lock", "{broken", "0.9.9"),
        (
            "pyproject.toml",
            '[project]\ndependencies = ["jax", "Flax[all]>=0.10,<0.11"]',
            "0.10.7",
        ),
        ("pyproject.toml", '[project]\ndependencies = ["flax-nnx-extras==1", "flaxmodels==2"]', "0.9.9"),
        ("pyproject.toml", '[project.optional-dependencies]\nnn = ["flax==0.10.1"]', "0.10.1"),
        ("pyproject.toml", '[dependency-groups]\ndev = [{include-group = "x"}, "flax==0.10.1"]', "0.10.1"),
        ("pyproject.toml", '[tool.poetry.dependencies]\nflax = "^0.10.2"', "0.10.7"),
        (
            "pyproject.toml",
            '[tool.poetry.dependencies]\nflax = {version = "~0.11", optional = true}',
            "0.11.2",
        ),
        ("pyproject.toml", '[tool.poetry.group.dev.dependencies]\nflax = "0.10.3"', "0.10.3"),
        ("pyproject.toml", '[tool.poetry.dependencies]\nflax = "*"', NEWEST),
        ("pyproject.toml", '[project]\nname = "flax"\ndependencies = ["jax"]', NEWEST),
        (
            "pyproject.toml",
            '[project]\ndependencies = ["flax @ git+https://x.org/flax@v0.10.2"]',
            "0.10.2",
        ),
        ("pyproject.toml", "broken [", "0.9.9"),
        ("requirements.txt", "jax\nflax==0.10.4 --hash=sha256:ab \\\n", "0.10.4"),
        ("requirements.txt", "jax\nflax==0.10.4 \\\n    --hash=sha256:ab\n", "0.10.4"),
        ("requirements.txt", "flax  # newest\n", NEWEST),
        ("requirements-gpu.txt", "flax<0.11\n", "0.10.7"),
        ("requirements/base.txt", "flax<0.11\n", "0.10.7"),
        ("setup.cfg", "[options]\ninstall_requires =\n    jax\n    flax==0.10.4\n", "0.10.4"),
        ("setup.py", "from setuptools import setup\nsetup(install_requires=['flax==0.10.4'])\n", "0.10.4"),
        ("environment.yml", "dependencies:\n  - python=3.11\n  - flax=0.10.4\n", "0.10.4"),
        ("environment.yml", "dependencies:\n  - conda-forge::flax=0.10\n", "0.10.7"),
        ("environment.yaml", "dependencies:\n  - pip:\n    - 'flax>=0.10,<0.11'\n", "0.10.7"),
    ],
)
def test_what_a_file_asks_for(name: str, text: str, version: str, tmp_path: Path) -> None:
    write(tmp_path / name, text)
    assert target(tmp_path) == version


def test_the_order_of_the_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_: str) -> str:
        raise importlib.metadata.PackageNotFoundError

    with monkeypatch.context() as patched:
        patched.setattr(importlib.metadata, "version", gone)
        assert target(tmp_path) == NEWEST
    assert target_flax(tmp_path, Settings()).origin == "the installed Flax"
    write(tmp_path / "pyproject.toml", '[project]\ndependencies = ["flax==0.10.1"]')
    assert target_flax(tmp_path, Settings()).origin == f"`flax==0.10.1` in {tmp_path / 'pyproject.toml'}"
    write(tmp_path / "uv.lock", '[[package]]\nname = "flax"\nversion = "0.10.2"\n')
    assert target_flax(tmp_path, Settings()).origin == f"locked in {tmp_path / 'uv.lock'}"
    assert target(tmp_path) == "0.10.2"
    assert target_flax(tmp_path, Settings(flax_version=Version("0.8.5"))).version == Version("0.8.5")


def test_pins_of_one_directory_join_and_contradictions_do_not(tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml", '[project]\ndependencies = ["flax>=0.10"]')
    write(tmp_path / "requirements.txt", "flax==0.10.4\n")
    assert target(tmp_path) == "0.10.4"
    write(tmp_path / "requirements.txt", "flax<0.9\n")
    assert target(tmp_path) == NEWEST


def test_a_file_in_a_folder_takes_the_pin_of_the_project(tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml", '[project]\ndependencies = ["flax==0.10.1"]')
    write(tmp_path / "src/pkg/requirements.txt", "jax\n")
    assert target(tmp_path / "src/pkg") == "0.10.1"


def test_a_nearer_pin_beats_an_outer_lock_only_where_they_differ(tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml", "")
    write(tmp_path / "uv.lock", '[[package]]\nname = "flax"\nversion = "0.12.0"\n')
    write(tmp_path / "member/pyproject.toml", '[project]\ndependencies = ["flax>=0.11"]')
    write(tmp_path / "old/requirements.txt", "flax==0.10.4\n")
    assert target(tmp_path / "member") == "0.12.0"
    assert target(tmp_path / "old") == "0.10.4"


def test_requirements_may_include_others_and_each_other(tmp_path: Path) -> None:
    write(tmp_path / "requirements.txt", "-r base/all.txt\n-r requirements.txt\n")
    write(tmp_path / "base/all.txt", "--constraint=more.txt\n")
    write(tmp_path / "base/more.txt", "flax==0.10.3\n")
    assert target(tmp_path) == "0.10.3"
