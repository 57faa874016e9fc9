"""How much of the code the semantic model understood: of each kind of thing, how many of all seen."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Share:
    """`understood` of `seen` things; `reasons` tell why the rest was not, the most frequent first."""

    understood: int = 0
    seen: int = 0
    reasons: tuple[tuple[str, int], ...] = ()

    def __add__(self, other: "Share") -> "Share":
        counted = Counter(dict(self.reasons)) + Counter(dict(other.reasons))
        return Share(self.understood + other.understood, self.seen + other.seen, _ranked(counted))

    @property
    def percentage(self) -> float:
        """The understood part in percent; all of nothing is 100."""
        return 100.0 * self.understood / self.seen if self.seen else 100.0


@dataclass(frozen=True, slots=True)
class Statistics:
    """The shares of the four kinds of things that rules depend on."""

    module_classes: Share = Share()
    model_calls: Share = Share()
    optimizers: Share = Share()
    rngs: Share = Share()

    def __add__(self, other: "Statistics") -> "Statistics":
        return Statistics(
            self.module_classes + other.module_classes,
            self.model_calls + other.model_calls,
            self.optimizers + other.optimizers,
            self.rngs + other.rngs,
        )


def share_of(outcomes: Iterable[str | None]) -> Share:
    """Count a share from one outcome a thing: None where it was understood, else the reason why not."""
    listed = tuple(outcomes)
    reasons = Counter(reason for reason in listed if reason is not None)
    return Share(len(listed) - reasons.total(), len(listed), _ranked(reasons))


def merged(parts: Iterable[Statistics]) -> Statistics:
    """Add up the statistics of several projects."""
    return sum(parts, start=Statistics())


def _ranked(reasons: Counter[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(reasons.items(), key=lambda item: (-item[1], item[0])))
