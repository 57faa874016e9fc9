"""Acme's rules keep the promises that nnxlint's own rules keep.

`BLESS=1 pytest` writes the goldens (`bad.out`, `bad.fixed.py`): look at them before they are committed.
"""

import os
from pathlib import Path

import pytest
from nnxlint.testing import PROMISES, RULE_PROMISES, fixture_cases, make_bench

CASES = fixture_cases(Path(__file__).parent / "fixtures")


@pytest.fixture(scope="session")
def bench(tmp_path_factory):
    return make_bench(tmp_path_factory.mktemp("bench"), bless="BLESS" in os.environ)


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_fixtures_keep_their_promises(case, promise, bench):
    promise(case, bench)


@pytest.mark.parametrize("promise", RULE_PROMISES, ids=lambda promise: promise.__name__)
def test_rules_keep_their_promises(promise, bench):
    assert bench.foreign
    for rule in bench.foreign:
        promise(rule, CASES, bench)
