"""Which kind of state an attribute should be, by how it is made and used: statistics, tables, weights."""

from nnxlint.semantic.kinds.statistics import StatisticSite, statistics
from nnxlint.semantic.kinds.weights import WeightSite, weights

__all__ = ["StatisticSite", "WeightSite", "statistics", "weights"]
