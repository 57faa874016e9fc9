"""The JSON Schema of the settings accepts what nnxlint accepts, and refuses what it refuses."""

import json
import re
import tomllib
from pathlib import Path

import jsonschema
import pytest

from nnxlint.cli import main
from nnxlint.errors import NnxlintError
from nnxlint.plugins import known_rules
from nnxlint.render.schema import schema_document
from nnxlint.rules import all_rules
from nnxlint.selection import rules_of
from nnxlint.settings import load_settings
from tests.fixture_cases import ROOT

SCHEMA = json.loads((ROOT / "docs" / "nnxlint.schema.json").read_text())
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))


def _examples() -> list[str]:
    """Give the settings of all pages as they would stand in a `nnxlint.toml`, as JSON."""
    found = []
    for page in PAGES:
        for block in re.findall(r"^```toml\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE):
            table = tomllib.loads(block)
            if "tool" in table or "#:schema" in block:
                found.append(json.dumps(table.get("tool", {}).get("nnxlint", {}) if "tool" in table else table))
    return found


ACCEPTED = [
    {},
    {"$schema": "./nnxlint.schema.json", "select": ["ALL", "NNX", "NNX1", "NNX10", "NNX101", "missing-train-flag"]},
    {"flax-version": "0.12.0", "exclude": [], "force-exclude": True, "src": ["."], "cache-dir": "x"},
    {"per-file-ignores": {"tests/*": ["NNX1"]}, "mode-flags": {"train": ["a"]}},
    {"rules": {"NNX501": {"trained": ["a"]}, "weight-not-param": {"untrained": []}}},
    {"verify": {"case": [{"target": "a.b:c", "inputs": {"x": {"shape": [2], "dtype": "int32", "below": 3}}}]}},
]
REFUSED = [
    {"selct": ["NNX1"]},
    {"select": "NNX1"},
    {"select": [1]},
    {"select": ["nnx101"]},
    {"select": ["NNX101", "NNX1011"]},
    {"ignore": ["NNX800"]},
    {"per-file-ignores": ["a"]},
    {"per-file-ignores": {"a": "NNX1"}},
    {"force-exclude": "yes"},
    {"flax-version": 0.12},
    {"mode-flags": {"trian": []}},
    {"rules": {"NNX501": {"traned": []}}},
    {"rules": {"NNX501": {"trained": "a"}}},
    {"rules": {"NNX101": {"x": 1}}},
    {"rules": {"missing-train-flag": {"x": 1}}},
    {"rules": {"NNX51": {"trained": []}}},
    {"rules-path": "lint_rules"},
    {"verify": {"case": [{"arguments": {}}]}},
    {"verify": {"case": [{"target": "train"}]}},
    {"verify": {"case": [{"target": "a:b", "inputs": {"x": {"shape": [2], "dtype": "int31"}}}]}},
    {"verify": {"entry": "a.py"}},
]


def test_it_is_a_schema() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)


def test_it_is_fresh() -> None:
    assert json.loads(schema_document(all_rules())) == SCHEMA


def test_there_are_documented_examples() -> None:
    assert len(_examples()) > len(all_rules())


@pytest.mark.parametrize("settings", [*ACCEPTED, *map(json.loads, dict.fromkeys(_examples()))], ids=str)
def test_what_is_right_is_accepted(settings: dict[str, object]) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(settings)] == []


@pytest.mark.parametrize("settings", [each for each in ACCEPTED if "$schema" not in each], ids=str)
def test_nnxlint_accepts_it_too(settings: dict[str, object], tmp_path: Path) -> None:
    (tmp_path / "nnxlint.toml").write_text(_toml(settings))

    rules_of(load_settings(tmp_path), known_rules())


@pytest.mark.parametrize("settings", REFUSED, ids=str)
def test_what_is_wrong_is_refused_by_both(settings: dict[str, object], tmp_path: Path) -> None:
    (tmp_path / "nnxlint.toml").write_text(_toml(settings))

    assert not VALIDATOR.is_valid(settings)
    with pytest.raises(NnxlintError):
        rules_of(load_settings(tmp_path), known_rules())


def test_editors_may_be_told_of_it_in_the_file(tmp_path: Path) -> None:
    (tmp_path / "nnxlint.toml").write_text('#:schema ./a.json\n"$schema" = "./a.json"\nselect = ["NNX1"]\n')

    assert load_settings(tmp_path).select == ("NNX1",)


def test_the_command_writes_it_with_the_rules_that_are_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    rules = ROOT / "docs" / "examples" / "acme-nnx-rules" / "acme_nnx_rules"
    (tmp_path / "nnxlint.toml").write_text(f'rules-path = ["{rules.as_posix()}"]\n')

    assert main(["config", "--schema"]) == 0

    schema = json.loads(capsys.readouterr().out)
    assert schema["properties"]["rules"]["properties"]["ACME101"]["properties"]["momentum"]["default"] == 0.99
    assert "ACME101" in schema["definitions"]["Selector"]["anyOf"][0]["enum"]
    assert main(["config", "select", "--schema"]) == 2


def _toml(settings: dict[str, object]) -> str:
    return "".join(f"{json.dumps(key)} = {_value(value)}\n" for key, value in settings.items())


def _value(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_value(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    return json.dumps(value)
