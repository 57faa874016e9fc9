"""The parsable format of pylint, which flake8 and many readers of build logs know: `path:line: [CODE] message`."""

from nnxlint.render.places import one_line
from nnxlint.render.stored import findings
from nnxlint.render.view import View


def pylint_report(view: View) -> str:
    """Give one line a finding."""
    return "".join(
        f"{one_line(each.stored.filename)}:{each.stored.start.row}: [{each.diagnostic.code}] {one_line(each.title)}\n"
        for each in findings(view.report, view.directory)
    )
