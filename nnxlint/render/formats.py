"""The table of the output formats. Each is one function in a module that is imported when it is asked for."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:  # the command line reads this table whenever it starts
    from nnxlint.render.view import View


@dataclass(frozen=True, slots=True)
class Format:
    """An output format; `function` names what writes it, as `module:function` below `nnxlint.render`.

    `for_people`: it is a text in the terminal's colours and encoding, which ends in a summary. `json`: what is told
    beside it (statistics, timings) is JSON, too.
    """

    name: str
    function: str
    meaning: str
    for_people: bool = False
    json: bool = False

    def render(self, view: "View") -> str:
        """Give the report in this format."""
        module, _, name = self.function.partition(":")
        function: object = getattr(import_module(f"nnxlint.render.{module}"), name)
        return cast("Callable[[View], str]", function)(view)


FORMATS = (
    Format("text", "text:text_report", "every finding with its code, its reason and its fix", for_people=True),
    Format("concise", "concise:concise_report", "one line a finding", for_people=True),
    Format("grouped", "grouped:grouped_report", "one line a finding, below its file", for_people=True),
    Format("json", "json:json_report", "a list in ruff's shape", json=True),
    Format("json-lines", "json:json_lines_report", "the same, one finding a line", json=True),
    Format("sarif", "sarif:sarif_report", "SARIF 2.1.0, for code scanning and viewers"),
    Format("github", "github:github_report", "annotations of GitHub Actions"),
    Format("gitlab", "gitlab:gitlab_report", "GitLab's Code Quality report"),
    Format("junit", "junit:junit_report", "JUnit XML, for test reports"),
    Format("azure", "azure:azure_report", "logging commands of Azure Pipelines"),
    Format("rdjson", "rdjson:rdjson_report", "reviewdog's format, with suggestions"),
    Format("pylint", "pylint:pylint_report", "`path:line: [CODE] message`, as pylint and flake8 write it"),
)
