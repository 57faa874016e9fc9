"""SARIF 2.1.0: results with their fixes, the rules with their pages, and how the run went."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath
from urllib.parse import quote

import msgspec

from nnxlint import __version__
from nnxlint.diagnostic import Diagnostic, Related
from nnxlint.render.documents import json_document
from nnxlint.render.places import Place, locate
from nnxlint.render.sarif_rules import rule_descriptor
from nnxlint.render.sarif_schema import (
    ArtifactChange,
    ArtifactLocation,
    Content,
    Invocation,
    Location,
    Log,
    LogicalLocation,
    Message,
    Notification,
    PhysicalLocation,
    Properties,
    Region,
    Replacement,
    ReportingDescriptor,
    Result,
    SarifFix,
    SarifRun,
    Tool,
    ToolComponent,
)
from nnxlint.render.stored import Finding, findings, locate_stored, named_findings, stored_edits
from nnxlint.render.view import View
from nnxlint.report import Report
from nnxlint.spans import Position

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT = "%SRCROOT%"
_FINGERPRINT = "nnxlintFinding/v1"


def sarif_report(view: View) -> str:
    """Give the document of one run."""
    return json_document(Log(schema=_SCHEMA, version="2.1.0", runs=(_run(view),)))


def _run(view: View) -> SarifRun:
    rules = tuple(_descriptors(view))
    places = {rule.id: index for index, rule in enumerate(rules)}
    known = named_findings(view.report, view.root)
    base = ArtifactLocation(description=Message(text="The root of the repository that was linted."))
    return SarifRun(
        tool=Tool(driver=ToolComponent(name="nnxlint", version=__version__, semantic_version=__version__, rules=rules)),
        invocations=(_invocation(view.report),),
        original_uri_base_ids={_ROOT: base},
        newline_sequences=("\r\n", "\n", "\r"),
        column_kind="unicodeCodePoints",
        results=tuple(_result(view, each, known, places) for each in findings(view.report, view.root, known=True)),
    )


def _descriptors(view: View) -> Iterator[ReportingDescriptor]:
    """Tell of the rules that report something; who found nothing need not load them."""
    found = {each.code for each in (*view.report.diagnostics, *(view.report.known or ()))}
    return (rule_descriptor(rule) for rule in (view.rules() if found else ()) if rule.code in found)


def _invocation(report: Report) -> Invocation:
    notes = [
        *(Notification(level="error", message=Message(text=each)) for each in report.failures),
        *(
            Notification(level="error", message=Message(text=f"{each.culprit} crashed\n{each.traceback}"))
            for each in report.crashes
        ),
        *(Notification(level="warning", message=Message(text=each)) for each in report.notices),
    ]
    successful = not (report.failures or report.crashes)
    return Invocation(execution_successful=successful, tool_execution_notifications=tuple(notes))


def _result(view: View, finding: Finding, known: Mapping[Diagnostic, str], places: Mapping[str, int]) -> Result:
    diagnostic = finding.diagnostic
    return Result(
        rule_id=diagnostic.code,
        rule_index=places.get(diagnostic.code),
        level=diagnostic.level.value,
        message=Message(text=_sentences(diagnostic)),
        locations=(_location(view, finding.stored, finding.shown),),
        partial_fingerprints={_FINGERPRINT: known[diagnostic]},
        baseline_state=_baseline_state(view.report, diagnostic),
        related_locations=tuple(
            _related(view, each, number) for number, each in enumerate(diagnostic.related, start=1)
        ),
        fixes=tuple(_fixes(view, finding)),
        properties=_verdict(view.report, diagnostic),
    )


def _baseline_state(report: Report, diagnostic: Diagnostic) -> str | None:
    if report.known is None:
        return None
    return "unchanged" if diagnostic in report.known else "new"


def _verdict(report: Report, diagnostic: Diagnostic) -> Properties | None:
    """Tell what running the code said of the fix, where that was asked."""
    verified = report.verdicts.get(diagnostic)
    return None if verified is None else {"verify": {"verdict": verified.verdict, "reason": verified.reason}}


def _sentences(diagnostic: Diagnostic) -> str:
    reason = f" Why: {diagnostic.reason}." if diagnostic.reason else ""
    return f"{diagnostic.message}.{reason}"


def _related(view: View, related: Related, number: int) -> Location:
    where = (view.report.sources, related.path, related.span, view.root)
    located = _location(view, locate_stored(*where), locate(*where))
    return msgspec.structs.replace(located, id=number, message=Message(text=related.message))


def _fixes(view: View, finding: Finding) -> Iterator[SarifFix]:
    fix, source = finding.diagnostic.fix, view.report.sources.get(finding.diagnostic.path)
    edits = stored_edits(source, fix.edits) if fix and source else ()
    if fix is None or not edits:
        return
    replacements = tuple(
        Replacement(deleted_region=_region(each.start, each.end), inserted_content=Content(text=each.content))
        for each in edits
    )
    change = ArtifactChange(artifact_location=_artifact(view, finding.stored.filename), replacements=replacements)
    yield SarifFix(
        description=Message(text=fix.message),
        artifact_changes=(change,),
        properties={"applicability": fix.applicability.value},
    )


def _location(view: View, stored: Place, shown: Place) -> Location:
    physical = PhysicalLocation(
        artifact_location=_artifact(view, stored.filename), region=_region(stored.start, stored.end)
    )
    return Location(physical_location=physical, logical_locations=tuple(_cells(shown)))


def _cells(shown: Place) -> Iterator[LogicalLocation]:
    if shown.cell is not None:
        name = f"cell {shown.cell}"
        within: Properties = {"cell": shown.cell, "line": shown.start.row, "column": shown.start.column}
        yield LogicalLocation(
            name=name, fully_qualified_name=f"{shown.filename}:{name}", kind="module", properties=within
        )


def _region(start: Position, end: Position) -> Region:
    return Region(start_line=start.row, start_column=start.column, end_line=end.row, end_column=end.column)


def _artifact(view: View, filename: str) -> ArtifactLocation:
    """Name a file below the root by its path there, any other one by its own address."""
    if PurePath(filename).is_absolute() or filename.startswith("../"):
        return ArtifactLocation(uri=Path(os.path.normpath(view.root / filename)).as_uri())
    return ArtifactLocation(uri=quote(filename), uri_base_id=_ROOT)
