"""Rules described: the page of one, the list of all, and both as documents."""

from collections.abc import Sequence

import msgspec
from rich.console import Console
from rich.markdown import Markdown
from rich.text import Text

from nnxlint.config import OptionValue
from nnxlint.render.settings import toml_text
from nnxlint.render.text import LEVEL_STYLES
from nnxlint.rule import Contract, Preserves, Repairs, Revives, Rule

_PAGE_WIDTH = 100


class OptionDocument(msgspec.Struct, frozen=True):
    """One option of a rule: what users may set under `[tool.nnxlint.rules.CODE]`."""

    name: str
    default: OptionValue
    description: str


class RuleDocument(msgspec.Struct, frozen=True):
    """One rule; `fix`: the applicability of its fixes, `flax`: the versions it speaks on ("" for all).

    `origin`: who defines it ("" for nnxlint itself).
    """

    code: str
    name: str
    level: str
    selected: bool
    flax: str
    fix: str | None
    contract: str | None
    supersedes: tuple[str, ...]
    origin: str
    options: tuple[OptionDocument, ...]
    documentation: str


def render_rule(rule: Rule, console: Console) -> None:
    """Write the rule's page: rendered in a terminal, as the Markdown that it is elsewhere."""
    page = rule_page(rule)
    if console.is_terminal:
        console.print(Markdown(page), width=min(console.width, _PAGE_WIDTH), soft_wrap=False)
    else:
        console.print(Text(page))


def rule_page(rule: Rule) -> str:
    """Give the rule's page in Markdown."""
    return f"# {rule.name} ({rule.code})\n\n{_facts(rule)}\n\n{rule.documentation}\n{_options(rule)}{_silencing(rule)}"


def _options(rule: Rule) -> str:
    """Tell what can be set of the rule, with an example to copy."""
    if not rule.options:
        return ""
    rows = "".join(f"| `{each.name}` | `{toml_text(each.default)}` | {each.description} |\n" for each in rule.options)
    example = "".join(f"{each.name} = {toml_text(each.default)}\n" for each in rule.options)
    return f"""
## Options
| option | default | means |
|---|---|---|
{rows}
```toml
[tool.nnxlint.rules.{rule.code}]
{example}```
"""


def _silencing(rule: Rule) -> str:
    """Tell how to silence a rule about code; those about comments and files are no matter of opinion."""
    if rule.code.startswith("NNX9"):
        return ""
    return f"""
## Silencing it
`# nnxlint: ignore[{rule.code}]` on the line; for tests that do this on purpose, in `pyproject.toml`:
```toml
[tool.nnxlint.per-file-ignores]
"tests/**" = ["{rule.code}"]
```
"""


def render_rules(rules: Sequence[Rule], console: Console) -> None:
    """Write one line a rule."""
    width = max((len(rule.name) for rule in rules), default=0)
    for rule in rules:
        fix = fix_of(rule.contract)
        notes = (
            f"{fix} fix" if fix else "",
            f"flax {rule.flax}" if str(rule.flax) else "",
            "" if rule.selected else "off",
            f"from {rule.origin}" if rule.origin else "",
        )
        line = Text.assemble((rule.code, LEVEL_STYLES[rule.level]), f"  {rule.name:<{width}}  {rule.level.value:<7}")
        line.append("".join(f"  {note}" for note in notes if note))
        line.rstrip()
        console.print(line)


def rule_document(rule: Rule) -> str:
    """One rule as JSON."""
    return _indented(msgspec.json.encode(_document(rule)))


def rules_document(rules: Sequence[Rule]) -> str:
    """All rules as a JSON list."""
    return _indented(msgspec.json.encode([_document(rule) for rule in rules]))


def fix_of(contract: Contract | None) -> str | None:
    """Give the applicability of the fixes that a contract stands for."""
    match contract:
        case None:
            return None
        case Repairs() | Revives(safe=False):
            return "unsafe"
        case Preserves() | Revives():
            return "safe"


def _document(rule: Rule) -> RuleDocument:
    return RuleDocument(
        code=rule.code,
        name=rule.name,
        level=rule.level.value,
        selected=rule.selected,
        flax=str(rule.flax),
        fix=fix_of(rule.contract),
        contract=contract_text(rule.contract),
        supersedes=rule.supersedes,
        origin=rule.origin,
        options=tuple(OptionDocument(each.name, each.default, each.description) for each in rule.options),
        documentation=rule.documentation,
    )


def contract_text(contract: Contract | None) -> str | None:
    """Give a contract in the words of the documentation."""
    match contract:
        case None:
            return None
        case Preserves():
            return "preserves"
        case Revives(error=error):
            return f"revives({error})"
        case Repairs(witness=witness, frame=frame):
            return f"repairs({witness}, {frame})"


def _facts(rule: Rule) -> str:
    fix = fix_of(rule.contract)
    facts = (
        f"Level: {rule.level.value}.",
        f"Fix: {fix}." if fix else "No fix.",
        f"Speaks where the targeted Flax is {rule.flax}." if str(rule.flax) else "",
        "Silent unless selected." if not rule.selected else "",
        f"From {rule.origin}." if rule.origin else "",
    )
    return " ".join(fact for fact in facts if fact)


def _indented(encoded: bytes) -> str:
    return msgspec.json.format(encoded, indent=2).decode() + "\n"
