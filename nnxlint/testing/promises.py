"""What every fixture promises. Each function raises `AssertionError` where a promise is broken."""

import ast
import io
import warnings
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from nnxlint.edits import Applicability
from nnxlint.render.console import make_console
from nnxlint.render.diff import render_diff
from nnxlint.render.rules import fix_of
from nnxlint.render.text import render_text
from nnxlint.testing.bench import Bench
from nnxlint.testing.cases import (
    Case,
    codes_on,
    copied,
    expected_places,
    statements_with,
    with_comments,
    write_changes,
)
from nnxlint.testing.demands import demand, demand_conventional, demand_equal, demand_golden
from nnxlint.testing.notebooks import unwrap, wrap
from nnxlint.testing.transforms import comments, to_crlf, to_spaces, to_tabs


def reports_equal_markers(case: Case, bench: Bench) -> None:
    """What is reported stands where `# expect: CODE` says so, and nowhere else."""
    linted = bench.lint(case)
    demand_equal(linted.report.failures, (), "files that could not be linted")
    demand_equal(linted.places, expected_places(case), "reports and markers")


def good_programs_promise_silence(case: Case, bench: Bench) -> None:
    """A `good.py` has no markers: together with the first promise, all rules are silent on it."""
    del bench
    demand(not case.is_good or not expected_places(case), f"{case.name} has markers")


def output_equals_its_golden(case: Case, bench: Bench) -> None:
    """What users see is what stands in `bad.out`."""
    if case.is_good:
        return
    linted = bench.lint(case)
    text = io.StringIO()
    render_text(linted.report, make_console(text, coloured=False), linted.folder)
    demand_golden(case.folder / "bad.out", text.getvalue(), bless=bench.bless)


def fixes_equal_their_golden(case: Case, bench: Bench) -> None:
    """What the fixes make is what stands in `bad.fixed.py`, of a tree in `bad.diff`."""
    if case.is_good:
        return
    linted = bench.fixed(case)
    if case.files == ("bad.py",):
        demand_golden(case.folder / "bad.fixed.py", linted.texts.get("bad.py"), bless=bench.bless)
    else:
        diff = render_diff(linted.report, linted.folder, coloured=False)
        demand_golden(case.folder / "bad.diff", diff or None, bless=bench.bless)


def fixes_settle(case: Case, bench: Bench) -> None:
    """Fixing a second time changes nothing."""
    first = bench.fixed(case)
    again = bench.lint_copy(case, write_changes(first, bench.fresh()), fix=True)
    demand_equal(again.texts, {}, "what a second fix changes, and nothing")
    demand_equal(again.places, first.places, "reports after a second fix and after the first")
    told = [notice for notice in first.report.notices if "settle" in notice or "break" in notice]
    demand_equal(told, [], "notices")


def fixes_bring_nothing_new(case: Case, bench: Bench) -> None:
    """No fix makes a rule report what was not reported before."""
    before = Counter(code for _, _, code in expected_places(case))
    after = Counter(code for _, _, code in bench.fixed(case).places)
    demand_equal(after - before, Counter(), "new reports and none")


def fixed_files_compile(case: Case, bench: Bench) -> None:
    """What the fixes make is Python."""
    for file, (_, text) in bench.fixed(case).codes.items():
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT if file.endswith(".ipynb") else 0
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(text, file, "exec", flags, dont_inherit=True)


def comments_outside_the_edits_survive(case: Case, bench: Bench) -> None:
    """No comment is lost that a fix did not rewrite."""
    linted = bench.lint(case)
    spans: dict[str, list[tuple[int, int]]] = {}
    for each in linted.report.diagnostics:
        if each.fix is not None and each.fix.applicability is not Applicability.DISPLAY:
            name = Path(each.path).relative_to(linted.folder).as_posix()
            spans.setdefault(name, []).extend((edit.span.start, edit.span.end) for edit in each.fix.edits)
    for file, (before, text) in bench.fixed(case).codes.items():
        lost = Counter(comments(before, spans.get(file, ()))) - Counter(comments(text))
        demand_equal(lost, Counter(), "lost comments and none")


def windows_line_ends_agree(case: Case, bench: Bench) -> None:
    """With the line ends of Windows, reports and fixes are the same."""
    linted, expected = bench.lint(case, to_crlf, fix=True), bench.fixed(case)
    demand_equal(linted.places, expected.places, "reports with the line ends of Windows and with others")
    texts = {file: text.replace("\n", "\r\n") for file, text in expected.texts.items()}
    demand_equal(linted.texts, texts, "fixes with the line ends of Windows and with others")


def tabs_agree(case: Case, bench: Bench) -> None:
    """Indented by tabs, reports and fixes are the same."""
    linted, expected = bench.lint(case, to_tabs, fix=True), bench.fixed(case)
    demand_equal(linted.places, expected.places, "reports with tabs and with spaces")
    texts = {file: to_spaces(text) for file, text in linted.texts.items()}
    demand_equal(texts, expected.texts, "fixes with tabs and with spaces")


def comments_silence_exactly_what_they_mark(case: Case, bench: Bench) -> None:
    """Markers turned into `# nnxlint: ignore[...]`: every second one leaves the others, all leave nothing."""
    if case.notebooks:
        return
    promised = expected_places(case)
    for step in (2, 1):
        silenced = set(sorted({(file, row) for file, row, _ in promised})[::step])
        folder = copied(case, bench.fresh())
        for file in case.modules:
            rows = {row: codes_on(promised, file, row) for name, row in silenced if name == file}
            path = folder / file
            path.write_bytes(with_comments(path.read_bytes().decode(), rows).encode())
        found = bench.lint_copy(case, folder).places
        left = {place for place in promised if place[:2] not in silenced}
        demand(set(found) <= left, f"reported although a comment silences it: {set(found) - left}")
        near = silenced | statements_with(case, silenced)
        demand_equal(
            [place for place in found if place[:2] not in near],
            [place for place in promised if place[:2] not in near],
            "reports beside the comments and markers",
        )


def notebooks_agree(case: Case, bench: Bench) -> None:
    """In the cells of a notebook, the program of a rule has the same reports and fixes."""
    if len(case.files) != 1 or case.notebooks:
        return
    wrapped = wrap((case.folder / case.files[0]).read_text(encoding="utf-8"))
    folder = bench.fresh()
    (folder / "code.ipynb").write_bytes(wrapped.data)
    linted = bench.lint_copy(case, folder)
    found = sorted((wrapped.row(name, row), code) for name, row, code in linted.places)
    expected = [(row, code) for _, row, code in bench.lint(case).places]
    demand_equal(found, expected, "reports in a notebook and in a module")
    mended = [unwrap(text) for text in bench.lint_copy(case, folder, fix=True).texts.values()]
    demand_equal(mended, list(bench.fixed(case).texts.values()), "fixes in a notebook and in a module")


def fixes_are_as_safe_as_promised(case: Case, bench: Bench) -> None:
    """A fix is safe where the contract of its rule is, and unsafe where that is."""
    promised: Mapping[str, str | None] = {rule.code: fix_of(rule.contract) for rule in bench.rules}
    for each in bench.lint(case).report.diagnostics:
        if each.fix is not None and each.fix.applicability is not Applicability.DISPLAY:
            demand_equal(each.fix.applicability.value, promised[each.code], f"the fix of {each.code} and its contract")


def messages_keep_to_the_conventions(case: Case, bench: Bench) -> None:
    """Messages start in lower case or with a name, have no full stop, and fit in a line."""
    for each in bench.lint(case).report.diagnostics:
        lines = [each.message, *(related.message for related in each.related)]
        lines += [each.fix.message] if each.fix else []
        for line in lines:
            demand_conventional(line, fits=True)
        if each.reason:
            demand_conventional(each.reason, fits=False)
        if each.fix:
            verb = each.fix.message.split()[0]
            demand(verb.isalpha() and verb.islower(), f"a fix starts with a verb: {each.fix.message}")
            demand(not verb.endswith(("ing", "ed")), f"a fix tells what to do: {each.fix.message}")


PROMISES = (
    reports_equal_markers,
    good_programs_promise_silence,
    output_equals_its_golden,
    fixes_equal_their_golden,
    fixes_settle,
    fixes_bring_nothing_new,
    fixed_files_compile,
    comments_outside_the_edits_survive,
    windows_line_ends_agree,
    tabs_agree,
    comments_silence_exactly_what_they_mark,
    notebooks_agree,
    fixes_are_as_safe_as_promised,
    messages_keep_to_the_conventions,
)
"""All of them: each takes a case and a bench."""
