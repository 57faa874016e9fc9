"""The JSON Schema of the settings, made from what reads them and from the rules that there are."""

import json
from collections.abc import Sequence
from typing import cast

import msgspec

from nnxlint.cases import DTYPES, TARGET_PATTERN
from nnxlint.config import Config, OptionValue, describe
from nnxlint.rule import Option, Rule

Schema = dict[str, object]

_DIALECT = "http://json-schema.org/draft-07/schema#"
# The rules of others have codes and names that are known where they are installed.
_FOREIGN_CODE = "(?!NNX)[A-Z]{2,}[0-9]{3,4}"
_FOREIGN = "^(?!NNX|ALL)[A-Z]{2,}[0-9]{0,4}$|^[a-z][a-z0-9]*(-[a-z0-9]+)+$"
_SELECTORS = (
    *((key,) for key in ("select", "extend-select", "ignore", "fixable", "unfixable")),
    ("per-file-ignores", "additionalProperties"),
)


def schema_document(rules: Sequence[Rule]) -> str:
    """Give the schema of `nnxlint.toml`, and of the table `tool.nnxlint` of a `pyproject.toml`."""
    return json.dumps(_schema(rules), indent=2, ensure_ascii=False) + "\n"


def _schema(rules: Sequence[Rule]) -> Schema:
    made = msgspec.json.schema(Config, ref_template="#/definitions/{name}")
    definitions = {name: _plain(each) for name, each in made["$defs"].items()}
    definitions = _put(definitions, ("InputConfig", "properties", "dtype", "enum"), sorted(DTYPES))
    definitions = _put(definitions, ("CaseConfig", "properties", "target", "pattern"), f"^{TARGET_PATTERN}$")
    settings = _put(_table_of(definitions, "Config"), ("properties", "rules"), _options(rules))
    settings = _put(settings, ("properties", "$schema"), {"type": "string", "description": "where this schema is"})
    for path in _SELECTORS:
        settings = _put(settings, ("properties", *path, "items"), {"$ref": "#/definitions/Selector"})
    return {
        "$schema": _DIALECT,
        "title": "nnxlint",
        **settings,
        "description": "Settings of nnxlint: nnxlint.toml, or [tool.nnxlint] in pyproject.toml",
        "definitions": {
            **{name: each for name, each in definitions.items() if name != "Config"},
            "Selector": _selector(rules),
        },
    }


def _put(schema: Schema, path: Sequence[str], value: object) -> Schema:
    """Give the schema with a value at the end of the path."""
    first, *rest = path
    return {**schema, first: _put(_table_of(schema, first), rest, value) if rest else value}


def _table_of(schema: Schema, key: str) -> Schema:
    return cast("Schema", schema[key])


def _plain(schema: object) -> object:
    """Give a schema without null, which TOML does not have, and without what only says that a key may be missing."""
    if isinstance(schema, list):
        return [_plain(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    idle: tuple[tuple[str, object], ...] = (("default", None), ("required", []))
    made = {key: _plain(value) for key, value in schema.items() if key != "title" and (key, value) not in idle}
    choices = [each for each in cast("list[Schema]", made.pop("anyOf", [])) if each != {"type": "null"}]
    if len(choices) == 1:
        return {**made, **choices[0]}
    return {**made, "anyOf": choices} if choices else made


def _selector(rules: Sequence[Rule]) -> Schema:
    prefixes = {rule.code[:length] for rule in rules for length in range(3, len(rule.code)) if rule.code[:3] == "NNX"}
    named = [name for rule in rules for name in (rule.code, rule.name)]
    known = {"enum": ["ALL", *sorted(prefixes), *named], "description": "a code, a prefix of codes, a name, or ALL"}
    return {"anyOf": [known, {"type": "string", "pattern": _FOREIGN, "description": "of rules of others"}]}


def _options(rules: Sequence[Rule]) -> Schema:
    tables = {name: _table(rule) for rule in rules if rule.options for name in (rule.code, rule.name)}
    own = [rule.name for rule in rules]
    foreign = f"^{_FOREIGN_CODE}$|^(?!({'|'.join(own)})$)[a-z][a-z0-9]*(-[a-z0-9]+)+$"
    return {
        "description": describe("rules"),
        "type": "object",
        "properties": tables,
        "patternProperties": {foreign: {"type": "object"}},
        "additionalProperties": False,
    }


def _table(rule: Rule) -> Schema:
    return {
        "description": f"options of {rule.code} ({rule.name})",
        "type": "object",
        "properties": {option.name: _option(option) for option in rule.options},
        "additionalProperties": False,
    }


def _option(option: Option[OptionValue]) -> Schema:
    kind: Schema
    match option.default:
        case bool():
            kind = {"type": "boolean", "default": option.default}
        case int():
            kind = {"type": "integer", "default": option.default}
        case float():
            kind = {"type": "number", "default": option.default}
        case str():
            kind = {"type": "string", "default": option.default}
        case tuple():
            kind = {"type": "array", "items": {"type": "string"}, "default": list(option.default)}
    return {"description": option.description, **kind}
