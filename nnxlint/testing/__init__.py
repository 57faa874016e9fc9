"""The tests that every rule gets for nothing, nnxlint's own and those of others: see `docs/plugins.md`."""

from nnxlint.testing.bench import Bench, make_bench
from nnxlint.testing.cases import Case, fixture_cases
from nnxlint.testing.documentation import RULE_PROMISES
from nnxlint.testing.promises import PROMISES

__all__ = ["PROMISES", "RULE_PROMISES", "Bench", "Case", "fixture_cases", "make_bench"]
