"""Comments that silence findings: where they are seen, what they silence, and what is said about them."""

from collections.abc import Callable

import pytest
from packaging.version import Version

from nnxlint.diagnostic import Crash, Diagnostic, Level
from nnxlint.edits import apply_edits
from nnxlint.linter import Linted
from nnxlint.rule import Rule
from nnxlint.rules.nnx901_unused_suppression import unused_suppression
from nnxlint.rules.nnx902_invalid_suppression import invalid_suppression
from nnxlint.rules.nnx999_rule_failure import rule_failure
from nnxlint.source import make_source
from nnxlint.spans import Span
from nnxlint.suppression import Rules, without_silenced

MakeRule = Callable[..., Rule]

BAD = {"NNX801": "BAD", "NNX802": "RISKY"}


@pytest.fixture
def rules(word_rule: MakeRule) -> Rules:
    """Give two rules and what is said about comments."""
    made = [word_rule(code, word, name=f"{word.lower()}-thing") for code, word in BAD.items()]
    every = (*made, unused_suppression, invalid_suppression, rule_failure)
    return Rules(every, every)


def _lint(text: str, rules: Rules, *, crashes: tuple[Crash, ...] = (), bom: bytes = b"") -> tuple[Diagnostic, ...]:
    source = make_source("/project/a.py", bom + text.encode())
    found: list[Diagnostic] = []
    for rule in rules.ran:
        word = BAD.get(rule.code, "")
        start = source.text.find(word) if word else -1
        while start >= 0:
            span = Span(start, start + len(word))
            found.append(Diagnostic(rule.code, rule.name, rule.level, "bad", source.path, span))
            start = source.text.find(word, start + 1)
    return without_silenced(source, Linted(tuple(found), crashes), rules, Version("0.12.8")).diagnostics


def _codes(text: str, rules: Rules) -> list[str]:
    return [each.code for each in _lint(text, rules)]


def _fixed(text: str, rules: Rules) -> str:
    edits = [edit for each in _lint(text, rules) if each.fix for edit in each.fix.edits]
    return apply_edits(text, edits)


@pytest.mark.parametrize(
    "text",
    [
        "x = BAD  # nnxlint: ignore[NNX801]\n",
        "x = BAD  # nnxlint: ignore[bad-thing]\n",
        "x = BAD  # nnxlint: ignore[nnx801]\n",
        "x = BAD  #nnxlint:ignore[ NNX801 ,]\n",
        "x = BAD  # nnxlint: ignore [NNX801] because it must\n",
        "x = BAD  # see above # nnxlint: ignore[NNX801]\n",
        "x = BAD  # nnxlint: ignore[NNX801]  # type: ignore[misc]\n",
        "x = BAD  # noqa: NNX801\n",
        "x = BAD  # NOQA:E501,NNX801 and why\n",
        "x = BAD  # noqa : E501 NNX801\n",
        "x = BAD  # noqa\n",
        "x = BAD  #noqa why\n",
        "x = BAD; y = BAD  # nnxlint: ignore[NNX801]\n",
        "x = (  # nnxlint: ignore[NNX801]\n    1,\n    BAD,\n)\n",
        "x = (\n    1,\n    BAD,\n)  # nnxlint: ignore[NNX801]\n",
        "x = (\n    1,\n    BAD,  # nnxlint: ignore[NNX801]\n)\n",
        "x = 1 + \\\n    BAD  # nnxlint: ignore[NNX801]\n",
        'x = """\n""" + BAD  # nnxlint: ignore[NNX801]\n',
        "def f(  # nnxlint: ignore[NNX801]\n    a=BAD,\n):\n    pass\n",
        "def f(\n    a=BAD,\n):  # nnxlint: ignore[NNX801]\n    pass\n",
        "if BAD:  # nnxlint: ignore[NNX801]\n    pass\n",
        "@BAD  # nnxlint: ignore[NNX801]\ndef f(): pass\n",
        "for BAD in ():  # nnxlint: ignore[NNX801]\n    pass\nelse:\n    pass\n",
        "# nnxlint: ignore-file[NNX801]\nx = BAD\ny = BAD\n",
        "x = BAD\n\n# nnxlint: ignore-file[bad-thing]",
        "x = BAD\r\ny = BAD  # nnxlint: ignore[NNX801]\r\n# nnxlint: ignore-file[NNX801]\r\n",
        "x = 'é' + BAD  # nnxlint: ignore[NNX801]\n",
        "x = BAD  # nnxlint: ignore[NNX801]",
        "x = BAD  # nnxlint: ignore[NNX801]\nx = (\n",  # what cannot be read ends the search
    ],
)
def test_comments_silence_the_statement_that_they_stand_at(text: str, rules: Rules) -> None:
    assert _codes(text, rules) == []


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("x = BAD  # nnxlint: ignore[NNX802]\n", ["NNX801", "NNX901"]),
        ("x = BAD  # nnxlint: ignore\n", ["NNX801", "NNX902"]),
        ("x = BAD  # nnxlint: ignore[NNX80]\n", ["NNX801", "NNX902"]),
        ("x = BAD  # noqa: NNX80\n", ["NNX801", "NNX902"]),
        ("x = BAD  # noqa: E501\n", ["NNX801"]),
        ("x = BAD  # noqa: because\n", ["NNX801"]),
        ("x = BAD  # noqa-not\n", ["NNX801"]),
        ("x = BAD  # ruff: noqa\n", ["NNX801"]),
        ("x = BAD, '# nnxlint: ignore[NNX801]'\n", ["NNX801"]),
        ("# nnxlint: ignore[NNX801]\nx = BAD\n", ["NNX901", "NNX801"]),
        ("x = (\n    1,  # nnxlint: ignore[NNX801]\n    BAD,\n)\n", ["NNX901", "NNX801"]),
        ("if x:  # nnxlint: ignore[NNX801]\n    BAD\n", ["NNX901", "NNX801"]),
        ("if x:\n    BAD\nelse:  # nnxlint: ignore[NNX801]\n    pass\n", ["NNX801", "NNX901"]),
        ("x = (  # nnxlint: ignore[NNX801]\n    BAD, RISKY,\n)\n", ["NNX802"]),
    ],
)
def test_comments_silence_nothing_else(text: str, codes: list[str], rules: Rules) -> None:
    assert _codes(text, rules) == codes


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = 1  # nnxlint: ignore[NNX801]\n", "x = 1\n"),
        ("x = 1\t# noqa: NNX801", "x = 1"),
        ("x = 1  # noqa: E501, NNX801\n", "x = 1  # noqa: E501\n"),
        ("x = 1  # noqa: NNX801,E501 why\n", "x = 1  # noqa: E501 why\n"),
        ("x = 1  # noqa: E1, NNX801, E2, NNX802\n", "x = 1  # noqa: E1, E2\n"),
        ("x = BAD  # nnxlint: ignore[NNX801, NNX802]\n", "x = BAD  # nnxlint: ignore[NNX801]\n"),
        ("x = BAD  # nnxlint: ignore[ NNX802 , bad-thing ]\n", "x = BAD  # nnxlint: ignore[ bad-thing ]\n"),
        ("x = BAD  # nnxlint: ignore[NNX802, NNX801,]\n", "x = BAD  # nnxlint: ignore[NNX801,]\n"),
        ("x = 1  # nnxlint: ignore[NNX801] - the model is small\n", "x = 1  # the model is small\n"),
        ("x = 1  # type: ignore  # noqa: NNX801\n", "x = 1  # type: ignore\n"),
        ("x = 1  # noqa: NNX801  # type: ignore\n", "x = 1  # type: ignore\n"),
        ("x = 1\n# nnxlint: ignore-file[NNX801]\ny = 2\n", "x = 1\ny = 2\n"),
        ("x = 1\r\n    # nnxlint: ignore[NNX801]\r\ny = 2\r\n", "x = 1\r\ny = 2\r\n"),
        ("# nnxlint: ignore-file[NNX801]", ""),
        ("# nnxlint: ignore-file[NNX801] see the issue\n", "# see the issue\n"),
        ("x = 1  # nnxlint: ignore[NNX801, NNX888]\n", "x = 1  # nnxlint: ignore[NNX888]\n"),
    ],
)
def test_the_fix_removes_what_silences_nothing_and_nothing_else(before: str, after: str, rules: Rules) -> None:
    assert _fixed(before, rules) == after


def test_what_a_comment_does_is_told(rules: Rules) -> None:
    [unused, invalid] = _lint("x = 1  # nnxlint: ignore[NNX801, risky-thing]\ny = 1  # noqa: NNX8011\n", rules)
    assert (unused.level, unused.message) == (Level.WARNING, "`NNX801` and 1 more silence nothing here")
    assert unused.fix is not None
    assert unused.fix.message == "remove the comment"
    assert (invalid.message, invalid.reason) == (
        "`NNX8011` is no rule: it silences nothing",
        "did you mean `NNX801`?",
    )
    [named] = _lint("x = 1  # nnxlint: ignore[bad_thing]\n", rules)
    assert named.reason == "did you mean `bad-thing`?"
    [some] = _lint("x = BAD  # noqa: NNX801, NNX802\n", rules)
    assert some.fix is not None
    assert some.fix.message == "remove `NNX802`"


def test_a_rule_that_did_not_run_is_not_called_unused(rules: Rules, word_rule: MakeRule) -> None:
    text = "x = 1  # nnxlint: ignore[NNX801, NNX802]\n"
    only = tuple(rule for rule in rules.known if rule.code != "NNX801")
    [found] = _lint(text, Rules(only, rules.known))
    assert found.message == "`NNX802` silences nothing here"
    older = word_rule("NNX801", "BAD", name="bad-thing", flax="<0.11")
    assert [each.message for each in _lint(text, Rules((*only, older), rules.known))] == [found.message]
    assert _lint(text, Rules(only[:1], rules.known)) == ()  # neither did the rule about comments
    assert _lint(text, rules, crashes=(Crash("a rule", "a.py", ""),)) == ()


def test_findings_about_comments_are_silenced_by_name_only(rules: Rules) -> None:
    assert _codes("x = 1  # nnxlint: ignore[NNX801, NNX901]\n", rules) == []
    assert _codes("x = 1  # nnxlint: ignore[NNX801]  # noqa: NNX901\n", rules) == []
    assert _codes("x = 1  # nnxlint: ignore[nonsense]  # nnxlint: ignore[invalid-suppression]\n", rules) == []
    assert _codes("x = 1  # nnxlint: ignore[NNX801]  # noqa\n", rules) == ["NNX901"]
    assert _codes("# nnxlint: ignore-file[NNX901]\nx = 1  # nnxlint: ignore[NNX801]\n", rules) == []


def test_a_crash_is_never_silenced(rules: Rules) -> None:
    source = make_source("/project/a.py", b"x = 1  # noqa\ny = 1  # nnxlint: ignore[NNX999]\n")
    failures = tuple(
        Diagnostic("NNX999", "rule-failure", Level.ERROR, "crashed", source.path, Span(start, start + 1))
        for start in (0, 14)
    )
    linted = Linted(failures, (Crash("a rule", source.path, ""),))
    assert without_silenced(source, linted, rules, Version("0.12.8")) == linted


def test_a_byte_order_mark_moves_nothing(rules: Rules) -> None:
    assert _lint("x = BAD  # noqa: NNX801\n", rules, bom=b"\xef\xbb\xbf") == ()
