"""What a rule is: a frozen value with a check, and the context that the check is given."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar, cast

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from nnxlint.config import OptionValue
from nnxlint.diagnostic import Diagnostic, Level, Related
from nnxlint.edits import Fix
from nnxlint.semantic.model import SemanticModel
from nnxlint.spans import Span


@dataclass(frozen=True, slots=True)
class Preserves:
    """The fix keeps the program's results wherever it ran before."""


@dataclass(frozen=True, slots=True)
class Revives:
    """The bad program raises `error` at the reported place; the fixed one runs.

    Where the type depends on what fails there, `error` names several: `KeyError | AttributeError`. `ran_on`: the last
    Flax on which the bad one ran, too. Not `safe` where the fix decides something for the author, such as a seed.
    """

    error: str
    ran_on: str | None = None
    safe: bool = True


@dataclass(frozen=True, slots=True)
class Repairs:
    """The fix changes behaviour: the witness fails before it and holds after, the frame stays as it was."""

    witness: str
    frame: str


Contract = Preserves | Revives | Repairs


class Site(Protocol):
    """A place in the linted file that a rule can report."""

    @property
    def span(self) -> Span:
        """The code points that the diagnostic covers."""
        ...


V = TypeVar("V", bound=OptionValue)
V_co = TypeVar("V_co", bound=OptionValue, covariant=True)


@dataclass(frozen=True, slots=True)
class Option(Generic[V_co]):
    """What users may set of a rule, under `[tool.nnxlint.rules.CODE]`; its values are of the type of its default."""

    name: str
    default: V_co
    description: str


@dataclass(frozen=True, slots=True)
class Context:
    """What a check may ask: the semantic model of one file, the targeted Flax, and the one door to report."""

    rule: "Rule"
    model: SemanticModel
    target: Version

    def option(self, option: Option[V]) -> V:
        """The value that the settings give an option of the rule, else its default."""
        return cast("V", dict(self.rule.values).get(option.name, option.default))

    def diagnostic(
        self,
        site: Site,
        message: str,
        *,
        level: Level | None = None,
        reason: str = "",
        related: Iterable[Related] = (),
        fix: Fix | None = None,
    ) -> Diagnostic:
        """A diagnostic of this rule at the site; `level` can lower the rule's own level, never raise it."""
        lowered = Level.WARNING if Level.WARNING in (level, self.rule.level) else Level.ERROR
        return Diagnostic(
            code=self.rule.code,
            name=self.rule.name,
            level=lowered,
            message=message,
            path=self.model.path,
            span=site.span,
            reason=reason,
            related=tuple(related),
            fix=fix,
        )


Check = Callable[[Context], Iterator[Diagnostic]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its code and name, the ceiling of its level, the Flax it speaks on, and its check.

    `values` are those that settings give its options, `origin` tells who defines it ("" for nnxlint itself).
    """

    code: str
    name: str
    level: Level
    flax: SpecifierSet
    contract: Contract | None
    supersedes: tuple[str, ...]
    selected: bool
    documentation: str = field(repr=False)
    check: Check = field(repr=False)
    options: tuple[Option[OptionValue], ...] = ()
    values: tuple[tuple[str, OptionValue], ...] = ()
    origin: str = ""

    def speaks_on(self, target: Version) -> bool:
        """Whether the rule applies to code that targets this Flax."""
        return self.flax.contains(target, prereleases=True)


def rule(  # noqa: PLR0913 - a rule has that many parts
    code: str,
    name: str,
    *,
    level: Level,
    documentation: str | None,
    flax: str = "",
    contract: Contract | None = None,
    supersedes: tuple[str, ...] = (),
    selected: bool = True,
    options: Sequence[Option[OptionValue]] = (),
) -> Callable[[Check], Rule]:
    """Make a `Rule` of a check.

    `flax`: a version specifier; `selected`: whether it speaks without being asked; `options`: what users may set of it.
    """

    def make(check: Check) -> Rule:
        return Rule(
            code=code,
            name=name,
            level=level,
            flax=SpecifierSet(flax),
            contract=contract,
            supersedes=supersedes,
            selected=selected,
            documentation=(documentation or "").strip(),
            check=check,
            options=tuple(options),
        )

    return make
