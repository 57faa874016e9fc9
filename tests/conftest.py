"""What several tests share: an analysis that knows only text, and rules that look for words in it."""

import ast
import functools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

import pytest
from packaging.version import Version

from nnxlint.cli import main
from nnxlint.diagnostic import Diagnostic, Level
from nnxlint.edits import Applicability, Edit, Fix
from nnxlint.knowledge import Project
from nnxlint.request import CheckRequest
from nnxlint.rule import Context, Contract, Rule, rule
from nnxlint.semantic.model import SemanticModel
from nnxlint.semantic.statistics import Share, Statistics
from nnxlint.source import Source, make_source
from nnxlint.spans import Span
from nnxlint.timing import Stopwatch
from tests.cli_runs import Install, MakeRule, Run, RunCli


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that writes the goldens anew."""
    parser.addoption("--bless", action="store_true", help="write what is printed and fixed into the goldens")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[Path, str | None], None]:
    """Give what compares a text with its golden file (None: there must be no such file), or blesses it."""

    def compare(path: Path, text: str | None) -> None:
        if request.config.getoption("--bless"):
            if text is None:
                path.unlink(missing_ok=True)
            else:
                path.write_bytes(text.encode())
            return
        blessed = path.read_bytes().decode() if path.is_file() else None
        assert text == blessed, f"{path.name} is no longer what comes out: look at it, then run pytest --bless"

    return compare


STATISTICS = Statistics(module_classes=Share(3, 4, (("base class not found", 1),)))


@dataclass(frozen=True, slots=True)
class FakeModel:
    """A model that knows the text."""

    path: str
    source: Source
    target: Version

    def explain(self, row: int) -> tuple[str, ...]:
        """Tell that the row was asked for."""
        return (f"row {row} of {self.path.rpartition('/')[2]} on Flax {self.target}",)


@dataclass(frozen=True, slots=True)
class FakeAnalysis:
    """An analysis that only parses."""

    project: Project
    syntax_errors: dict[str, SyntaxError]
    statistics: Statistics = STATISTICS

    def model(self, path: str) -> FakeModel:
        """Give the model of a file; crash where its text says so."""
        source = self.project.sources[path]
        if "CRASH_THE_MODEL" in source.text:
            message = "no model"
            raise RuntimeError(message)
        return FakeModel(path, source, self.project.targets[path])


@dataclass(frozen=True, slots=True)
class Word:
    """A place where a word stands."""

    span: Span


class WordRule(Protocol):
    """What makes a rule that reports every occurrence of a word."""

    def __call__(  # noqa: D102, PLR0913 - what the fixture says, option by option
        self,
        code: str,
        word: str,
        *,
        name: str = ...,
        replacement: str | None = ...,
        applicability: Applicability = ...,
        level: Level = ...,
        flax: str = ...,
        contract: Contract | None = ...,
        supersedes: tuple[str, ...] = ...,
        selected: bool = ...,
    ) -> Rule: ...


@pytest.fixture
def word_rule() -> WordRule:
    """Give a maker of rules that report a word, and replace it where a replacement is given."""

    def make(  # noqa: PLR0913 - a rule has that many parts
        code: str,
        word: str,
        *,
        name: str = "",
        replacement: str | None = None,
        applicability: Applicability = Applicability.SAFE,
        level: Level = Level.ERROR,
        flax: str = "",
        contract: Contract | None = None,
        supersedes: tuple[str, ...] = (),
        selected: bool = True,
    ) -> Rule:
        def check(ctx: Context) -> Iterator[Diagnostic]:
            source = cast("FakeModel", ctx.model).source
            for found in re.finditer(rf"\b{word}\b", source.text):
                span = Span(*found.span())
                edits = () if replacement is None else (Edit(span, replacement),)
                fix = Fix(f"replace `{word}`", applicability, edits) if edits else None
                yield ctx.diagnostic(Word(span), f"`{word}` is bad", fix=fix)

        return rule(
            code,
            name or f"no-{word.lower()}",
            level=level,
            documentation=f"About {word}.\n\n## What it does\nFinds {word}.",
            flax=flax,
            contract=contract,
            supersedes=supersedes,
            selected=selected,
        )(check)

    return make


@pytest.fixture
def crashing_rule() -> Rule:
    """Give a rule that crashes while it holds the site of the word BOOM."""

    def check(ctx: Context) -> Iterator[Diagnostic]:
        source = cast("FakeModel", ctx.model).source
        site = Word(Span(source.text.index("BOOM"), source.text.index("BOOM") + 4))
        yield ctx.diagnostic(Word(Span(0, 1)), "found before the crash")
        message = f"cannot look at\n{site.span.start}"
        raise ZeroDivisionError(message)

    return rule("NNX809", "crashing", level=Level.ERROR, documentation="Crashes.")(check)


@pytest.fixture
def model_of() -> Callable[[str], SemanticModel]:
    """Give a maker of models of a text."""

    def make(text: str) -> SemanticModel:
        source = make_source("/project/a.py", text.encode())
        return cast("SemanticModel", FakeModel(source.path, source, Version("0.12.8")))

    return make


@pytest.fixture
def run_with(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Give what replaces the semantic analysis by the fake one, and the rules by those given."""

    def analyse(project: Project, *, clock: Stopwatch | None = None) -> FakeAnalysis:
        del clock
        errors: dict[str, SyntaxError] = {}
        for path, source in project.sources.items():
            try:
                ast.parse(source.text)
            except SyntaxError as error:
                errors[path] = error
        return FakeAnalysis(project, errors)

    def install(*rules: Rule) -> None:
        monkeypatch.setattr("nnxlint.checking.analyse", analyse)
        monkeypatch.setattr("nnxlint.semantic.analysis.analyse", analyse)
        monkeypatch.setattr("nnxlint.commands.rule.known_rules", lambda _: rules)
        for module in ("check", "why"):
            monkeypatch.setattr(f"nnxlint.commands.{module}.CheckRequest", functools.partial(CheckRequest, rules=rules))

    return install


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give an empty project that is the working directory."""
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "demo"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    return tmp_path


@pytest.fixture
def run(
    project: Path,
    run_with: Install,
    word_rule: MakeRule,
    crashing_rule: Rule,
    capsys: pytest.CaptureFixture[str],
) -> RunCli:
    """Give what runs the command line with four rules and one that crashes when the file says so."""
    del project
    run_with(
        word_rule("NNX801", "BAD", replacement="GOOD"),
        word_rule("NNX802", "RISKY", name="risky-thing", replacement="SURE", applicability=Applicability.UNSAFE),
        word_rule("NNX803", "WORSE", level=Level.WARNING, flax="<0.11"),
        word_rule("NNX804", "PEDANTIC", selected=False),
    )

    def call(*arguments: str, rules: tuple[Rule, ...] = (), crash: bool = False) -> Run:
        if rules or crash:
            run_with(*rules, *((crashing_rule,) if crash else ()))
        status = main(arguments)
        captured = capsys.readouterr()
        return Run(status, captured.out, captured.err)

    return call
