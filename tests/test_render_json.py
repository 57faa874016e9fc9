"""The documents, as programs read them."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from nnxlint.diagnostic import Diagnostic, Level, Related
from nnxlint.edits import Applicability, Edit, Fix
from nnxlint.render.json import json_report
from nnxlint.render.rules import fix_of, rule_document, rule_page, rules_document
from nnxlint.render.statistics import rule_counts, statistics_document
from nnxlint.render.view import View
from nnxlint.report import Report, combined
from nnxlint.rule import Contract, Preserves, Repairs, Revives, Rule
from nnxlint.semantic.statistics import Share, Statistics, merged, share_of
from nnxlint.source import make_source
from nnxlint.spans import Span

HERE = Path("/project")
TEXT = "ß = '日本'; model(x)\r\nreturn y\r\n"
SOURCE = make_source("/project/pkg/a.py", TEXT.encode())


def _finding(**more: object) -> Diagnostic:
    known: dict[str, object] = {"code": "NNX101", "name": "missing-train-flag", "level": Level.ERROR}
    known |= {"message": "dropout", "path": SOURCE.path, "span": Span(10, 18)} | more
    return Diagnostic(**known)  # type: ignore[arg-type]


def _documents(*findings: Diagnostic, directory: Path = HERE) -> list[dict[str, object]]:
    report = Report(findings, {SOURCE.path: SOURCE}, 1)
    loaded = json.loads(json_report(View(report, directory, HERE)))
    assert isinstance(loaded, list)
    return loaded


def test_a_finding_has_the_shape_that_readers_of_ruff_know() -> None:
    finding = _finding(
        level=Level.WARNING,
        reason="not shown here",
        related=(
            Related("built here", SOURCE.path, Span(0, 1)),
            Related("elsewhere", "/lib/b.py", Span(3, 4)),
        ),
        fix=Fix("pass it", Applicability.UNSAFE, (Edit(Span(27, 28), "z"), Edit(Span(17, 17), ", train=False"))),
    )
    assert _documents(finding) == [
        {
            "code": "NNX101",
            "name": "missing-train-flag",
            "message": "dropout",
            "filename": "pkg/a.py",
            "location": {"row": 1, "column": 11},
            "end_location": {"row": 1, "column": 19},
            "cell": None,
            "fix": {
                "applicability": "unsafe",
                "message": "pass it",
                "edits": [
                    {
                        "content": ", train=False",
                        "location": {"row": 1, "column": 18},
                        "end_location": {"row": 1, "column": 18},
                    },
                    {
                        "content": "z",
                        "location": {"row": 2, "column": 8},
                        "end_location": {"row": 2, "column": 9},
                    },
                ],
            },
            "related": [
                {
                    "message": "built here",
                    "filename": "pkg/a.py",
                    "location": {"row": 1, "column": 1},
                    "end_location": {"row": 1, "column": 2},
                    "cell": None,
                },
                {
                    "message": "elsewhere",
                    "filename": "../lib/b.py",
                    "location": {"row": 1, "column": 1},
                    "end_location": {"row": 1, "column": 1},
                    "cell": None,
                },
            ],
            "url": None,
            "level": "warning",
        }
    ]


def test_keys_come_in_the_documented_order() -> None:
    assert list(_documents(_finding())[0]) == [
        *("code", "name", "message", "filename", "location", "end_location"),
        *("cell", "fix", "related", "url", "level"),
    ]


def test_nothing_found_is_an_empty_list() -> None:
    assert json_report(View(Report(), HERE, HERE)) == "[]\n"


def test_without_a_fix_it_is_null() -> None:
    assert _documents(_finding())[0]["fix"] is None


def test_findings_are_sorted_by_file_name_row_column_and_code() -> None:
    other = make_source("/lib/z.py", b"x = 1\n")
    findings = (
        _finding(span=Span(23, 24)),
        _finding(code="NNX201"),
        _finding(code="NNX102"),
        _finding(span=Span(2, 3)),
        _finding(path=other.path, span=Span(0, 1)),
    )
    report = Report(findings, {SOURCE.path: SOURCE, other.path: other}, 2)
    found = [
        (each["filename"], each["location"]["row"], each["location"]["column"], each["code"])
        for each in json.loads(json_report(View(report, HERE, HERE)))
    ]
    assert found == [
        ("../lib/z.py", 1, 1, "NNX101"),
        ("pkg/a.py", 1, 3, "NNX101"),
        ("pkg/a.py", 1, 11, "NNX102"),
        ("pkg/a.py", 1, 11, "NNX201"),
        ("pkg/a.py", 2, 4, "NNX101"),
    ]
    assert json_report(View(Report(findings[::-1], report.sources, 2), HERE, HERE)) == json_report(
        View(report, HERE, HERE)
    )


@pytest.mark.parametrize(
    ("directory", "name"),
    [
        ("/project", "pkg/a.py"),
        ("/project/pkg", "a.py"),
        ("/project/tests", "../pkg/a.py"),
        ("/", "project/pkg/a.py"),
    ],
)
def test_file_names_are_as_seen_from_the_working_directory(directory: str, name: str) -> None:
    assert _documents(_finding(), directory=Path(directory))[0]["filename"] == name


@pytest.mark.parametrize("message", ['quotes " and \\', "ß 日本", "line\nbreak", "\x1b[31m"])
def test_any_text_survives(message: str) -> None:
    assert _documents(_finding(message=message))[0]["message"] == message


def test_shares_add_up_with_their_reasons() -> None:
    first = share_of([None, "no class", None, "no class", "no import"])
    second = share_of(["no import", "no import", None])
    assert first == Share(2, 5, (("no class", 2), ("no import", 1)))
    assert first + second == Share(3, 8, (("no import", 3), ("no class", 2)))
    assert first + Share() == first
    assert (share_of([]), Share().percentage, first.percentage) == (Share(), 100.0, 40.0)


def test_statistics_are_merged_kind_by_kind() -> None:
    one = Statistics(Share(1, 1), Share(1, 2), Share(0, 3), Share(4, 4))
    assert merged([one, one]) == Statistics(Share(2, 2), Share(2, 4), Share(0, 6), Share(8, 8))
    assert merged([]) == Statistics()


def test_statistics_are_one_line_of_json() -> None:
    fix = Fix("mend", Applicability.SAFE, (Edit(Span(0, 1), ""),))
    findings = (
        _finding(code="NNX201", name="b"),
        _finding(),
        _finding(fix=fix),
        _finding(code="NNX200", name="a"),
    )
    report = Report(findings, statistics=Statistics(optimizers=Share(1, 2, (("why", 1),))))
    assert [(each.code, each.count, each.fixable) for each in rule_counts(report)] == [
        ("NNX101", 2, 1),
        ("NNX200", 1, 0),
        ("NNX201", 1, 0),
    ]
    line = statistics_document(report, HERE)
    assert "\n" not in line
    loaded = json.loads(line)
    assert loaded["rules"][0] == {"code": "NNX101", "name": "missing-train-flag", "count": 2, "fixable": 1}
    assert loaded["files"] == [{"filename": "pkg/a.py", "count": 4, "fixable": 1}]
    assert loaded["understood"]["optimizers"] == {"understood": 1, "seen": 2, "reasons": [["why", 1]]}
    assert list(loaded["understood"]) == ["module_classes", "model_calls", "optimizers", "rngs"]


def test_reports_of_projects_combine() -> None:
    one = Report((_finding(),), {SOURCE.path: SOURCE}, 2, failures=("a",), notices=("n",), details=("d",))
    other = Report((_finding(),), {}, 3, failures=("b", "a"), notices=("n",), statistics=Statistics(rngs=Share(1, 1)))
    both = combined([one, other])
    assert (len(both.diagnostics), both.file_count) == (2, 5)
    assert (both.failures, both.notices, both.details) == (("a", "b"), ("n",), ("d",))
    assert both.statistics.rngs == Share(1, 1)
    assert combined([]) == Report()


@pytest.mark.parametrize(
    ("contract", "fix", "told"),
    [
        (None, None, None),
        (Preserves(), "safe", "preserves"),
        (Revives("TypeError"), "safe", "revives(TypeError)"),
        (
            Repairs("eval-repeatable", "training-program"),
            "unsafe",
            "repairs(eval-repeatable, training-program)",
        ),
    ],
)
def test_a_rule_as_a_document(
    word_rule: Callable[..., Rule], contract: Contract | None, fix: str | None, told: str | None
) -> None:
    rule = word_rule("NNX801", "BAD", flax=">=0.11", contract=contract, supersedes=("NNX802",), selected=False)
    document = {
        "code": "NNX801",
        "name": "no-bad",
        "level": "error",
        "selected": False,
        "flax": ">=0.11",
        "fix": fix,
        "contract": told,
        "supersedes": ["NNX802"],
        "origin": "",
        "options": [],
        "documentation": "About BAD.\n\n## What it does\nFinds BAD.",
    }
    assert fix_of(contract) == fix
    assert json.loads(rule_document(rule)) == document
    assert json.loads(rules_document([rule, rule])) == [document, document]


def test_the_page_of_a_rule_tells_its_facts(word_rule: Callable[..., Rule]) -> None:
    page = rule_page(word_rule("NNX801", "BAD", flax=">=0.11", contract=Preserves(), selected=False))
    assert page.startswith("# no-bad (NNX801)\n\nLevel: error. Fix: safe. ")
    assert "Flax is >=0.11. Silent unless selected.\n\nAbout BAD.\n" in page
    assert "No fix." in rule_page(word_rule("NNX801", "BAD"))
