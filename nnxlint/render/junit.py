"""JUnit XML, as servers read it that show test reports: a file is a suite, a finding a test that failed."""

from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from xml.etree import ElementTree as ET

from nnxlint.render.stored import Finding, findings
from nnxlint.render.summary import summary
from nnxlint.render.view import View

_NAME = "nnxlint"
_TAB, _LINE_FEED, _RETURN = "\t\n\r"


def junit_report(view: View) -> str:
    """Give the test report; where there is nothing to tell of, it holds one test that passed."""
    root = ET.Element("testsuites", name=_NAME)
    for filename, group in groupby(findings(view.report, view.root), key=lambda each: each.stored.filename):
        _add_file(root, filename, tuple(group))
    if view.report.failures:
        _add_failures(root, view.report.failures)
    if not len(root):
        suite = _suite(root, _NAME, 1)
        ET.SubElement(suite, "testcase", name=summary(view.report), classname=_NAME)
    for key in ("tests", "failures", "errors"):
        root.set(key, str(sum(int(suite.get(key, "0")) for suite in root)))
    ET.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _add_file(root: ET.Element, filename: str, found: Sequence[Finding]) -> None:
    name = _xml(filename)
    suite = _suite(root, name, len(found), failures=len(found))
    suite.set("file", name)
    seen: Counter[str] = Counter()
    for each in found:
        diagnostic = each.diagnostic
        seen[diagnostic.code] += 1
        # No line in the name: by it, servers know the test of the last run again.
        number = f" #{seen[diagnostic.code]}" if seen[diagnostic.code] > 1 else ""
        case = ET.SubElement(
            suite,
            "testcase",
            name=f"{diagnostic.code} {diagnostic.name}{number}",
            classname=name,
        )
        failure = ET.SubElement(case, "failure", message=_xml(each.title), type=diagnostic.level.value)
        failure.text = _xml(f"{each.shown}: {diagnostic.code} " + "\n".join(each.lines))


def _add_failures(root: ET.Element, failures: Sequence[str]) -> None:
    suite = _suite(root, _NAME, len(failures), errors=len(failures))
    for number, each in enumerate(failures, start=1):
        case = ET.SubElement(suite, "testcase", name=f"could not be done #{number}", classname=_NAME)
        ET.SubElement(case, "error", message=_xml(each), type="error").text = _xml(each)


def _suite(root: ET.Element, name: str, tests: int, failures: int = 0, errors: int = 0) -> ET.Element:
    counts = {"tests": str(tests), "failures": str(failures), "errors": str(errors)}
    return ET.SubElement(root, "testsuite", {"name": name, **counts})


def _xml(text: str) -> str:
    """Escape the characters that XML cannot hold, however they are written."""
    return "".join(each if _allowed(each) else each.encode("unicode_escape").decode() for each in text)


def _allowed(character: str) -> bool:
    return (
        " " <= character <= "\ud7ff"
        or "\ue000" <= character <= "\ufffd"
        or character >= "\U00010000"
        or character in (_TAB, _LINE_FEED, _RETURN)
    )
