"""Which rules run."""

from collections.abc import Callable
from pathlib import Path

import pytest

from nnxlint.commands.overrides import split_selectors
from nnxlint.errors import NnxlintError
from nnxlint.file_ignores import file_ignores
from nnxlint.rule import Rule
from nnxlint.selection import (
    ignored,
    rules_in,
    rules_of,
    select_rules,
    unfixable_codes,
)
from nnxlint.settings import Settings, load_settings

NAMES = {
    "NNX101": "missing-train-flag",
    "NNX102": "eval-mode-not-set",
    "NNX113": "implicit-train-flag",  # silent unless selected
    "NNX201": "manual-param-update",
    "NNX206": "optimizer-missing-wrt",
}
LOUD = ["NNX101", "NNX102", "NNX201", "NNX206"]


@pytest.fixture
def rules(word_rule: Callable[..., Rule]) -> tuple[Rule, ...]:
    """Give rules of two families, one of them silent unless selected."""
    return tuple(word_rule(code, "x", name=name, selected=code != "NNX113") for code, name in NAMES.items())


@pytest.mark.parametrize(
    ("select", "extend", "ignore", "expected"),
    [
        (None, [], [], LOUD),
        (["ALL"], [], [], list(NAMES)),
        (["NNX"], [], [], LOUD),
        (["NNX1"], [], [], ["NNX101", "NNX102"]),
        (["NNX11"], [], [], ["NNX113"]),
        (["NNX113"], [], [], ["NNX113"]),
        (["implicit-train-flag"], [], [], ["NNX113"]),
        (["NNX206", "missing-train-flag"], [], [], ["NNX101", "NNX206"]),
        ([], [], [], []),
        (None, ["NNX113"], [], list(NAMES)),
        (None, ["NNX1"], [], LOUD),
        (["NNX2"], ["NNX101"], [], ["NNX101", "NNX201", "NNX206"]),
        (None, [], ["NNX1"], ["NNX201", "NNX206"]),
        (None, [], ["NNX10"], ["NNX201", "NNX206"]),
        (None, [], ["manual-param-update"], ["NNX101", "NNX102", "NNX206"]),
        (None, [], ["ALL"], []),
        (["NNX101"], [], ["NNX1"], ["NNX101"]),  # the more specific wins
        (["NNX1"], [], ["NNX101"], ["NNX102"]),
        (["missing-train-flag"], [], ["NNX10"], ["NNX101"]),
        (["NNX101"], [], ["missing-train-flag"], []),  # of two as specific, the one that ignores
        (["NNX101"], [], ["NNX101"], []),
        (["NNX101"], [], ["ALL"], ["NNX101"]),
        (["ALL"], [], ["NNX1"], ["NNX201", "NNX206"]),
        (["ALL"], [], ["ALL"], []),
    ],
)
def test_the_most_specific_selector_decides(
    rules: tuple[Rule, ...],
    select: list[str] | None,
    extend: list[str],
    ignore: list[str],
    expected: list[str],
) -> None:
    chosen = select_rules(rules, select=select, extend_select=extend, ignore=ignore)
    assert [rule.code for rule in chosen] == expected


@pytest.mark.parametrize("option", ["select", "extend_select", "ignore"])
@pytest.mark.parametrize(
    ("selector", "hint"),
    [
        ("NNX208", "did you mean `NNX20"),
        ("nnx101", "did you mean `NNX101`?"),
        ("missing-trian-flag", "did you mean `missing-train-flag`?"),
        ("missing_train_flag", "did you mean `missing-train-flag`?"),
        ("all", "did you mean `ALL`?"),
        ("E501", "see `nnxlint rule --all`"),
        ("NNX9", "unknown rule selector `NNX9`"),
        ("NNX1011", "did you mean `NNX101`?"),
        ("", "unknown rule selector ``"),
    ],
)
def test_a_selector_that_names_no_rule_is_a_mistake_with_a_hint(
    rules: tuple[Rule, ...], option: str, selector: str, hint: str
) -> None:
    with pytest.raises(NnxlintError) as caught:
        select_rules(rules, **{option: [selector]})
    assert f"unknown rule selector `{selector}`" in str(caught.value)
    assert hint in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], ()),
        (["NNX1"], ("NNX1",)),
        (["NNX1,NNX2", "a-b"], ("NNX1", "NNX2", "a-b")),
        ([" NNX1 , NNX2,,"], ("NNX1", "NNX2")),
        (["NNX1 NNX2"], ("NNX1", "NNX2")),
        ([","], ()),
    ],
)
def test_options_are_split_at_commas_and_blanks(values: list[str], expected: tuple[str, ...]) -> None:
    assert split_selectors(values) == expected


@pytest.mark.parametrize(
    ("select", "ignore", "expected"),
    [
        (None, [], False),
        (["NNX2"], [], False),  # not selected is not ignored
        (None, ["NNX1"], True),
        (None, ["NNX2"], False),
        (["NNX101"], ["NNX1"], False),
        (["NNX1"], ["NNX1"], True),
    ],
)
def test_only_what_is_ignored_counts_as_ignored(
    rules: tuple[Rule, ...], select: list[str] | None, ignore: list[str], *, expected: bool
) -> None:
    assert ignored(rules[0], select, (), ignore) == expected


@pytest.mark.parametrize(
    ("fixable", "unfixable", "expected"),
    [
        (["ALL"], [], []),
        (["ALL"], ["NNX1"], ["NNX101", "NNX102", "NNX113"]),
        (["ALL"], ["manual-param-update"], ["NNX201"]),
        (["NNX1"], [], ["NNX201", "NNX206"]),
        (["NNX1"], ["NNX101"], ["NNX101", "NNX201", "NNX206"]),
        (["NNX101"], ["NNX1"], ["NNX102", "NNX113", "NNX201", "NNX206"]),  # the more specific wins
        (["NNX101"], ["NNX101"], list(NAMES)),
    ],
)
def test_fixes_are_left_out_by_selectors_too(
    rules: tuple[Rule, ...], fixable: list[str], unfixable: list[str], expected: list[str]
) -> None:
    settings = Settings(fixable=tuple(fixable), unfixable=tuple(unfixable))
    assert sorted(unfixable_codes(settings, rules)) == expected


def test_rules_are_left_out_in_files(rules: tuple[Rule, ...], tmp_path: Path) -> None:
    ignores = (
        file_ignores("tests/*", ("NNX1",), tmp_path),
        file_ignores("!src/**", ("manual-param-update",), tmp_path),
    )
    settings = Settings(select=("NNX101", "NNX2"), per_file_ignores=ignores)

    def codes(path: str) -> list[str]:
        return [rule.code for rule in rules_in((tmp_path / path).as_posix(), settings, rules)]

    assert codes("src/a.py") == ["NNX101", "NNX201", "NNX206"]
    assert codes("a.py") == ["NNX101", "NNX206"]
    assert codes("tests/a.py") == ["NNX206"]  # however specifically a rule was selected


@pytest.mark.parametrize("key", ["select", "extend-select", "ignore", "fixable", "unfixable", "per-file-ignores"])
def test_a_name_of_no_rule_is_told_with_its_place(rules: tuple[Rule, ...], key: str, tmp_path: Path) -> None:
    value = "{x = ['NNX9']}" if key == "per-file-ignores" else "['NNX9']"
    (tmp_path / "nnxlint.toml").write_text(f"\n{key} = {value}\n")
    with pytest.raises(NnxlintError, match=r"nnxlint\.toml:2: unknown rule selector `NNX9`"):
        rules_of(load_settings(tmp_path), rules)
