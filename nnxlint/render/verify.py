"""What `nnxlint verify` came to: a table, a JSON list, and the outcome of a replay."""

from collections import Counter
from collections.abc import Sequence

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from nnxlint.verify.certificates import Replay
from nnxlint.verify.results import Run, device_text, document_of
from nnxlint.verify.verdicts import Verdict

STYLES = {
    Verdict.PROVED: "green",
    Verdict.TESTED: "green",
    Verdict.REVIVED: "green",
    Verdict.REPAIRED: "green",
    Verdict.DIFFERS: "bold red",
    Verdict.UNVERIFIED: "yellow",
}
_WIDTH = 120  # of a table that no terminal limits


def render_runs(runs: Sequence[Run], console: Console) -> None:
    """Write a table with one verdict a row, and a line that sums them up."""
    if not runs:
        console.print("nothing to verify: no finding has a fix")
        return
    if not console.is_terminal:
        console.width = _WIDTH
    devices = {run.result.device for run in runs}
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("rule", no_wrap=True)
    if any(run.place for run in runs):
        table.add_column("place", overflow="fold", ratio=2)
    else:
        table.add_column("promise", overflow="fold", ratio=2)
    table.add_column("verdict", no_wrap=True)
    if len(devices) > 1:
        table.add_column("device", overflow="fold", ratio=1)
    table.add_column("seconds", no_wrap=True, justify="right")
    table.add_column("why", overflow="fold", ratio=5)
    for run in runs:
        result = run.result
        device = (result.device,) if len(devices) > 1 else ()
        verdict = Text(result.verdict.value, STYLES[result.verdict])
        table.add_row(
            result.code, run.place or result.contract, verdict, *device, f"{result.seconds:.1f}", Text(result.reason)
        )
    console.print(table, soft_wrap=False)
    console.print()
    console.print(summary(runs))


def summary(runs: Sequence[Run]) -> str:
    """Count the verdicts, and say on what they were found: versions, platform, kind and number of devices."""
    counts = Counter(run.result.verdict for run in runs)
    told = ", ".join(f"{counts[verdict]} {verdict.value}" for verdict in Verdict if counts[verdict])
    environments = dict.fromkeys(run.result.environment for run in runs if run.result.environment is not None)
    where = "; ".join(f"Flax {each.flax}, JAX {each.jax}, {device_text(each)}" for each in environments)
    return f"{told} ({where})" if where else told


def runs_document(runs: Sequence[Run]) -> str:
    """Give the verdicts as a JSON list."""
    encoded = msgspec.json.encode([document_of(run) for run in runs])
    return msgspec.json.format(encoded, indent=2).decode() + "\n"


def render_replay(replay: Replay, console: Console) -> None:
    """Write whether a certificate still holds, and what is different from then."""
    told = replay.certificate
    what = f"{told.code} {told.place} {told.verdict.value}".replace("  ", " ")
    if replay.broken:
        console.print(Text(f"{what}: no longer holds", STYLES[Verdict.DIFFERS]))
    else:
        console.print(Text(f"{what}: still holds", STYLES[Verdict.PROVED]))
    for line in replay.broken:
        console.print(f"  {line}")
    for line in replay.notes:
        console.print(f"  note: {line}")


def replay_document(replay: Replay) -> str:
    """Give the same as a JSON object."""
    told = replay.certificate
    document = {
        "code": told.code,
        "verdict": told.verdict,
        "holds": not replay.broken,
        "broken": replay.broken,
        "notes": replay.notes,
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"
