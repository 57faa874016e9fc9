"""Write what is told about the rules, from the rules: `python scripts/generate_docs.py [--check]`.

Makes `docs/rules/<name>.md`, `docs/rules/index.md`, `docs/nnxlint.schema.json`, and the parts of `README.md` and of
other pages between markers: tables of rules, settings and formats, and what the command prints on the demonstration
project. What was *Measured* of a rule comes from `docs/measured.json`, which `scripts/measure_rules.py` writes. With
`--check` nothing is written: the exit status is 1 when something is out of date.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import get_args

import msgspec
from packaging.version import Version

from nnxlint.cases import CaseConfig, InputConfig, VerifyConfig
from nnxlint.commands.destinations import ROOT_VARIABLES
from nnxlint.config import ModeFlagsConfig
from nnxlint.render.formats import FORMATS
from nnxlint.render.rules import fix_of, rule_page
from nnxlint.render.schema import schema_document
from nnxlint.render.settings import setting_documents, toml_text
from nnxlint.rule import Rule
from nnxlint.rules import all_rules
from nnxlint.settings import Settings
from nnxlint.target import Target

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / "fixtures" / "_project" / "demo"
PAGES = ROOT / "docs" / "rules"
README = ROOT / "README.md"
FORMATS_PAGE = ROOT / "docs" / "formats.md"
SETTINGS_PAGE = ROOT / "docs" / "settings.md"
SCHEMA = ROOT / "docs" / "nnxlint.schema.json"
PLUGINS = ROOT / "docs" / "plugins.md"
EXAMPLE = ROOT / "docs" / "examples" / "acme-nnx-rules"
MEASURED = ROOT / "docs" / "measured.json"
VERIFICATION_PAGE = ROOT / "docs" / "verification.md"
VERSIONS = ROOT / "docs" / "versions.json"
DEVICES = ROOT / "docs" / "devices.json"

GROUPS = {
    "NNX1": "Mode: training against evaluation",
    "NNX2": "Parameters and optimizers",
    "NNX3": "Saving and restoring",
    "NNX4": "Random number streams",
    "NNX5": "Kinds of state",
    "NNX6": "Transforms",
    "NNX7": "API habits and changes",
    "NNX9": "The tool itself",
}

# The commands whose output the README shows, run in the demonstration project.
SHOWN = {
    "overview": ("check", "--output-format", "concise", "flowers"),
    "finding": ("check", "--select", "NNX102", "flowers"),
    "why": ("why", "flowers/evaluate.py:15"),
}

# What `docs/formats.md` shows of each format: one finding, so that a reader sees all of it.
SHOWN_FORMATS = {
    each.name: ("check", "--select", "NNX401", "--output-format", each.name, "flowers")
    for each in FORMATS
    if each.name not in ("text", "json-lines", "sarif", "azure")  # long, shown elsewhere, or full of absolute paths
}

# What a reader is told instead of a default that is long, or is none.
DEFAULTS = {
    "flax-version": "found out: see below",
    "select": "the rules that are on by default",
    "baseline": "none",
    "cache-dir": "`.nnxlint_cache` in the project",
    "exclude": "virtual environments, caches, build folders",
}


def main(arguments: Sequence[str]) -> int:
    """Write the documents, or tell which ones differ from what would be written."""
    documents = dict(_documents())
    stale = [path for path, text in documents.items() if not _is_current(path, text)]
    stale += [path for path in sorted(PAGES.glob("*.md")) if path not in documents]
    if "--check" in arguments:
        for path in stale:
            sys.stderr.write(f"{path.relative_to(ROOT)} is out of date: run scripts/generate_docs.py\n")
        return 1 if stale else 0
    for path in stale:
        _write(path, documents)
    return 0


def rule_table(rules: Sequence[Rule], link: str) -> str:
    """Give the rules as Markdown tables, one a group; `link` is put before the name of a page."""
    lines: list[str] = []
    for prefix, title in GROUPS.items():
        group = [rule for rule in rules if rule.code.startswith(prefix)]
        if group:
            lines += [
                "",
                f"**{title}**",
                "",
                "| code | name | finds | level | fix |",
                "|---|---|---|---|---|",
            ]
            lines += [_row(rule, link) for rule in group]
    return "\n".join(lines[1:])


def settings_table() -> str:
    """Give the settings as a Markdown table."""
    target = Target(Version("0"), "found out: see below")
    lines = ["| key | default | means |", "|---|---|---|"]
    for each in setting_documents(Settings(), target, ROOT):
        default = DEFAULTS.get(each.key, f"`{toml_text(each.value)}`")
        lines.append(f"| `{each.key}` | {default} | {each.meaning} |")
    return "\n".join(lines)


def options_table(rules: Sequence[Rule]) -> str:
    """Give the options of rules as a Markdown table."""
    lines = ["| rule | option | default | means |", "|---|---|---|---|"]
    for rule in rules:
        named = f"[{rule.code}](rules/{rule.name}.md)"
        lines += [
            f"| {named} | `{each.name}` | `{toml_text(each.default)}` | {each.description} |" for each in rule.options
        ]
    return "\n".join(lines)


def struct_table(table: str, struct: type[msgspec.Struct]) -> str:
    """Give the keys of a table of the settings as a Markdown table."""
    lines = [f"| key of `{table}` | means |", "|---|---|"]
    for each in msgspec.structs.fields(struct):
        told = next(found for found in get_args(each.type) if isinstance(found, msgspec.Meta))
        lines.append(f"| `{each.encode_name}` | {told.description} |")
    return "\n".join(lines)


def formats_table() -> str:
    """Give the output formats as a Markdown table."""
    lines = ["| format | is |", "|---|---|"]
    return "\n".join((*lines, *(f"| `{each.name}` | {each.meaning} |" for each in FORMATS)))


def versions_table() -> str:
    """Give what `scripts/verify_versions.py` recorded of each Flax as a Markdown table."""
    lines = ["| Flax | JAX | contracts that hold | the others |", "|---|---|---|---|"]
    for version, results in sorted(json.loads(VERSIONS.read_text(encoding="utf-8")).items(), key=_by_version):
        wrong = [each for each in results if each["verdict"] in ("DIFFERS", "UNVERIFIED")]
        others = "; ".join(f"{each['code']} {each['verdict']}" for each in wrong)
        lines.append(f"| {version} | {results[0]['jax']} | {len(results) - len(wrong)} of {len(results)} | {others} |")
    return "\n".join(lines)


def devices_table() -> str:
    """Give what `benchmarks/devices.py` recorded of accelerators as a Markdown table."""
    record = json.loads(DEVICES.read_text(encoding="utf-8"))
    lines = [
        "| device | Flax, JAX | verdicts that equal the CPU's | numbers within the tolerance | apart |",
        "|---|---|---|---|---|",
    ]
    versions = f"{record['versions']['flax']}, {record['versions']['jax']}"
    for device in dict.fromkeys(row["device"] for row in record["rows"]):
        rows = [row for row in record["rows"] if row["device"] == device]
        equal = sum(row["verdict"] == row["on_cpu"] for row in rows)
        numbers, apart = sum(row["numbers"] for row in rows), [one for row in rows for one in row["apart"]]
        where = ", ".join(sorted({f"`{one.partition(' ')[0]}`" for one in apart}))
        lines.append(
            f"| {device} | {versions} | {equal} of {len(rows)} | {numbers - len(apart)} of {numbers} | {where} |"
        )
    return "\n".join(lines)


def _by_version(item: tuple[str, object]) -> tuple[int, ...]:
    return tuple(map(int, item[0].split(".")))


def _documents() -> Iterator[tuple[Path, str]]:
    rules = all_rules()
    measured = _measured()
    for rule in rules:
        yield PAGES / f"{rule.name}.md", rule_page(rule) + measured.get(rule.code, "")
    yield PAGES / "index.md", f"# Rules\n\n{rule_table(rules, '')}\n"
    yield SCHEMA, schema_document(rules)
    yield SETTINGS_PAGE, _with_parts(SETTINGS_PAGE.read_text(encoding="utf-8"), _settings_parts(rules))
    yield PLUGINS, _with_parts(PLUGINS.read_text(encoding="utf-8"), _example())
    parts = {"rules": rule_table(rules, "docs/rules/")}
    parts |= {name: _run(command) for name, command in SHOWN.items()}
    formats = {"formats": formats_table()} | {name: _run(command) for name, command in SHOWN_FORMATS.items()}
    runs = {"versions": versions_table(), "devices": devices_table()}
    yield VERIFICATION_PAGE, _with_parts(VERIFICATION_PAGE.read_text(encoding="utf-8"), runs)
    yield FORMATS_PAGE, _with_parts(FORMATS_PAGE.read_text(encoding="utf-8"), formats)
    yield README, _with_parts(README.read_text(encoding="utf-8"), parts)


def _settings_parts(rules: Sequence[Rule]) -> dict[str, str]:
    """Give the tables of all settings."""
    tables: Mapping[str, type[msgspec.Struct]] = {
        "verify": VerifyConfig,
        "verify.case": CaseConfig,
        "verify.case.inputs.NAME": InputConfig,
    }
    return {
        "settings": settings_table(),
        "options": options_table(rules),
        "mode-flags": struct_table("mode-flags", ModeFlagsConfig),
        "verify": "\n\n".join(struct_table(name, struct) for name, struct in tables.items()),
    }


def _example() -> dict[str, str]:
    """Give the example of a rule of others, and of its tests."""
    files = {"example": "acme_nnx_rules/batch_norm_implicit_momentum.py", "tests": "tests/test_rules.py"}
    return {
        name: f"````python\n{(EXAMPLE / file).read_text(encoding='utf-8').strip()}\n````"
        for name, file in files.items()
    }


def _measured() -> dict[str, str]:
    """Give the section on what was measured, by the code of the rule."""
    sections: dict[str, str] = {}
    for each in json.loads(MEASURED.read_text(encoding="utf-8")):
        ran_on = f"Flax {each['flax']}, JAX {each['jax']}, {each['device']}"
        told = f"{each['verdict']} (`{each['contract']}`; {ran_on}): {each['reason']}."
        before = sections.get(each["code"], "\n## Measured\nBy `nnxlint verify --rules`:\n\n")
        sections[each["code"]] = f"{before}- {told}\n"
    return sections


def _row(rule: Rule, link: str) -> str:
    fix = fix_of(rule.contract) or ""
    flax = f" (Flax {str(rule.flax).replace('>=', '≥ ')})" if str(rule.flax) else ""
    title = rule.documentation.split("\n\n")[0].replace("\n", " ").rstrip(".").replace("|", "\\|")
    return f"| {rule.code} | [{rule.name}]({link}{rule.name}.md) | {title}{flax} | {rule.level.value} | {fix} |"


def _run(command: Sequence[str]) -> str:
    """Give a command and what it prints, as a block of console text."""
    environment = {key: value for key, value in os.environ.items() if key not in ("FORCE_COLOR", *ROOT_VARIABLES)}
    done = subprocess.run(
        [sys.executable, "-m", "nnxlint", *command],
        cwd=DEMO,
        env={**environment, "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode not in (0, 1) or done.stderr:
        raise SystemExit(done.stderr)
    return f"```console\n$ nnxlint {' '.join(command)}\n{done.stdout.strip()}\n```"


def _with_parts(text: str, parts: Mapping[str, str]) -> str:
    for name, content in parts.items():
        begin, end = f"<!-- {name}: begin, written by scripts/generate_docs.py -->", f"<!-- {name}: end -->"
        before, found, rest = text.partition(begin)
        if found:
            text = f"{before}{begin}\n\n{content}\n\n{end}{rest.partition(end)[2]}"
    return text


def _is_current(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


def _write(path: Path, documents: Mapping[Path, str]) -> None:
    if path not in documents:
        path.unlink()
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(documents[path], encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
