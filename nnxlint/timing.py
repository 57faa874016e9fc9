"""Where the time of a run goes. Nothing is measured unless somebody asks."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from time import perf_counter


@dataclass(frozen=True, slots=True)
class Timings:
    """Seconds by phase, and by rule: its code and its name."""

    phases: tuple[tuple[str, float], ...] = ()
    rules: tuple[tuple[tuple[str, str], float], ...] = ()


@dataclass(slots=True)
class Stopwatch:
    """Adds up the time of phases; that of a phase within another counts for itself alone."""

    phases: dict[str, float] = field(default_factory=dict)
    rules: dict[tuple[str, str], float] = field(default_factory=dict)
    _running: list[str] = field(default_factory=list)
    _since: float = 0.0

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Count what is done meanwhile to the phase."""
        self._charge()
        self._running.append(name)
        try:
            yield
        finally:
            self._charge()
            self._running.pop()

    @contextmanager
    def rule(self, code: str, name: str) -> Iterator[None]:
        """Count what is done meanwhile to the rule; it is part of its phase, too."""
        start = perf_counter()
        try:
            yield
        finally:
            self.rules[code, name] = self.rules.get((code, name), 0.0) + perf_counter() - start

    def add(self, timings: Timings) -> None:
        """Add what another process took."""
        for phase, seconds in timings.phases:
            self.phases[phase] = self.phases.get(phase, 0.0) + seconds
        for rule, seconds in timings.rules:
            self.rules[rule] = self.rules.get(rule, 0.0) + seconds

    @property
    def timings(self) -> Timings:
        """What was measured so far."""
        return Timings(tuple(self.phases.items()), tuple(self.rules.items()))

    def _charge(self) -> None:
        now = perf_counter()
        if self._running:
            name = self._running[-1]
            self.phases[name] = self.phases.get(name, 0.0) + now - self._since
        self._since = now


def phase(clock: Stopwatch | None, name: str) -> AbstractContextManager[None]:
    """Give what counts to the phase, where somebody watches."""
    return nullcontext() if clock is None else clock.phase(name)
