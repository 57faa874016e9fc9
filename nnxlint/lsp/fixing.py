"""Fixes of a file made until none is left, as edits of the text that is open."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from nnxlint.edits import Applicability, Edit
from nnxlint.fixer import fix_until_settled, fixable
from nnxlint.lsp.analysis import Analysis, FileFindings
from nnxlint.lsp.moving import replacements
from nnxlint.report import Report
from nnxlint.source import Source, encode_source
from nnxlint.spans import Span


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which fixes: those that may be applied, of these rules; of all where `codes` is None."""

    allowed: frozenset[Applicability]
    codes: Collection[str] | None = None

    def of(self, findings: FileFindings) -> FileFindings:
        """Give the findings whose fixes are wanted."""
        return replace(findings, diagnostics=tuple(each for each in findings.diagnostics if self._holds(each.code)))

    def any_in(self, findings: FileFindings) -> bool:
        """Tell whether there is anything to fix."""
        return any(fixable(each, self.allowed) for each in self.of(findings).diagnostics)

    def _holds(self, code: str) -> bool:
        return self.codes is None or code in self.codes


def settled_edits(analysis: Analysis, path: str, findings: FileFindings, wanted: Wanted) -> tuple[Edit, ...]:
    """Give the edits that all wanted fixes make of a file, and those of what is found after them."""
    if findings.source is None:
        return ()
    source = findings.source

    def relint(sources: Mapping[str, Source]) -> Report:
        analysis.update(path, encode_source(sources[path], sources[path].content))
        return _report(sources[path], wanted.of(analysis.file_findings(path)))

    try:
        settled = fix_until_settled(_report(source, wanted.of(findings)), relint, wanted.allowed)
    finally:
        analysis.update(path, encode_source(source, source.content))
    return tuple(edit for change in settled.changes for edit in changes(source, change.after))


def _report(source: Source, findings: FileFindings) -> Report:
    return Report(diagnostics=findings.diagnostics, sources={source.path: source})


def changes(before: Source, after: Source) -> Iterator[Edit]:
    """Give the difference; of a notebook, within each of its cells."""
    if before.notebook is None or after.notebook is None:
        yield from difference(before.text, after.text)
        return
    for old, new in zip(before.notebook.cells, after.notebook.cells, strict=True):
        start = old.span.start
        for edit in difference(before.notebook.code(old), after.notebook.code(new)):
            yield Edit(Span(start + edit.span.start, start + edit.span.end), edit.content)


def difference(before: str, after: str) -> Iterator[Edit]:
    """Give the edits that make one text of another."""
    grown = 0
    for each in replacements(before, after):
        start = each.span.start + grown
        yield Edit(each.span, after[start : start + each.length])
        grown += each.length - (each.span.end - each.span.start)
