"""Settings: which file holds, what it may say, and what the command line changes."""

from pathlib import Path

import pytest
from packaging.version import Version

from nnxlint.discovery import DEFAULT_EXCLUDE, absolute
from nnxlint.errors import NnxlintError
from nnxlint.file_ignores import file_ignores
from nnxlint.settings import (
    ModeFlags,
    Overrides,
    Settings,
    load_settings,
    overlay,
    settings_loader,
)


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
        'ignore = ["NNX3"]\nfixable = ["NNX4"]\nunfixable = ["NNX5"]\nper-file-ignores = {"a/*" = ["NNX6"]}\n'
        'exclude = ["gen"]\nextend-exclude = ["old"]\nforce-exclude = true\nsrc = ["lib"]\n'
        'mode-flags = {train = ["learn"], eval = ["frozen"]}\n',
    )
    assert load_settings(tmp_path) == Settings(
        flax_version=Version("0.10.4"),
        flax_origin=f"`flax-version` in {tmp_path / 'pyproject.toml'}",
        select=("NNX1",),
        extend_select=("NNX2",),
        ignore=("NNX3",),
        fixable=("NNX4",),
        unfixable=("NNX5",),
        per_file_ignores=(file_ignores("a/*", ("NNX6",), tmp_path),),
        exclude=("gen",),
        extend_exclude=("old",),
        force_exclude=True,
        src=("lib",),
        mode_flags=ModeFlags(frozenset({"learn"}), frozenset({"frozen"})),
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
        ("[tool.nnxlint]\n\nselect = 'NNX1'\n", ":3: `select`: expected `list`, got `str`"),
        ("[tool.nnxlint]\nignore = ['A', 1]\n", ":2: `ignore`: expected `str`, got `int`"),
        ("[tool.nnxlint]\nflax-version = 0.12\n", ":2: `flax-version`: expected `str`, got `float`"),
        ("[tool.nnxlint]\nflax-version = '>=0.12'\n", ":2: `flax-version`: '>=0.12' is no version of Flax"),
        ("[tool.nnxlint]\nexclude = ['!']\n", ":2: invalid pattern: "),
        ("[tool.nnxlint]\nselect = [\n", ": invalid TOML: "),
        ("[tool]\nnnxlint = 3\n", ": `tool.nnxlint` must be a table"),
        ("[tool.nnxlint]\nfixible = ['A']\n", ":2: unknown setting `fixible`, did you mean `fixable`?"),
        (
            "[tool.nnxlint]\nforce-exclude = 'yes'\n",
            ":2: `force-exclude`: expected `bool`, got `str`",
        ),
        (
            "[tool.nnxlint]\nselect = ['A']\n[tool.nnxlint.per-file-ignores]\n'a.py' = 'NNX1'\n",
            ":3: `per-file-ignores`: expected `list`, got `str`",
        ),
        ("[tool.nnxlint.per-file-ignores]\n'!' = ['NNX1']\n", ":1: invalid pattern '!'"),
        (
            "[tool.nnxlint.mode-flags]\ntrian = ['learn']\n",
            ":1: unknown setting of `mode-flags` `trian`, did you mean `train`?",
        ),
        (
            "[tool.nnxlint]\nmode-flags.train = ['learn']\nmode-flags.eval = ['learn']\n",
            ":2: `mode-flags`: `learn` cannot mean both training and evaluation",
        ),
        ("[tool.nnxlint]\nmode-flags = {train = ['a-b']}\n", ":2: `mode-flags`: 'a-b' is no name of a flag"),
        (
            "[tool.nnxlint]\n[[tool.nnxlint.verify.case]]\ntarget = 'train'\n",
            ":2: `verify`: `target` is 'train', and not MODULE:NAME, such as `shop.train:train_step`",
        ),
        (
            "[[tool.nnxlint.verify.case]]\ntarget = 'a:b'\nargumens = {}\n",
            ":1: unknown setting of `verify.case` `argumens`, did you mean `arguments`?",
        ),
        (
            "[[tool.nnxlint.verify.case]]\ntarget = 'a:b'\ninputs = {x = {shape = [2], dtyp = 'int32'}}\n",
            ":1: unknown setting of `verify.case.inputs` `dtyp`, did you mean `dtype`?",
        ),
        (
            "[[tool.nnxlint.verify.case]]\ntarget = 'a:b'\ninputs = {x = {shape = [2, -1]}}\n",
            ":1: `verify`: the input `x` of a:b has a size below zero: [2, -1]",
        ),
        (
            "[tool.nnxlint.verify]\nentries = 'cases.toml'\n",
            ":1: `verify`: `entries` names 'cases.toml', which is no Python file",
        ),
        (
            "[tool.nnxlint]\n[tool.nnxlint.rules]\nNNX501 = 1\n",
            ":2: `rules`: expected `table`, got `int`",
        ),
        ("[tool.nnxlint]\nrules-path = ['gone']\n", ":2: `rules-path`: `gone` does not exist"),
        ("[tool.nnxlint]\nrules-path = ['pyproject.toml']\n", ":2: `rules-path`: `pyproject.toml` is no Python file"),
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
    assert result.excluded_from(tmp_path) == ("y", "z", "w")
    assert overlay(WRITTEN, Overrides(extend_exclude=("w",))).excluded_from(tmp_path) == ("x", "y", "w")
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


@pytest.mark.parametrize(
    ("pattern", "path", "holds"),
    [
        ("tests", "tests/deep/a.py", True),
        ("tests/*", "tests/a.py", True),
        ("tests/*", "src/tests/a.py", False),
        ("**/tests/**", "src/tests/a.py", True),
        ("test_*.py", "src/test_a.py", True),
        ("a.py", "b.py", False),
        ("!src/**", "src/a.py", False),
        ("!src/**", "tests/a.py", True),
        ("test_*.py", "../elsewhere/test_a.py", True),  # outside of the folder the name alone counts
        ("tests/*", "../tests/a.py", False),
    ],
)
def test_rules_are_ignored_in_files_by_patterns(pattern: str, path: str, tmp_path: Path, *, holds: bool) -> None:
    ignores = file_ignores(pattern, ("NNX1",), tmp_path / "here")
    assert ignores.hold_for(absolute(tmp_path / "here" / path).as_posix()) is holds


def test_a_named_file_is_read_instead_of_all_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "pyproject.toml", '[tool.nnxlint]\nignore = ["A"]')
    named = write(tmp_path / "ci" / "strict.toml", 'select = ["B"]')
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    result = load_settings(tmp_path, Overrides(config_file=named))
    assert (result.select, result.ignore, result.root) == (("B",), (), tmp_path / "work")
    named = write(tmp_path / "ci" / "pyproject.toml", '[tool.nnxlint]\nselect = ["C"]')
    assert load_settings(tmp_path, Overrides(config_file=named)).select == ("C",)
    with pytest.raises(NnxlintError, match=r"none\.toml: cannot be read: No such file"):
        load_settings(tmp_path, Overrides(config_file=tmp_path / "none.toml"))


def test_isolated_means_that_no_file_is_read(tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml", "[tool.nnxlint]\nbroken = 1")
    result = load_settings(tmp_path, Overrides(isolated=True, typed=('src = ["lib"]',)))
    assert result == Settings(src=("lib",))


def test_typed_settings_replace_those_of_the_file_and_options_come_last(tmp_path: Path) -> None:
    path = write(tmp_path / "nnxlint.toml", 'select = ["A"]\n\nignore = ["B"]\nunfixable = ["U"]\n')
    typed = ('ignore = ["C"]', 'mode-flags.train = ["learn"]')
    result = load_settings(tmp_path, Overrides(typed=typed, ignore=("D",), force_exclude=True))
    assert (result.select, result.ignore, result.unfixable) == (("A",), ("C", "D"), ("U",))
    assert result.mode_flags.train == {"learn"}
    assert dict(result.origins) == {
        "select": f"{path}:1",
        "unfixable": f"{path}:4",
        "ignore": "--config, --ignore",
        "mode-flags": "--config",
        "force-exclude": "--force-exclude",
    }


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("ignor = ['A']", "--config: unknown setting `ignor`, did you mean `ignore`?"),
        ("ignore = 'A'", "--config: `ignore`: expected `list`, got `str`"),
        ("ignore = [", "--config: invalid TOML: "),
    ],
)
def test_mistakes_in_typed_settings_are_one_line(typed: str, message: str) -> None:
    with pytest.raises(NnxlintError) as caught:
        settings_loader(Overrides(typed=(typed,)))
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("pattern", "base", "root", "expected"),
    [
        ("gen", "a", "a/b", "gen"),
        ("gen/", "a", "a/b", "gen/"),
        ("**/gen/x.py", "a", "a/b", "**/gen/x.py"),
        ("b/gen/x.py", "a", "a/b", "/gen/x.py"),
        ("./b/gen", "a", "a/b", "/gen"),
        ("gen/x.py", "a/b", "a", "/b/gen/x.py"),
        ("!gen/x.py", "a/b", "a", "!/b/gen/x.py"),
        ("gen/x.py", "a", "a", "gen/x.py"),
        ("gen/x.py", "a", "c", "gen/x.py"),
    ],
)
def test_patterns_typed_somewhere_hold_below_another_root(
    pattern: str, base: str, root: str, expected: str, tmp_path: Path
) -> None:
    settings = Settings(exclude=(), typed_exclude=(pattern,), typed_from=tmp_path / base)
    assert settings.excluded_from(tmp_path / root) == (expected,)
