"""A project analysed: parsed, interpreted, and ready to be asked about each of its files."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field

from packaging.version import Version

from nnxlint.garbage import resting_collector
from nnxlint.knowledge import Project
from nnxlint.semantic.facts import ModuleFacts, extract
from nnxlint.semantic.flax_api import TABLE_VERSIONS, api_for
from nnxlint.semantic.live import Live
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.model import SemanticModel
from nnxlint.semantic.observe import Entered
from nnxlint.semantic.run import run_project
from nnxlint.semantic.statistics import Statistics
from nnxlint.syntax.tree import parse_tree
from nnxlint.timing import Stopwatch, phase


@dataclass(frozen=True, eq=False)
class Analysis:
    """What is known of a project."""

    project: Project
    syntax_errors: Mapping[str, SyntaxError]
    _modules: dict[str, ModuleFacts] = field(repr=False)
    _machine: Machine = field(repr=False)

    def model(self, path: str) -> SemanticModel:
        """What rules may ask about one file; `KeyError` for a file that was not parsed.

        What crashed while the file's code was interpreted is raised here, where the engine tells of it.
        """
        if path in self._machine.seen.crashes:
            raise self._machine.seen.crashes[path]
        target = self.project.targets.get(path, Version(TABLE_VERSIONS[-1]))
        return SemanticModel(self._modules[path], target, self._machine)

    def facts(self, path: str) -> ModuleFacts:
        """What one file declares; `KeyError` for a file that was not parsed."""
        return self._modules[path]

    def live(self) -> Live:
        """What keeps this analysis right while files change; from then on it is the analysis of what changed."""
        return Live(self._machine, self._modules)

    @property
    def machine(self) -> Machine:
        """The interpreter as it stands after all ran."""
        return self._machine

    @property
    def entered(self) -> tuple[Entered, ...]:
        """With which values functions ran, in the order in which they did; empty where nobody asked."""
        return tuple(self._machine.seen.entered or ())

    @functools.cached_property
    def statistics(self) -> Statistics:
        """How much of the project's NNX code was understood."""
        from nnxlint.semantic.understanding import statistics  # noqa: PLC0415

        return statistics(self._modules, self._machine)


def analyse(
    project: Project, *, entered: bool = False, watched: bool = False, clock: Stopwatch | None = None
) -> Analysis:
    """Parse and interpret the sources of a project; files that do not parse are left out and told.

    `entered`: also keep with which values every function of the project ran; `watched`: how its modules were when
    they were built, and where which was seen: what the state map tells.
    """
    with resting_collector():
        with phase(clock, "parse"):
            modules, errors = _parsed(project)
        with phase(clock, "interpret"):
            target = max(project.targets.values(), default=Version(TABLE_VERSIONS[-1]))
            machine = run_project(
                modules, project.search_roots, api_for(target), project.mode_flags, entered=entered, watched=watched
            )
    return Analysis(project, errors, modules, machine)


def _parsed(project: Project) -> tuple[dict[str, ModuleFacts], dict[str, SyntaxError]]:
    modules: dict[str, ModuleFacts] = {}
    errors: dict[str, SyntaxError] = {}
    for path, source in project.sources.items():
        try:
            modules[path] = extract(parse_tree(source))
        except SyntaxError as error:
            errors[path] = error
        except (ValueError, RecursionError) as error:
            errors[path] = SyntaxError(str(error))
    return modules, errors
