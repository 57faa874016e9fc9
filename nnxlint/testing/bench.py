"""The bench: where fixtures are linted, by which rules, and what came of it."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nnxlint.extensions import local_rules
from nnxlint.plugins import known_rules
from nnxlint.rule import Rule
from nnxlint.testing import cases
from nnxlint.testing.cases import Analysed, Case, Linted, Transform


@dataclass(frozen=True, slots=True)
class Bench:
    """A folder to work in, and the rules that look at fixtures. `bless`: goldens are written, not compared.

    What takes time is done once for each case: a bench serves a whole session.
    """

    folder: Path
    rules: tuple[Rule, ...]
    bless: bool = False
    _fixed: dict[Case, Linted] = field(default_factory=dict, repr=False, compare=False)
    _analysed: dict[Case, Analysed] = field(default_factory=dict, repr=False, compare=False)

    @property
    def foreign(self) -> tuple[Rule, ...]:
        """The rules that are none of nnxlint's own."""
        return tuple(rule for rule in self.rules if rule.origin)

    def fresh(self) -> Path:
        """A new empty folder."""
        return Path(tempfile.mkdtemp(dir=self.folder))

    def lint(self, case: Case, transform: Transform = bytes, *, fix: bool = False) -> Linted:
        """Lint a copy of the case; with `fix`, make the safe and the unsafe fixes until settled."""
        return cases.lint(case, self.fresh(), self.rules, transform, fix=fix)

    def lint_copy(self, case: Case, folder: Path, *, fix: bool = False) -> Linted:
        """Lint what lies in the folder as the case is linted."""
        return cases.lint_copy(case, folder, self.rules, fix=fix)

    def fixed(self, case: Case) -> Linted:
        """The case with its fixes made until settled."""
        if case not in self._fixed:
            self._fixed[case] = self.lint(case, fix=True)
        return self._fixed[case]

    def analysed(self, case: Case) -> Analysed:
        """The case, understood once for rules that look at it again and again."""
        if case not in self._analysed:
            self._analysed[case] = cases.analysed(case, self.fresh())
        return self._analysed[case]


def make_bench(folder: Path, rules_path: Sequence[str | Path] = (), *, bless: bool = False) -> Bench:
    """Make a bench of nnxlint's rules, those of installed packages, and those in files or folders like `rules-path`."""
    local = local_rules([str(path) for path in rules_path], Path.cwd())
    return Bench(folder, known_rules(local), bless)
