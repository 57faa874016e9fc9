"""A linter for Flax NNX: it finds the places where code mishandles model state."""

__version__ = "0.1.0"
