"""What runs may ask about that was observed before them: how an `Rngs` was made, and what was drawn from it."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from nnxlint.semantic.observe.records import RngsMade, StreamDraw


@dataclass(slots=True, eq=False)
class Layer:
    """What one part of a project adds to the ground, by the numbers of the `Rngs`."""

    made: dict[int, RngsMade] = field(default_factory=dict)
    draws: dict[int, list[StreamDraw]] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Ground:
    """Layers, of which the last one that knows an `Rngs` tells how it was made."""

    _by_target: dict[int, dict[Layer, None]] = field(default_factory=dict)

    def lay(self, layer: Layer) -> None:
        """Add a layer."""
        for target in layer.made.keys() | layer.draws.keys():
            self._by_target.setdefault(target, {})[layer] = None

    def take_out(self, layer: Layer) -> None:
        """Remove a layer, if it is there."""
        for target in layer.made.keys() | layer.draws.keys():
            self._by_target.get(target, {}).pop(layer, None)

    def newest_rngs(self, target: int) -> RngsMade | None:
        """How the `Rngs` of this number was made, last."""
        layers = reversed(self._by_target.get(target, {}))
        return next((layer.made[target] for layer in layers if target in layer.made), None)

    def draws_of(self, target: int) -> Iterator[StreamDraw]:
        """The draws from an `Rngs`."""
        for layer in self._by_target.get(target, {}):
            yield from layer.draws.get(target, ())
