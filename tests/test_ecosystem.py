"""The ecosystem report: its table as it is committed, and what is computed from one."""

import re
from pathlib import Path

import ecosystem
import msgspec
import pytest
import verdicts
from command import Finding, Location
from packages import ECOSYSTEM, PINNED
from verdicts import Entry, Verdict

from nnxlint.rules import all_rules

ENTRY = Entry("pack", "1.0", "pack/model.py", 7, 5, "NNX501", "error", "0123456789ab", Verdict.RIGHT, "It is a table.")


@pytest.fixture(scope="module")
def table() -> list[Entry]:
    return list(verdicts.read_table(ecosystem.TABLE))


def test_the_table_is_written_as_the_script_writes_it(table: list[Entry]) -> None:
    assert ecosystem.TABLE.read_text(encoding="utf-8") == verdicts.spell_table(table)
    assert len({entry.key for entry in table}) == len(table)


def test_every_finding_was_read_and_judged_in_a_sentence(table: list[Entry]) -> None:
    for entry in table:
        assert entry.verdict is not Verdict.UNREAD, entry
        assert re.fullmatch(r"[A-Z`][^\n]{20,250}\.", entry.reason), entry


def test_the_table_is_about_pinned_packages_and_rules_that_exist(table: list[Entry]) -> None:
    codes = {rule.code for rule in all_rules()}
    for entry in table:
        assert ECOSYSTEM[entry.package] == entry.version
        assert entry.code in codes
        assert entry.level in ecosystem.BARS
    assert PINNED.items() <= ECOSYSTEM.items()


def test_the_table_holds_no_code(table: list[Entry]) -> None:
    for entry in table:
        assert re.fullmatch(r"[0-9a-f]{12}", entry.fingerprint)
        assert not re.search(r"[={}]|\w\(\w", entry.reason), entry


def test_fingerprints_survive_moved_lines_and_tell_repetitions_apart(tmp_path: Path) -> None:
    def found(text: str, *rows: int) -> list[str]:
        (tmp_path / "m.py").write_text(text)
        findings = [Finding("NNX206", "m", "m.py", Location(row, 1), level="error") for row in rows]
        return [entry.fingerprint for entry in verdicts.entries_of("pack", "1.0", tmp_path, findings)]

    assert found("a = f()\n", 1) == found("\n\n    a  = f()\n", 3)
    assert found("a = f()\n", 1) != found("a = g()\n", 1)
    assert len(set(found("a = f()\na = f()\n", 1, 2))) == 2


def test_verdicts_stay_with_what_is_still_found() -> None:
    moved = msgspec.structs.replace(ENTRY, row=9, verdict=Verdict.UNREAD, reason="")
    other = msgspec.structs.replace(moved, fingerprint="ba9876543210", row=1)
    renewed = msgspec.structs.replace(moved, version="1.1")
    assert verdicts.judged([moved, other], [ENTRY]) == [other, msgspec.structs.replace(ENTRY, row=9)]
    assert verdicts.judged([renewed], [ENTRY]) == [renewed]
    assert verdicts.judged([], [ENTRY]) == []


def test_a_table_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "table.toml"
    assert verdicts.read_table(path) == ()
    quoted = msgspec.structs.replace(ENTRY, row=8, fingerprint="00", reason='It says "no" \\ twice.')
    verdicts.write_table(path, [quoted, ENTRY])
    assert verdicts.read_table(path) == (ENTRY, quoted)


def test_what_does_not_hold_is_said() -> None:
    wrong = msgspec.structs.replace(ENTRY, fingerprint="1", verdict=Verdict.WRONG)
    unread = msgspec.structs.replace(ENTRY, fingerprint="2", verdict=Verdict.UNREAD)
    assert list(ecosystem.problems([ENTRY], [ENTRY])) == []
    assert "50.0% of the findings of level error" in next(ecosystem.problems([ENTRY, wrong], [ENTRY, wrong]))
    assert [line.split(":")[0] for line in ecosystem.problems([unread], [unread])] == ["unread"]
    assert [line.split(":")[0] for line in ecosystem.problems([], [ENTRY])] == ["no longer found"]
    moved = msgspec.structs.replace(ENTRY, row=9)
    assert [line.split(":")[0] for line in ecosystem.problems([moved], [ENTRY])] == ["not as in the table"]


def test_levels_have_bars_of_their_own() -> None:
    def of_level(level: str, *, right: int, wrong: int) -> list[Entry]:
        all_of_them = [Verdict.RIGHT] * right + [Verdict.WRONG] * wrong
        return [
            msgspec.structs.replace(ENTRY, level=level, verdict=verdict, fingerprint=f"{level}{number}")
            for number, verdict in enumerate(all_of_them)
        ]

    kept = [*of_level("error", right=19, wrong=1), *of_level("warning", right=9, wrong=1)]
    assert list(ecosystem.problems(kept, kept)) == []
    missed = [*of_level("error", right=19, wrong=1), *of_level("warning", right=9, wrong=2)]
    assert [line.split("%")[0] for line in ecosystem.problems(missed, missed)] == ["81.8"]


def test_two_versions_are_compared() -> None:
    gone = msgspec.structs.replace(ENTRY, fingerprint="1")
    lowered = msgspec.structs.replace(ENTRY, level="warning")
    come = msgspec.structs.replace(ENTRY, fingerprint="2", verdict=Verdict.UNREAD, reason="")
    assert list(ecosystem.differences([ENTRY, gone], [lowered, come])) == [
        "+ pack pack/model.py:7:5: NNX501 error: unread",
        "- pack pack/model.py:7:5: NNX501 error: right: It is a table.",
        "~ pack pack/model.py:7:5: NNX501 warning: right: It is a table. (was error)",
    ]
