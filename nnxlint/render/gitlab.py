"""GitLab's Code Quality report: a list of issues, each with a fingerprint by which the merge request knows it again."""

import msgspec

from nnxlint.diagnostic import Level
from nnxlint.render.documents import json_document
from nnxlint.render.stored import Finding, findings, named_findings
from nnxlint.render.view import View

_SEVERITIES = {Level.ERROR: "major", Level.WARNING: "minor"}


class Lines(msgspec.Struct, frozen=True):
    """The first and the last line."""

    begin: int
    end: int


class Location(msgspec.Struct, frozen=True):
    """Where an issue is; the path starts at the root of the repository."""

    path: str
    lines: Lines


class Issue(msgspec.Struct, frozen=True):
    """One finding."""

    description: str
    check_name: str
    fingerprint: str
    severity: str
    location: Location


def gitlab_report(view: View) -> str:
    """Give the list of issues; it is empty where nothing was found."""
    known = named_findings(view.report, view.root)
    issues = [_issue(each, known[each.diagnostic]) for each in findings(view.report, view.root)]
    return json_document(issues)


def _issue(finding: Finding, fingerprint: str) -> Issue:
    place, diagnostic = finding.stored, finding.diagnostic
    return Issue(
        description=f"{diagnostic.code}: {finding.title}",
        check_name=diagnostic.name,
        fingerprint=fingerprint,
        severity=_SEVERITIES[diagnostic.level],
        location=Location(place.filename, Lines(place.start.row, place.end.row)),
    )
