"""Fixes until settled, and fixed sources on disk."""

import stat
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from nnxlint import fixer
from nnxlint.diagnostic import Diagnostic, Level
from nnxlint.edits import Applicability, Edit, Fix
from nnxlint.errors import NnxlintError
from nnxlint.fixer import allowed_applicabilities, fix_until_settled
from nnxlint.report import Report
from nnxlint.source import Source, make_source, read_source
from nnxlint.spans import Span
from nnxlint.writing import diff_lines, write_source

PATH = "/project/a.py"
SAFE = allowed_applicabilities(unsafe=False)
UNSAFE = allowed_applicabilities(unsafe=True)

# What a fix replaces, by what, and how it is applicable; a deletion of `x` is ("x", "").
Change = tuple[str, str]
Finder = Callable[[str], Sequence[Diagnostic]]


def _finding(
    text: str, *changes: Change, applicability: Applicability = Applicability.SAFE, code: str = "NNX801"
) -> Diagnostic:
    edits = tuple(
        Edit(Span(text.index(old), text.index(old) + len(old)), new) if old else Edit(Span(0, 0), new)
        for old, new in changes
    )
    fix = Fix("mend", applicability, edits)
    return Diagnostic(code, "bad", Level.ERROR, "is bad", PATH, edits[0].span, fix=fix)


def _run(
    text: str, find: Finder, allowed: frozenset[Applicability] = SAFE, *, encoding: str = "utf-8"
) -> tuple[Report, list[str]]:
    """Fix the text; also give the texts that were linted again."""
    texts: list[str] = []

    def report(source: Source) -> Report:
        return Report(diagnostics=tuple(find(source.text)), sources={PATH: source})

    def relint(sources: object) -> Report:
        assert isinstance(sources, dict)
        texts.append(sources[PATH].text)
        return report(sources[PATH])

    return fix_until_settled(report(make_source(PATH, text.encode(encoding))), relint, allowed), texts


def _words(*words: tuple[str, str]) -> Finder:
    return lambda text: [_finding(text, change) for change in words if change[0] in text]


def test_fixes_that_do_not_touch_each_other_are_made_at_once() -> None:
    fixed, rounds = _run("a = BAD1\nb = BAD2\n", _words(("BAD2", "2"), ("BAD1", "1")))
    assert rounds == ["a = 1\nb = 2\n"]
    assert fixed.sources[PATH].text == "a = 1\nb = 2\n"
    assert len(fixed.fixed) == 2
    assert fixed.diagnostics == ()
    assert [(each.before.text, each.after.text) for each in fixed.changes] == [("a = BAD1\nb = BAD2\n", rounds[-1])]


def test_of_two_that_overlap_the_first_by_place_wins_and_the_other_waits() -> None:
    def find(text: str) -> list[Diagnostic]:
        changes = [(("1 + 2", "3"),), (("x = 1", "y = 1"),)]
        return [_finding(text, *each) for each in changes if all(old in text for old, _ in each)]

    fixed, rounds = _run("x = 1 + 2\n", find)
    assert rounds == ["y = 1 + 2\n", "y = 3\n"]
    assert fixed.sources[PATH].text == "y = 3\n"


def test_a_fix_is_made_whole_or_not_at_all() -> None:
    def find(text: str) -> list[Diagnostic]:
        first = [_finding(text, ("A", "a"))] if "A" in text else []
        second = [_finding(text, ("= A", "= 0"), ("B", "b"))] if "= A" in text and "B" in text else []
        return [*second, *first]

    _, rounds = _run("x = A; y = B\n", find)
    assert rounds == ["x = 0; y = b\n"]


def test_two_insertions_at_one_place_are_made_one_after_the_other() -> None:
    """The import that both fixes bring must not come in twice."""

    def find(text: str) -> list[Diagnostic]:
        brought = () if "import optax" in text else (("", "import optax\n"),)
        return [_finding(text, (word, "optax"), *brought) for word in ("ONE", "TWO") if word in text]

    fixed, rounds = _run("ONE\nTWO\n", find)
    assert rounds == ["import optax\noptax\nTWO\n", "import optax\noptax\noptax\n"]
    assert fixed.notices == ()


@pytest.mark.parametrize(
    ("applicability", "allowed", "applied"),
    [
        (Applicability.SAFE, SAFE, True),
        (Applicability.SAFE, UNSAFE, True),
        (Applicability.UNSAFE, SAFE, False),
        (Applicability.UNSAFE, UNSAFE, True),
        (Applicability.DISPLAY, SAFE, False),
        (Applicability.DISPLAY, UNSAFE, False),
    ],
)
def test_only_allowed_fixes_are_applied(
    applicability: Applicability, allowed: frozenset[Applicability], *, applied: bool
) -> None:
    def find(text: str) -> list[Diagnostic]:
        return [_finding(text, ("BAD", "GOOD"), applicability=applicability)] if "BAD" in text else []

    fixed, _ = _run("BAD\n", find, allowed)
    assert bool(fixed.changes) == applied
    assert len(fixed.diagnostics) == (0 if applied else 1)


def test_without_fixes_nothing_is_linted_again() -> None:
    fixed, rounds = _run("x = 1\n", lambda _: [Diagnostic("NNX801", "n", Level.ERROR, "m", PATH, Span(0, 1))])
    assert (rounds, fixed.changes, len(fixed.diagnostics)) == ([], (), 1)


def test_a_fix_that_breaks_the_file_is_dropped_and_told_and_the_others_are_made() -> None:
    fixed, _ = _run("a = ONE\nb = TWO\nc = THREE\n", _words(("ONE", "1"), ("TWO", "(2"), ("THREE", "3")))
    assert fixed.sources[PATH].text == "a = 1\nb = TWO\nc = 3\n"
    assert len(fixed.fixed) == 2
    [notice] = fixed.notices
    assert notice.startswith(f"{PATH}:2: the fix of NNX801 was not applied")


def test_a_fix_whose_own_edits_overlap_is_dropped() -> None:
    def find(text: str) -> list[Diagnostic]:
        sound = [_finding(text, ("OTHER", "other"))] if "OTHER" in text else []
        return [_finding(text, ("abc", "x"), ("bc", "y")), *sound]

    fixed, _ = _run("abc = OTHER\n", find)
    assert fixed.sources[PATH].text == "abc = other\n"
    assert len(fixed.notices) == 1


def test_a_fix_outside_the_text_is_dropped() -> None:
    fix = Fix("mend", Applicability.SAFE, (Edit(Span(90, 91), "x"),))
    found = Diagnostic("NNX801", "bad", Level.ERROR, "is bad", PATH, Span(0, 1), fix=fix)
    fixed, _ = _run("x = 1\n", lambda _: [found])
    assert fixed.changes == ()
    assert len(fixed.notices) == 1


def test_a_fix_that_the_encoding_cannot_hold_is_dropped() -> None:
    text = "# coding: latin-1\nx = 'BAD'\n"
    fixed, _ = _run(text, _words(("BAD", "→")), encoding="latin-1")
    assert fixed.changes == ()
    assert len(fixed.notices) == 1


def test_fixes_that_never_settle_end_and_are_told() -> None:
    def find(text: str) -> list[Diagnostic]:
        old, new = ("A", "B") if "A" in text else ("B", "A")
        return [_finding(text, (old, new), code="NNX807")]

    fixed, rounds = _run("A\n", find)
    assert len(rounds) == fixer.MAX_ROUNDS
    [notice] = fixed.notices
    assert "did not settle" in notice
    assert "NNX807" in notice


def test_a_chain_as_long_as_the_limit_settles_without_a_notice() -> None:
    def find(text: str) -> list[Diagnostic]:
        count = text.count("x")
        return [_finding(text, (f"n{'x' * count}\n", f"n{'x' * (count + 1)}\n"))] if count < fixer.MAX_ROUNDS else []

    fixed, rounds = _run("n\n", find)
    assert len(rounds) == fixer.MAX_ROUNDS
    assert fixed.notices == ()


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_new_lines_end_as_those_of_the_file(newline: str) -> None:
    text = f"x = BAD{newline}y = 2{newline}"
    fixed, _ = _run(text, _words(("BAD", "[\n    1,\n]")))
    assert fixed.sources[PATH].text == f"x = [{newline}    1,{newline}]{newline}y = 2{newline}"


def test_line_ends_that_were_copied_stay() -> None:
    fixed, _ = _run("x = BAD\r\n", _words(("BAD", "[\r\n1]")))
    assert fixed.sources[PATH].text == "x = [\r\n1]\r\n"


def test_a_warning_of_the_parser_is_nobodys_business(recwarn: pytest.WarningsRecorder) -> None:
    fixed, _ = _run("x = BAD\n", _words(("BAD", r"'\d'")))
    assert fixed.changes
    assert not recwarn.list


def _both(path: Path, data: bytes, new_text: str) -> tuple[Source, Source]:
    path.write_bytes(data)
    before = read_source(path)
    return before, make_source(before.path, new_text.encode())


@pytest.mark.parametrize(
    ("data", "text", "expected"),
    [
        (b"x = 1\n", "y = 1\n", b"y = 1\n"),
        (b"\xef\xbb\xbfx = 1\r\n", "y = 1\r\n", b"\xef\xbb\xbfy = 1\r\n"),
        (b"# coding: latin-1\n'\xdf'\n", "# coding: latin-1\n'ßß'\n", b"# coding: latin-1\n'\xdf\xdf'\n"),
        (b"x = 1\r\ny = 2\nz = 3\x0c\r\n", "a = 1\r\ny = 2\nz = 3\x0c\r\n", b"a = 1\r\ny = 2\nz = 3\x0c\r\n"),
    ],
)
def test_what_was_not_edited_is_written_back_byte_for_byte(
    tmp_path: Path, data: bytes, text: str, expected: bytes
) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(data)
    before = read_source(path)
    write_source(before, Source(before.path, text, before.encoding, before.bom, before.newline, before.lines))
    assert path.read_bytes() == expected
    assert [path.name for path in tmp_path.iterdir()] == ["a.py"]


@pytest.mark.parametrize("mode", [0o644, 0o755, 0o600, 0o664])
def test_the_mode_is_kept(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "a.py"
    pair = _both(path, b"x = 1\n", "y = 1\n")
    path.chmod(mode)
    write_source(*pair)
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_link_stays_and_what_it_leads_to_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    target, link = tmp_path / "real" / "a.py", tmp_path / "link.py"
    target.write_bytes(b"x = 1\n")
    link.symlink_to(target)
    before = read_source(link)
    write_source(before, make_source(before.path, b"y = 1\n"))
    assert link.is_symlink()
    assert target.read_bytes() == b"y = 1\n"


def test_a_failure_half_way_leaves_the_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pair = _both(tmp_path / "a.py", b"x = 1\n", "y = 1\n")

    def fail(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("nnxlint.writing.os.fsync", fail)
    with pytest.raises(NnxlintError, match=r"a\.py: cannot be written: No space left on device"):
        write_source(*pair)
    assert (tmp_path / "a.py").read_bytes() == b"x = 1\n"
    assert [path.name for path in tmp_path.iterdir()] == ["a.py"]


def test_a_read_only_file_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pair = _both(tmp_path / "a.py", b"x = 1\n", "y = 1\n")
    monkeypatch.setattr("nnxlint.writing.os.access", lambda *_: False)  # the superuser may write everything
    with pytest.raises(NnxlintError, match="read-only"):
        write_source(*pair)
    assert (tmp_path / "a.py").read_bytes() == b"x = 1\n"


def test_a_file_that_changed_meanwhile_is_left_alone(tmp_path: Path) -> None:
    pair = _both(tmp_path / "a.py", b"x = 1\n", "y = 1\n")
    (tmp_path / "a.py").write_bytes(b"x = 2\n")
    with pytest.raises(NnxlintError, match="changed while nnxlint was running"):
        write_source(*pair)
    assert (tmp_path / "a.py").read_bytes() == b"x = 2\n"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("a\nb\n", "a\nc\n", ["--- a.py\n", "+++ a.py\n", "@@ -1,2 +1,2 @@\n", " a\n", "-b\n", "+c\n"]),
        ("a\r\n", "b\r\n", ["--- a.py\n", "+++ a.py\n", "@@ -1 +1 @@\n", "-a\r\n", "+b\r\n"]),
        (
            "a",
            "b",
            [
                "--- a.py\n",
                "+++ a.py\n",
                "@@ -1 +1 @@\n",
                "-a\n\\ No newline at end of file\n",
                "+b\n\\ No newline at end of file\n",
            ],
        ),
        ("a\x0cb\u2028\n", "a\x0cc\u2028\n", None),
        ("a\n", "a\n", []),
    ],
)
def test_a_diff_has_the_lines_of_the_file(before: str, after: str, expected: list[str] | None) -> None:
    lines = list(diff_lines(make_source(PATH, before.encode()), make_source(PATH, after.encode()), "a.py"))
    if expected is None:
        assert lines[-2:] == [f"-{before}", f"+{after}"]
    else:
        assert lines == expected
