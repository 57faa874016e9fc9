"""Which rules run."""

from collections.abc import Callable

import pytest

from nnxlint.errors import NnxlintError
from nnxlint.rule import Rule
from nnxlint.selection import ignored, select_rules, split_selectors

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
