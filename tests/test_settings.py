"""Settings: which file holds, what it may say, and what the command line changes."""

from pathlib import Path

import pytest
from packaging.version import Version

from nnxlint.discovery import DEFAULT_EXCLUDE
from nnxlint.errors import NnxlintError
from nnxlint.settings import Overrides, Settings, load_settings, overlay, settings_loader


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    assert load_settings(tmp_path) == Settings()
    assert Settings().exclude == DEFAULT_EXCLUDE


def test_every_key_is_read(tmp_path: Path) -> None:
    write(
        tmp_path / "pyproject.toml",
        '[tool.nnxlint]\nflax-version = "0.10.4"\nselect = ["NNX1"]\nextend-select = ["NNX2"]\n'
        'ignore = ["NNX3"]\nexclude = ["gen"]\nextend-exclude = ["old"]\nsrc = ["lib"]\n',
    )
    assert load_settings(tmp_path) == Settings(
        flax_version=Version("0.10.4"),
        flax_origin=f"`flax-version` in {tmp_path / 'pyproject.toml'}",
        select=("NNX1",),
        extend_select=("NNX2",),
        ignore=("NNX3",),
        exclude=("gen",),
        extend_exclude=("old",),
        src=("lib",),
        root=tmp_path,
    )


@pytest.mark.parametrize(
    ("files", "ignore"),
    [
        ({"pyproject.toml": '[tool.nnxlint]\nignore = ["OUTER"]'}, "OUTER"),
        (
            {
                "pyproject.toml": '[tool.nnxlint]\nignore = ["OUTER"]',
                "a/pyproject.toml": '[tool.nnxlint]\nignore = ["INNER"]',
            },
            "INNER",
        ),
        (
            {"pyproject.toml": '[tool.nnxlint]\nignore = ["OUTER"]', "a/pyproject.toml": "[tool.ruff]\n"},
            "OUTER",
        ),
        (
            {"a/pyproject.toml": '[tool.nnxlint]\nignore = ["SHARED"]', "a/nnxlint.toml": 'ignore = ["OWN"]'},
            "OWN",
        ),
        ({"pyproject.toml": '[tool.nnxlint]\nignore = ["OUTER"]', "a/pyproject.toml": "not [ toml"}, "OUTER"),
    ],
)
def test_the_nearest_file_with_settings_holds(files: dict[str, str], ignore: str, tmp_path: Path) -> None:
    for name, text in files.items():
        write(tmp_path / name, text)
    (tmp_path / "a/b").mkdir(parents=True, exist_ok=True)
    assert load_settings(tmp_path / "a/b").ignore == (ignore,)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[tool.nnxlint]\nselct = []\n", ":2: unknown setting `selct`, did you mean `select`?"),
        (
            "[tool.ruff]\nflax_version = 1\n[tool.nnxlint]\n\nflax_version = '1'\n",
            ":5: unknown setting `flax_version`",
        ),
        ("[tool.nnxlint]\nzzz = 1\n", ":2: unknown setting `zzz` (known: flax-version, select,"),
        ("[tool.nnxlint]\n\nselect = 'NNX1'\n", ":3: `select`: expected `list | null`, got `str`"),
        ("[tool.nnxlint]\nignore = ['A', 1]\n", ":2: `ignore`: expected `str`, got `int`"),
        ("[tool.nnxlint]\nflax-version = 0.12\n", ":2: `flax-version`: expected `str | null`, got `float`"),
        ("[tool.nnxlint]\nflax-version = '>=0.12'\n", ":2: `flax-version`: '>=0.12' is no version of Flax"),
        ("[tool.nnxlint]\nexclude = ['!']\n", ":2: invalid exclude pattern: "),
        ("[tool.nnxlint]\nselect = [\n", ": invalid TOML: "),
        ("[tool]\nnnxlint = 3\n", ": `tool.nnxlint` must be a table"),
    ],
)
def test_a_mistake_is_one_line_with_its_place(text: str, message: str, tmp_path: Path) -> None:
    path = write(tmp_path / "pyproject.toml", text)
    with pytest.raises(NnxlintError) as caught:
        load_settings(tmp_path)
    assert str(caught.value).startswith(f"{path}{message}")
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_utf8_is_a_mistake_too(tmp_path: Path) -> None:
    (tmp_path / "nnxlint.toml").write_bytes(b"# \xff\n")
    with pytest.raises(NnxlintError, match="is not encoded as UTF-8"):
        load_settings(tmp_path)


WRITTEN = Settings(select=("A",), extend_select=("B",), ignore=("C",), exclude=("x",), extend_exclude=("y",))


@pytest.mark.parametrize(
    ("overrides", "select", "extend_select", "ignore"),
    [
        (Overrides(), ("A",), ("B",), ("C",)),
        (Overrides(select=("D",)), ("D",), (), ()),
        (Overrides(select=("D",), ignore=("E",)), ("D",), (), ("E",)),
        (Overrides(ignore=("E",)), ("A",), ("B",), ("C", "E")),
        (Overrides(extend_select=("E",)), ("A",), ("B", "E"), ("C",)),
    ],
)
def test_select_on_the_command_line_starts_afresh_and_other_lists_add(
    overrides: Overrides, select: tuple[str, ...], extend_select: tuple[str, ...], ignore: tuple[str, ...]
) -> None:
    result = overlay(WRITTEN, overrides)
    assert (result.select, result.extend_select, result.ignore) == (select, extend_select, ignore)


def test_the_command_line_overrides_version_and_excludes(tmp_path: Path) -> None:
    result = overlay(WRITTEN, Overrides(flax_version="0.11.2", exclude=("z",), extend_exclude=("w",)))
    assert (result.flax_version, result.flax_origin) == (Version("0.11.2"), "`--flax-version`")
    assert (result.exclude, result.extend_exclude) == (("z",), ("y", "w"))
    with pytest.raises(NnxlintError, match="--flax-version: 'newest' is no version of Flax"):
        load_settings(tmp_path, Overrides(flax_version="newest"))


def test_a_loader_reads_a_file_once(tmp_path: Path) -> None:
    path = write(tmp_path / "nnxlint.toml", 'ignore = ["A"]')
    load = settings_loader()
    before = load(tmp_path)
    path.write_text('ignore = ["B"]')
    assert load(tmp_path) is before
    assert load(tmp_path / "sub").ignore == ("A",)
    assert settings_loader()(tmp_path).ignore == ("B",)
