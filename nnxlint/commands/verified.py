"""`nnxlint check --fix --verify`: fixes are kept only where running the code speaks for them."""

import importlib.util
import os
from dataclasses import replace

from nnxlint.errors import NnxlintError
from nnxlint.project import Advance, CheckRequest, check
from nnxlint.report import Report

_NEEDED = ("jax", "flax", "optax", "orbax")


def check_verified(request: CheckRequest, advance: Advance | None = None) -> Report:
    """Check, and keep of the fixes what is verified; each that was taken back is a notice of the report.

    `NnxlintError` where what runs the code is not installed.
    """
    demand_jax()
    from nnxlint.verify.pool import PoolOptions, child_pool  # noqa: PLC0415 - only who verifies needs it
    from nnxlint.verify.run_fixes import VerifiedFixes  # noqa: PLC0415

    with child_pool(PoolOptions(workers=os.cpu_count() or 1)) as pool:
        fixes = VerifiedFixes(request.known_rules_in, request.settings_of, pool.run)
        report = check(replace(request, choose=fixes), advance)
    return replace(report, notices=(*report.notices, *fixes.notices()), verdicts=fixes.verdicts(report))


def demand_jax() -> None:
    """`NnxlintError` where the `verify` extra is not installed."""
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        names = ", ".join(missing)
        message = f"verifying runs the code, and {names} is not installed: install nnxlint with its extra `verify`"
        raise NnxlintError(message)
