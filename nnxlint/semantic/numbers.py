"""Numbers for chains of calls and for the objects that they make: equal for what is the same."""

from dataclasses import dataclass, field
from typing import TypeAlias

ObjectKey: TypeAlias = tuple[int, int, str]


@dataclass(slots=True, eq=False)
class Numbers:
    """What has a number so far. Syntax nodes are told apart by identity, so they must outlive this."""

    _contexts: dict[tuple[int, int], int] = field(default_factory=dict)
    _context_keys: list[tuple[int, int]] = field(default_factory=lambda: [(0, 0)])
    _objects: dict[ObjectKey, int] = field(default_factory=dict)
    _object_keys: list[ObjectKey] = field(default_factory=lambda: [(0, 0, "")])

    def context(self, key: tuple[int, int]) -> int:
        """The number of a call chain by its caller's number and the call's identity."""
        known = self._contexts.get(key)
        if known is None:
            known = self._contexts[key] = len(self._context_keys)
            self._context_keys.append(key)
        return known

    def context_key(self, context: int) -> tuple[int, int]:
        """What `context` gave this number for."""
        return self._context_keys[context]

    def target(self, key: ObjectKey) -> int:
        """The number of the object made in a call chain, at a place, under a further name."""
        known = self._objects.get(key)
        if known is None:
            known = self._objects[key] = len(self._object_keys)
            self._object_keys.append(key)
        return known

    def key_of(self, target: int) -> ObjectKey:
        """What `target` gave this number for; of a part of an object, its owner negated is the chain."""
        return self._object_keys[target]
